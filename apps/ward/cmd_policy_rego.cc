#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "apps/ward/commands.h"
#include "apps/ward/policy_rego.h"
#include "args/args.h"
#include "base/text.h"
#include "codec/json_write.h"
#include "server/files.h"

// ward policy check of policies in Rego, and ward policy test.
namespace ward::cli {
namespace {

using codec::JsonWriter;
using policy::rego::Contract;
using policy::rego::LoadError;
using policy::rego::Policy;

constexpr std::size_t kMaxCasesBytes = 16U << 20U;

struct Loaded {
  std::optional<Policy> policy;
  LoadError error;
};

std::vector<std::string> contracts(const Policy& policy) {
  std::vector<std::string> out;
  for (const Contract one : {Contract::kTrustClaims, Contract::kTrustRules, Contract::kRelease}) {
    if (policy.keeps(one)) out.emplace_back(to_text(one));
  }
  return out;
}

std::string described(const Policy& policy) {
  const auto line = [](const char* what, const std::vector<std::string>& names) {
    return std::string("  ") + what + (names.empty() ? "none" : for_terminal(join(names))) + "\n";
  };
  return for_terminal(policy.file()) + ": valid\n  contract  " + join(contracts(policy)) +
         "\n  syntax    " + policy.syntax() + "\n" + line("rules     ", policy.rules()) +
         line("built-ins ", policy.builtins());
}

void add_names(JsonWriter& out, std::string_view name, const std::vector<std::string>& names) {
  out.name(name).begin_array();
  for (const auto& one : names) {
    out.value(one);
  }
  out.end_array();
}

void add_loaded(JsonWriter& out, const Loaded& one) {
  out.begin_object();
  if (one.policy) {
    out.member("file", for_terminal(one.policy->file())).member("valid", true);
    out.member("syntax", one.policy->syntax());
    add_names(out, "contracts", contracts(*one.policy));
    add_names(out, "rules", one.policy->rules());
    add_names(out, "builtins", one.policy->builtins());
  } else {
    out.member("file", for_terminal(one.error.file)).member("valid", false);
    out.name("errors").begin_array();
    for (const auto& fault : one.error.faults) {
      out.begin_object().member("line", fault.line).member("column", fault.column);
      out.member("message", fault.expected).end_object();
    }
    out.end_array();
  }
  out.end_object();
}

int exit_of(const LoadError& error) {
  return error.code == Errc::kMalformed ? kUsage : kCouldNotTell;
}

// A line each fault.
int tell(const LoadError& error) {
  const std::string_view hint =
      error.code == Errc::kUnsupported ? "`./run build` fetches what the engine needs" : "";
  LoadError one = {.code = error.code, .file = error.file, .faults = {}};
  for (const auto& fault : error.faults) {
    one.faults = {fault};
    (void)fail(exit_of(error), to_text(one), hint);
  }
  return exit_of(error);
}

int tell_json(const std::vector<Loaded>& all) {
  JsonWriter out(JsonWriter::Style::kPretty);
  out.begin_object().member("schema", "ward.rego-check/1").name("policies").begin_array();
  for (const Loaded& one : all) {
    add_loaded(out, one);
  }
  const auto text = out.end_array().end_object().take();
  if (!text) return fail(kUsage, "the policy's names are not UTF-8");
  return print(*text + "\n");
}

struct TestOptions {
  std::string file;
  bool json = false;
};

// A difference is several lines: what was got names the conditions.
std::string indented(const std::string& why) {
  std::string out;
  std::size_t begin = 0;
  while (begin < why.size()) {
    const std::size_t end = std::min(why.find('\n', begin), why.size());
    out += "        " + for_terminal(why.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return out;
}

int test(const TestOptions& options) {
  const auto text = server::read_file(options.file, kMaxCasesBytes);
  if (!text) return own_file_failure(options.file, text.error());
  const auto cases = parse_policy_cases(*text);
  if (!cases) return fail(kUsage, options.file + ": " + to_text(cases.error()));
  const auto folder = std::filesystem::path(options.file).parent_path();
  const auto policy = load_rego((folder / cases->policy).string());
  if (!policy) return policy.error();
  std::size_t failed = 0;
  std::string told;
  JsonWriter out(JsonWriter::Style::kPretty);
  out.begin_object().member("schema", "ward.policy-test/1").name("cases").begin_array();
  for (const PolicyCase& one : cases->cases) {
    const std::string why = difference(*policy, one);
    if (!why.empty()) ++failed;
    told += (why.empty() ? "ok      " : "FAILED  ") + for_terminal(one.name) + "\n" + indented(why);
    out.begin_object().member("name", one.name).member("passed", why.empty());
    if (!why.empty()) out.member("difference", why);
    out.end_object();
  }
  const std::size_t passed = cases->cases.size() - failed;
  const auto json = out.end_array()
                        .member("passed", std::uint64_t{passed})
                        .member("failed", std::uint64_t{failed})
                        .end_object()
                        .take();
  told += std::to_string(passed) + " passed, " + std::to_string(failed) + " failed\n";
  const int said = print(options.json && json ? *json + "\n" : told);
  if (said != kAccepted) return said;
  return failed == 0 ? kAccepted : kRefused;
}

}  // namespace

bool is_rego(std::string_view file) { return file.ends_with(".rego"); }

Result<Policy, int> load_rego(const std::string& file) {
  const auto text = server::read_file(file, policy::rego::kMaxPolicyBytes);
  if (!text) return own_file_failure(file, text.error());
  auto policy = Policy::load(as_text(*text), file);
  if (!policy) return tell(policy.error());
  return *std::move(policy);
}

int check_rego(const std::vector<std::string>& files, bool json) {
  std::vector<Loaded> all;
  for (const auto& file : files) {
    const auto text = server::read_file(file, policy::rego::kMaxPolicyBytes);
    if (!text) return own_file_failure(file, text.error());
    auto policy = Policy::load(as_text(*text), file);
    if (!policy && policy.error().code != Errc::kMalformed) return tell(policy.error());
    if (policy) {
      all.push_back({.policy = *std::move(policy), .error = {}});
    } else {
      all.push_back({.policy = std::nullopt, .error = policy.error()});
    }
  }
  int exit = kAccepted;
  if (json) exit = tell_json(all);
  for (const Loaded& one : all) {
    if (!one.policy) {
      exit = tell(one.error);
    } else if (!json) {
      const int said = print(described(*one.policy));
      if (said != kAccepted) return said;
    }
  }
  return exit;
}

void add_policy_test(args::Command& policy, Action& action) {
  args::Command* c = policy.add_subcommand(
      "test", "ask a policy in Rego the cases of a file, and print where it answers otherwise");
  const auto options = std::make_shared<TestOptions>();
  c->add_option("FILE", options->file, "cases, JSON (docs/policies.md)")->required();
  c->add_flag("--json", options->json, "print one JSON object");
  c->callback([options, &action] { action = [options] { return test(*options); }; });
}

}  // namespace ward::cli
