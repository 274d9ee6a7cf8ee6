#include <memory>
#include <string>

#include "apps/ward/commands.h"
#include "args/args.h"
#include "attest/scheme.h"
#include "broker/trust_rules.h"
#include "codec/json_write.h"
#include "tee/all.h"

// ward policy default: what evidence is judged by where nobody says otherwise, and what a result
// says of what was accepted. The READMEs below tee/ hold the tables that it prints.
namespace ward::cli {
namespace {

std::string markdown(const attest::SchemeInfo& info) {
  std::string out = "| line | default | why |\n|---|---|---|\n";
  for (const attest::PolicyLine& line : info.default_policy) {
    out += "| `" + std::string(line.line) + "` | " + line.value + " | " + line.why + " |\n";
  }
  out += "\n| claim of the result | value | when | why |\n|---|---|---|---|\n";
  for (const broker::TrustRule& rule : broker::trust_rules()) {
    out += "| `" + std::string(rule.claim) + "` | " + std::to_string(rule.value) + " | " +
           rule.when + " | " + rule.why + " |\n";
  }
  return out;
}

std::string json(const attest::SchemeInfo& info) {
  codec::JsonWriter out(codec::JsonWriter::Style::kPretty);
  out.begin_object().member("schema", "ward.policy-default/1").member("tee", info.name);
  out.name("policy").begin_array();
  for (const attest::PolicyLine& line : info.default_policy) {
    out.begin_object().member("line", line.line).member("value", line.value);
    out.member("why", line.why).end_object();
  }
  out.end_array().name("result").begin_array();
  for (const broker::TrustRule& rule : broker::trust_rules()) {
    out.begin_object().member("claim", rule.claim);
    out.member("value", std::int64_t{rule.value});
    out.member("tier", token::to_text(token::tier_of(rule.value)));
    out.member("when", rule.when).member("why", rule.why).end_object();
  }
  return *out.end_array().end_object().take() + "\n";
}

}  // namespace

void add_policy_default(args::Command& policy, Action& action) {
  args::Command* c = policy.add_subcommand(
      "default", "what evidence is judged by where no policy says otherwise (Markdown)");
  std::vector<std::string> names;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    names.emplace_back(scheme->info().name);
  }
  const auto tee = std::make_shared<std::string>();
  const auto as_json = std::make_shared<bool>(false);
  c->add_option("--tee", *tee, "whose evidence")->required()->one_of(names);
  c->add_flag("--json", *as_json, "print one JSON object");
  c->callback([&action, tee, as_json] {
    action = [tee, as_json] {
      for (const attest::Scheme* scheme : tee::all_schemes()) {
        const attest::SchemeInfo info = scheme->info();
        if (*tee == info.name) return print(*as_json ? json(info) : markdown(info));
      }
      return fail(kUsage, "--tee: no such TEE: " + *tee);
    };
  });
}

}  // namespace ward::cli
