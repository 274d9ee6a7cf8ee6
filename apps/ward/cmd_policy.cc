#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "apps/ward/admin_client.h"
#include "apps/ward/commands.h"
#include "apps/ward/policy_file.h"
#include "apps/ward/policy_rego.h"
#include "apps/ward/tcb_statuses.h"
#include "args/args.h"
#include "broker/facts.h"
#include "broker/policy.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "server/files.h"
#include "tee/all.h"

// ward policy check|set|get|list: the two policies of a running wardd.
namespace ward::cli {
namespace {

struct Options : AdminOptions {
  std::vector<std::string> files;  // of check
  std::string file;                // of set
  std::string kind;                // "evidence" or "results"
  std::string repository;
  std::optional<std::uint64_t> version;     // of get
  std::optional<std::uint64_t> if_version;  // of set
  std::string device_class;                 // of set, of Rego for evidence
  RegoRule rule;                            // of set, of Rego for results
};

// parse_as returns what is wrong with a policy of this kind, nullopt where nothing is.
std::optional<Diag> parse_as(const std::string& kind, Bytes text) {
  if (kind == "evidence") {
    const auto policy = broker::parse_evidence_policy(text, attest::all_fields(tee::all_schemes()));
    return policy ? std::nullopt : std::optional(policy.error());
  }
  const auto policy = broker::parse_results_policy(text);
  return policy ? std::nullopt : std::optional(policy.error());
}

// strange_status is a word of accepted_tcb that no TEE of this build has: it would accept nothing.
std::optional<std::string> strange_status(const std::string& kind, Bytes text) {
  std::vector<std::string> words;
  if (kind == "evidence") {
    const auto parsed = broker::parse_evidence_policy(text, attest::all_fields(tee::all_schemes()));
    words = parsed->policy.accepted_tcb;
  } else {
    const auto parsed = broker::parse_results_policy(text);
    for (const broker::ReleaseRule& rule : parsed->rules) {
      if (!rule.accepted_tcb) continue;
      words.insert(words.end(), rule.accepted_tcb->begin(), rule.accepted_tcb->end());
    }
    std::erase(words, broker::kNoTcbStatus);
  }
  const auto strange = std::ranges::find_if_not(words, known_status);
  return strange == words.end() ? std::nullopt : std::optional(*strange);
}

// kind_of is what --for says a policy in JSON is of, else what its schema says.
Result<std::string, int> kind_of(const Options& options, const std::string& file) {
  if (!options.kind.empty()) return options.kind;
  const auto text = server::read_file(file, broker::kMaxPolicyBytes);
  if (!text) return own_file_failure(file, text.error());
  const auto json = codec::parse_json(*text, {.max_bytes = broker::kMaxPolicyBytes});
  if (!json) return fail(kUsage, file + ": " + to_text(json.error()));
  const codec::JsonValue* schema = json->find("schema");
  const auto name = schema != nullptr ? schema->as_string() : std::nullopt;
  if (name == broker::kEvidenceSchema) return std::string("evidence");
  if (name == broker::kResultsSchema) return std::string("results");
  return fail(kUsage, file + ": schema: expected \"" + std::string(broker::kEvidenceSchema) +
                          "\" or \"" + std::string(broker::kResultsSchema) + "\"");
}

int check(const Options& options) {
  if (std::ranges::all_of(options.files, [](const auto& file) { return is_rego(file); })) {
    if (options.kind.empty()) return check_rego(options.files, options.json);
    return fail(kUsage, "--for goes with policies in JSON; a *.rego file says itself what it is");
  }
  if (std::ranges::any_of(options.files, [](const auto& file) { return is_rego(file); })) {
    return fail(kUsage, "policies in JSON and in Rego are checked one kind at a time");
  }
  for (const std::string& file : options.files) {
    WARD_TRY(const std::string kind, kind_of(options, file));
    const auto text = read_policy(kind, file);
    if (!text) return text.error();
  }
  return print(options.json ? "{\"schema\":\"ward.policy-check/1\",\"valid\":true}\n" : "valid\n");
}

int rule_without_rego() {
  return fail(kUsage, "--resource and what a rule allows go with a *.rego file for results",
              "a policy in JSON says them itself, also that for evidence; Rego then goes into it");
}

// Rego for evidence changes one class of devices' policy, and leaves the rest as it is.
int set_rego_evidence(const Options& options, const std::string& place) {
  if (options.rule.given()) return rule_without_rego();
  const auto text = read_rego_evidence(options.file);
  if (!text) return text.error();
  const std::string device = options.device_class.empty() ? "cpu" : options.device_class;
  const AdminReply reply = administer(
      options, {"POST", place + "/rego/" + device, *text, version_headers(options.if_version)});
  return reply.exit == kAccepted ? print_version(reply.body, options.json) : reply.exit;
}

int set(const Options& options) {
  const auto place = policy_place(options.kind, options.repository);
  if (!place) return place.error();
  if (is_rego(options.file) && options.kind == "evidence") {
    return set_rego_evidence(options, *place);
  }
  if (!options.device_class.empty()) {
    return fail(kUsage, "--class goes with a *.rego file for evidence");
  }
  const auto text = read_candidate(options.kind, options.file, options.rule);
  if (!text) return text.error();
  const AdminReply reply =
      administer(options, {"POST", *place, *text, version_headers(options.if_version)});
  return reply.exit == kAccepted ? print_version(reply.body, options.json) : reply.exit;
}

int get(const Options& options) {
  const auto place = policy_place(options.kind, options.repository);
  if (!place) return place.error();
  const std::string version =
      options.version ? "?version=" + std::to_string(*options.version) : std::string();
  const AdminReply reply = administer(options, {"GET", *place + version, {}});
  if (reply.exit != kAccepted) return reply.exit;
  return print(as_text(reply.body));
}

int list(const Options& options) {
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.policies/1").name("policies").begin_array();
  std::string lines;
  const int done = list_all(options, "/v1/policies", [&](const codec::JsonValue& page) {
    if (!copy_items(page, "policies", w)) return false;
    for (const auto& one : page.find("policies")->items()) {
      const auto* kind = one.find("for");
      const auto* repository = one.find("repository");
      const auto* version = one.find("version");
      if (kind == nullptr || version == nullptr || !kind->as_string()) return false;
      const std::string where =
          repository != nullptr ? " " + std::string(repository->as_string().value_or("")) : "";
      lines += std::string(*kind->as_string()) + where + " version " +
               std::to_string(version->as_uint().value_or(0)) + '\n';
    }
    return true;
  });
  if (done != kAccepted) return done;
  if (!options.json) return print(lines);
  const auto text = w.end_array().end_object().take();
  return text ? print(*text + '\n') : fail(kCouldNotTell, error_text(text.error()));
}

}  // namespace

Result<std::string, int> policy_place(const std::string& kind, const std::string& repository) {
  const bool evidence = kind == "evidence";
  if (evidence != repository.empty()) {
    return fail(kUsage, "--repository goes with --for results, and only with it");
  }
  return std::string("/v1/policy/") + (evidence ? "evidence" : "results/" + repository);
}

std::vector<protocol::Header> version_headers(std::optional<std::uint64_t> version) {
  if (!version) return {};
  if (*version == 0) return {{"If-None-Match", "*"}};
  return {{"If-Match", "\"" + std::to_string(*version) + "\""}};
}

int print_version(Bytes reply, bool json) {
  const auto body = codec::parse_json(reply);
  const auto* version = body ? body->find("version") : nullptr;
  const auto number = version != nullptr ? version->as_uint() : std::nullopt;
  if (!number) return fail(kCouldNotTell, "the server's answer cannot be read");
  const std::string text = std::to_string(*number);
  return print(json ? "{\"schema\":\"ward.policy/1\",\"version\":" + text + "}\n"
                    : "version " + text + "\n");
}

void add_rego_options(args::Command& command, RegoRule& rule) {
  command.add_option("--resource", rule.resources, "of Rego for results: type/tag (otherwise all)");
  command.add_option("--accept-tcb", rule.accepted_tcb,
                     "of Rego for results: a TCB status (otherwise the policy judges)");
  command.add_flag("--allow-debug", rule.allow_debug, "of Rego for results: release to debug mode");
  command.add_flag("--allow-development", rule.allow_development,
                   "of Rego for results: release to development platforms");
}

Result<Buffer, int> read_candidate(const std::string& kind, const std::string& path,
                                   const RegoRule& rule) {
  if (is_rego(path) && kind == "results") return read_rego_results(path, rule);
  if (rule.given()) return rule_without_rego();
  return read_policy(kind, path);
}

Result<Buffer, int> read_policy(const std::string& kind, const std::string& path) {
  auto text = server::read_file(path, broker::kMaxPolicyBytes);
  if (!text) return own_file_failure(path, text.error());
  if (const auto wrong = parse_as(kind, *text)) {
    return fail(kUsage, path + ": " + to_text(*wrong));
  }
  if (const auto status = strange_status(kind, *text)) {
    return fail(kUsage, path + ": accepted_tcb: no TCB status: " + *status, known_statuses());
  }
  return *std::move(text);
}

void add_policy(args::Command& app, Action& action) {
  args::Command* group = app.add_subcommand(
      "policy", "what evidence is good (the verifier's owner), and who gets what (owners)");
  group->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* help, int (*run)(const Options&)) {
    args::Command* one = group->add_subcommand(name, help);
    one->callback([options, &action, run] { action = [options, run] { return run(*options); }; });
    return one;
  };
  const auto add_kind = [&](args::Command& one) {
    return one.add_option("--for", options->kind, "evidence or results")
        ->one_of({"evidence", "results"});
  };
  args::Command* check_app = add("check", "check policies' form, without a server", check);
  check_app->add_option("FILE", options->files, "policies, JSON or *.rego")->required();
  check_app->add_option("--for", options->kind, "evidence or results (otherwise its schema says)")
      ->one_of({"evidence", "results"});
  check_app->add_flag("--json", options->json, "print one JSON object");
  args::Command* set_app = add("set", "put a policy into force; prints its version", set);
  set_app->add_option("FILE", options->file, "policy, JSON or *.rego")->required();
  set_app
      ->add_option("--class", options->device_class,
                   "of Rego for evidence: whose (otherwise cpu, the first device)")
      ->one_of({"cpu", "gpu", "switch"});
  add_rego_options(*set_app, options->rule);
  args::Command* get_app = add("get", "print a policy as it was set", get);
  set_app->add_option("--if-version", options->if_version,
                      "only over this version in force; 0: only where none is");
  get_app->add_option("--version", options->version, "not the one in force: one of `history`");
  for (args::Command* one : {set_app, get_app}) {
    add_kind(*one)->required();
    one->add_option("--repository", options->repository,
                    "whose results policy; *: of all without their own");
    add_admin_options(*one, *options);
  }
  add_policy_default(*group, action);
  add_policy_versions(*group, action);
  add_policy_replay(*group, action);
  add_policy_test(*group, action);
  args::Command* list_app = add("list", "the policies in force, and their versions", list);
  add_admin_options(*list_app, *options);
}

}  // namespace ward::cli
