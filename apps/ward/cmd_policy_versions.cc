#include <cstdint>
#include <memory>
#include <string>

#include "apps/ward/admin_client.h"
#include "apps/ward/commands.h"
#include "apps/ward/policy_file.h"
#include "apps/ward/policy_rego.h"
#include "args/args.h"
#include "base/text.h"
#include "broker/policy.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "server/files.h"

// ward policy history|rollback, and policies in Rego as a running wardd takes them.
namespace ward::cli {
namespace {

using codec::JsonValue;
using codec::JsonWriter;
using policy::rego::Contract;

struct Options : AdminOptions {
  std::string kind;
  std::string repository;
  std::uint64_t to = 0;
  std::optional<std::uint64_t> if_version;
};

// rego_text reads a file that keeps a contract; `rule` names what it must have otherwise.
Result<std::string, int> rego_text(const std::string& path, bool results) {
  const auto policy = load_rego(path);
  if (!policy) return policy.error();
  const bool keeps =
      results ? policy->keeps(Contract::kRelease)
              : policy->keeps(Contract::kTrustClaims) || policy->keeps(Contract::kTrustRules);
  if (!keeps) {
    return fail(kUsage, path + (results ? ": no rule `allow`, which a policy for results answers by"
                                        : ": no rule `trust_claims`, nor `executables` and the "
                                          "like, which a policy for evidence answers by"));
  }
  const auto text = server::read_file(path, broker::kMaxPolicyBytes);
  if (!text) return own_file_failure(path, text.error());
  return std::string(as_text(*text));
}

Result<Buffer, int> written(JsonWriter& w) {
  const auto text = w.take();
  if (!text) return fail(kUsage, "the policy is not UTF-8");
  return to_buffer(as_bytes(*text));
}

void write_texts(JsonWriter& w, std::string_view name, const std::vector<std::string>& texts) {
  w.name(name).begin_array();
  for (const std::string& text : texts) {
    w.string(text);
  }
  w.end_array();
}

int history(const Options& options) {
  const auto place = policy_place(options.kind, options.repository);
  if (!place) return place.error();
  const AdminReply reply = administer(options, {"GET", *place + "/versions", {}});
  if (reply.exit != kAccepted) return reply.exit;
  if (options.json) return print(std::string(as_text(reply.body)) + '\n');
  const auto body = codec::parse_json(reply.body);
  const JsonValue* versions = body ? body->find("versions") : nullptr;
  if (versions == nullptr) return fail(kCouldNotTell, "the server's answer cannot be read");
  std::string out;
  for (const JsonValue& one : versions->items()) {
    const auto text = [&](std::string_view name) {
      const JsonValue* value = one.find(name);
      return for_terminal(value != nullptr ? value->as_string().value_or("") : "");
    };
    const JsonValue* number = one.find("version");
    const JsonValue* in_force = one.find("in_force");
    if (number == nullptr || in_force == nullptr) {
      return fail(kCouldNotTell, "the server's answer cannot be read");
    }
    out += "version " + std::to_string(number->as_uint().value_or(0)) + "  " + text("time") +
           "  by " + text("actor") + "  sha256 " + text("sha256").substr(0, 16) +
           (in_force->as_bool().value_or(false) ? "  in force\n" : "\n");
  }
  return print(out);
}

int rollback(const Options& options) {
  const auto place = policy_place(options.kind, options.repository);
  if (!place) return place.error();
  const std::string body = "{\"version\":" + std::to_string(options.to) + "}";
  const AdminReply reply = administer(
      options, {"POST", *place + "/rollback", as_bytes(body), version_headers(options.if_version)});
  return reply.exit == kAccepted ? print_version(reply.body, options.json) : reply.exit;
}

}  // namespace

Result<Buffer, int> read_rego_results(const std::string& path, const RegoRule& rule) {
  WARD_TRY(const std::string text, rego_text(path, true));
  JsonWriter w(JsonWriter::Style::kPretty);
  w.begin_object().member("schema", broker::kResultsSchema).name("releases").begin_array();
  w.begin_object();
  write_texts(w, "resources",
              rule.resources.empty() ? std::vector<std::string>{"*"} : rule.resources);
  if (!rule.accepted_tcb.empty()) write_texts(w, "accepted_tcb", rule.accepted_tcb);
  if (rule.allow_debug) w.member("allow_debug", true);
  if (rule.allow_development) w.member("allow_development", true);
  w.member("rego", text).end_object().end_array().end_object();
  WARD_TRY(Buffer policy, written(w));
  if (const auto parsed = broker::parse_results_policy(policy); !parsed) {
    return fail(kUsage, to_text(parsed.error()));
  }
  return policy;
}

Result<Buffer, int> read_rego_evidence(const std::string& path) {
  WARD_TRY(const std::string text, rego_text(path, false));
  return to_buffer(as_bytes(text));
}

void add_policy_versions(args::Command& policy, Action& action) {
  const auto o = std::make_shared<Options>();
  args::Command* history_app = policy.add_subcommand(
      "history", "the versions of a policy that the service keeps, the newest first");
  args::Command* rollback_app = policy.add_subcommand(
      "rollback", "put an earlier version into force again, as a new one; prints its number");
  for (args::Command* one : {history_app, rollback_app}) {
    one->add_option("--for", o->kind, "evidence or results")
        ->required()
        ->one_of({"evidence", "results"});
    one->add_option("--repository", o->repository,
                    "whose results policy; *: of all without their own");
    add_admin_options(*one, *o);
  }
  rollback_app->add_option("--if-version", o->if_version, "only over this version in force");
  rollback_app->add_option("--to", o->to, "the version, of those that `history` prints")
      ->required();
  history_app->callback([o, &action] { action = [o] { return history(*o); }; });
  rollback_app->callback([o, &action] { action = [o] { return rollback(*o); }; });
}

}  // namespace ward::cli
