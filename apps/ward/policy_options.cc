#include "apps/ward/policy_options.h"

#include <algorithm>
#include <utility>

#include "apps/ward/cli.h"
#include "apps/ward/input.h"
#include "args/args.h"
#include "base/text.h"
#include "tee/all.h"

namespace ward::cli {
namespace {

using attest::Demands;
using attest::Policy;

constexpr std::size_t kMaxChipList = 64U << 20U;  // octets of the file of --chips

// FIELD and VALUE of "tdx.td_attributes.sept_ve_disable=true": the value is all that stands behind
// the first sign.
Result<std::pair<std::string, std::string>, Usage> split(const char* option,
                                                         const std::string& text) {
  const auto sign = text.find('=');
  if (sign == std::string::npos) {
    return Usage{std::string(option) + ": no value: " + text, "write FIELD=VALUE"};
  }
  return std::pair(text.substr(0, sign), text.substr(sign + 1));
}

Result<void, Usage> add_fields(const PolicyOptions& options, const Demands& demands,
                               Policy& policy) {
  for (const std::string& text : options.accept_value) {
    WARD_TRY(const auto named, split(kDemandOptions.accept_value, text));
    WARD_CHECK_OK(demands.accept_value(named.first, named.second, policy));
  }
  for (const std::string& text : options.refuse_value) {
    WARD_TRY(const auto named, split(kDemandOptions.refuse_value, text));
    WARD_CHECK_OK(demands.refuse_value(named.first, named.second, policy));
  }
  for (const std::string& text : options.min_value) {
    WARD_TRY(const auto named, split(kDemandOptions.min_value, text));
    WARD_CHECK_OK(demands.min_value(named.first, named.second, policy));
  }
  return {};
}

// The TEEs with a check of this name: "sgx, tdx".
std::string tees_with(std::string_view ending) {
  std::vector<std::string> out;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    const attest::SchemeInfo info = scheme->info();
    const bool has = std::ranges::any_of(info.checks, [&](const attest::CheckInfo& check) {
      return check.id == std::string(info.name).append(ending);
    });
    if (has) out.emplace_back(info.name);
  }
  return join(out);
}

Usage no_day(const std::string& option, const std::string& text) {
  return {option + ": no date: " + text, "write 2026-12-31, or 2026-12-31T12:00:00Z"};
}

// ADVISORY until DATE: a date is meant up to its end.
Result<void, Usage> add_tolerated(const std::vector<std::string>& words, const Demands& demands,
                                  Policy& policy) {
  const std::string option = kDemandOptions.tolerate;
  for (std::size_t i = 0; i + 2 < words.size(); i += 3) {
    if (words[i + 1] != "until") {
      return Usage{option + ": no end: " + words[i] + " " + words[i + 1],
                   "write " + option +
                       " INTEL-SA-00615 until 2026-12-31: nothing is tolerated "
                       "for ever"};
    }
    const auto until = end_of_day(words[i + 2]);
    if (!until) return no_day(option, words[i + 2]);
    WARD_CHECK_OK(demands.tolerate(words[i], *until, policy));
  }
  return {};
}

Result<void, Usage> add_demands(const PolicyOptions& o, const Demands& demands, Policy& policy) {
  WARD_CHECK_OK(add_fields(o, demands, policy));
  for (const std::string& status : o.accept_tcb) {
    WARD_CHECK_OK(demands.accept_tcb(status, policy));
  }
  WARD_CHECK_OK(add_tolerated(o.tolerate, demands, policy));
  for (const std::string& product : o.refuse_product) {
    WARD_CHECK_OK(demands.refuse_product(product, policy));
  }
  if (o.min_tcb_date.empty()) return {};
  policy.min_tcb_date = parse_day(o.min_tcb_date);
  if (!policy.min_tcb_date) return no_day(kDemandOptions.min_tcb_date, o.min_tcb_date);
  return {};
}

bool says_nothing(const PolicyOptions& o) {
  return o.accept_tcb.empty() && o.accept_value.empty() && o.refuse_value.empty() &&
         o.min_value.empty() && o.tolerate.empty() && o.refuse_product.empty() && o.chips.empty() &&
         o.min_tcb_date.empty() && !o.min_tcb_evaluation && !o.allow_debug && !o.allow_development;
}

}  // namespace

void add_policy_options(args::Command& c, PolicyOptions& o) {
  c.add_option("--accept-tcb", o.accept_tcb,
               "TCB statuses to accept beside UpToDate, or any (Intel)")
      ->delimiter(',');
  c.add_option("--tolerate", o.tolerate,
               "ADVISORY until DATE: accept other statuses where their advisories are all "
               "tolerated; may be given again. Give --min-tcb-evaluation, too: older documents "
               "name fewer (Intel)")
      ->values_each(3)
      ->type_name("ADVISORY until DATE");
  c.add_option("--min-tcb-date", o.min_tcb_date,
               "least date of the TCB level that the platform reaches (Intel)");
  c.add_option("--min-tcb-evaluation", o.min_tcb_evaluation,
               "least tcbEvaluationDataNumber of the TCB documents (Intel)");
  c.add_option("--refuse-product", o.refuse_product,
               "a product that is refused, by its name or an FMSPC (" +
                   tees_with(".product.accepted") + "); may be given again")
      ->allow_extra_args(false);
  c.add_option(
      "--chips", o.chips,
      "a file with the chips that are accepted, one a line in hex, as `ward verify --json` "
      "prints them: CHIP_ID, PPID, platform instance id, a key's digest (" +
          tees_with(".chip.accepted") + ")");
  c.add_option("--accept-value", o.accept_value,
               "FIELD=VALUE: an accepted value of a field; may be given again");
  c.add_option("--refuse-value", o.refuse_value,
               "FIELD=VALUE: a value of a field that is refused; may be given again");
  c.add_option("--min-value", o.min_value,
               "FIELD=VALUE: the least value of a field (a number, a version) that is accepted");
  c.add_flag("--require-crl", o.require_crl,
             "undetermined, too, where the maker's revocation list is optional and not given "
             "(SEV-SNP)");
  c.add_flag("--allow-debug", o.allow_debug, "accept workloads in debug mode");
  c.add_flag("--allow-development", o.allow_development, "accept development platforms");
}

Result<Policy, int> make_policy(const PolicyOptions& o, const Demands& demands) {
  Policy policy;
  if (!says_nothing(o)) policy.name = "command line";
  if (auto added = add_demands(o, demands, policy); !added) {
    return fail(kUsage, added.error().what, added.error().hint);
  }
  if (!o.chips.empty()) {
    const auto list = read_text(o.chips, kMaxChipList);
    if (!list) return own_file_failure(o.chips, list.error(), "--chips takes a file");
    if (auto added = demands.chips(*list, policy); !added) {
      return fail(kUsage, o.chips + ": " + added.error().what, added.error().hint);
    }
  }
  policy.require_revocation = o.require_crl;
  policy.allow_debug = o.allow_debug;
  policy.allow_development = o.allow_development;
  policy.min_tcb_evaluation = o.min_tcb_evaluation;
  return policy;
}

}  // namespace ward::cli
