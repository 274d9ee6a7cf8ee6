#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/ward/appraisal_text.h"
#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "apps/ward/evidence_input.h"
#include "apps/ward/evidence_kind.h"
#include "apps/ward/input.h"
#include "apps/ward/policy_options.h"
#include "args/args.h"
#include "attest/appraisal_json.h"
#include "attest/demands.h"
#include "tee/all.h"
#include "verifier/verifier.h"

namespace ward::cli {
namespace {

struct Options {
  std::string file;
  std::vector<std::string> collateral;
  std::string at;
  std::string report_data;
  std::vector<std::string> measurements;
  std::vector<std::string> workloads;
  std::string trust_root;
  PolicyOptions policy;
  bool explain = false;
  bool json = false;
};

// Field is a field of the evidence with which an option is compared.
struct Field {
  const char* option;
  std::string name;      // "the report data of sgx"
  std::size_t size = 0;  // in octets; 0: not fixed
};

Result<attest::Expected, Usage> expected_values(const std::vector<std::string>& texts,
                                                const Field& field) {
  if (texts.empty()) return attest::Expected(attest::Unchecked{});
  std::vector<Buffer> values;
  for (const std::string& text : texts) {
    WARD_TRY(Buffer value, hex_value(field.option, text, field.size, field.name));
    values.push_back(std::move(value));
  }
  return attest::Expected(std::move(values));
}

Result<attest::Expectations, Usage> expectations(const Options& o, const attest::Scheme& scheme) {
  attest::Expectations out;
  const std::vector<std::string> data =
      o.report_data.empty() ? std::vector<std::string>{} : std::vector{o.report_data};
  const attest::SchemeInfo info = scheme.info();
  const std::string of = std::string(" of ") + info.name;
  WARD_TRY(out.report_data, expected_values(data, {.option = "--report-data",
                                                   .name = "the report data" + of,
                                                   .size = info.report_data_size}));
  WARD_TRY(out.measurement, expected_values(o.measurements, {.option = "--measurement",
                                                             .name = "the measurement" + of,
                                                             .size = info.measurement_size}));
  WARD_TRY(out.workload, expected_values(o.workloads, {.option = "--workload",
                                                       .name = "the workload field" + of,
                                                       .size = info.workload_size}));
  return out;
}

int exit_code(attest::Verdict verdict) {
  switch (verdict) {
    case attest::Verdict::kAccepted:
      return kAccepted;
    case attest::Verdict::kRefused:
      return kRefused;
    case attest::Verdict::kUndetermined:
      return kCouldNotTell;
  }
  return kRefused;
}

int print(const Options& o, const attest::Appraisal& appraisal) {
  std::string text;
  if (o.json) {
    codec::JsonWriter writer(codec::JsonWriter::Style::kPretty);
    attest::write_appraisal(writer, appraisal);
    auto taken = writer.take();
    if (!taken) return fail(kCouldNotTell, error_text(taken.error()));
    text = *std::move(taken) + "\n";
  } else {
    text = o.explain ? explain_text(appraisal) : short_text(appraisal);
  }
  const int printed = cli::print(text);
  return printed == kAccepted ? exit_code(appraisal.verdict) : printed;
}

int usage(const Usage& u) { return fail(kUsage, u.what, u.hint); }

int run(const Options& o) {
  const auto at = o.at.empty() ? std::optional(system_now()) : parse_rfc3339(o.at);
  if (!at) return not_a_time("--at", o.at);
  const attest::Demands demands(tee::all_schemes(), kDemandOptions);
  auto policy = make_policy(o.policy, demands);
  if (!policy) return policy.error();
  auto roots = named_roots(o.trust_root);
  if (!roots) return roots.error();
  const auto evidence = read_evidence(o.file);
  if (!evidence) return evidence.error();

  const verifier::Verifier verifier(tee::all_schemes(), *std::move(roots), *std::move(policy));
  const attest::Scheme* scheme = judge_of(*evidence);
  if (scheme == nullptr) return no_judge(o.file, *evidence);
  if (const auto wrong = demands.misplaced(*scheme, verifier.policy())) return usage(*wrong);
  auto expected = expectations(o, *scheme);
  if (!expected) return usage(expected.error());
  const auto collateral = read_all_collateral(o.collateral);
  if (!collateral) return collateral.error();
  const auto appraisal = verifier.appraise({.evidence = *evidence,
                                            .collateral = *collateral,
                                            .now = *at,
                                            .expected = *std::move(expected)});
  if (!appraisal) return fail(kCouldNotTell, error_text(appraisal.error()));
  return print(o, *appraisal);
}

}  // namespace

void add_verify(args::Command& app, Action& action) {
  auto o = std::make_shared<Options>();
  args::Command* c = app.add_subcommand(
      "verify", "appraise evidence: is it genuine, current, and what you expect?");
  c->add_option("FILE", o->file, "evidence, as the platform made it; - is standard input")
      ->required();
  c->add_option(
       "--collateral", o->collateral,
       "a file, or a folder with any mixture of documents, event logs included; may be given "
       "again")
      ->allow_extra_args(false);
  c->add_option("--at", o->at, "appraise as of this time (RFC 3339, UTC); now if not given");
  c->add_option("--report-data", o->report_data, "the whole report data that you expect, in hex");
  c->add_option("--measurement", o->measurements,
                "an accepted launch measurement, in hex; may be given again");
  c->add_option(
      "--workload", o->workloads,
      "an accepted workload field (CONFIGID, MRCONFIGID, HOST_DATA), in hex; may be given again");
  c->add_option("--trust-root", o->trust_root, "PEM file with roots of development platforms");
  add_policy_options(*c, o->policy);
  auto* explain = c->add_flag("--explain", o->explain, "show every check");
  c->add_flag("--json", o->json, "print the appraisal as JSON (ward.appraisal/1)")
      ->excludes(explain);
  c->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace ward::cli
