#include "broker/release.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "broker/checks.h"
#include "codec/json_write.h"

namespace ward::broker {
namespace {

std::string joined(const std::vector<Buffer>& values) {
  std::string out;
  for (const Buffer& value : values) {
    out += (out.empty() ? "" : " or ") + to_hex(value);
  }
  return out.empty() ? "nothing (the list is empty)" : out;
}

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) {
    out += (out.empty() ? "" : " or ") + value;
  }
  return out.empty() ? "nothing (the list is empty)" : out;
}

bool among(const std::vector<Buffer>& values, const Buffer& one) {
  return std::find(values.begin(), values.end(), one) != values.end();
}

std::string hex_or_none(const Buffer& value) { return value.empty() ? "none" : to_hex(value); }

// Decision collects the checks of one release.
class Decision {
 public:
  explicit Decision(std::string from) : from_(std::move(from)) {}

  void add(CheckId id, bool passed, std::string found, std::string expected) {
    checks_.push_back({.info = &check_info(id),
                       .outcome = passed ? attest::Outcome::kPassed : attest::Outcome::kFailed,
                       .not_done = attest::NotDone::kNone,
                       .found = std::move(found),
                       .expected = std::move(expected),
                       .origin = attest::Origin::kPolicy,
                       .expected_from = from_});
  }

  // add_undone is for what could not be told.
  void add_undone(CheckId id, std::string found, std::string expected) {
    add(id, false, std::move(found), std::move(expected));
    checks_.back().outcome = attest::Outcome::kNotDone;
    checks_.back().not_done = attest::NotDone::kAbsent;
  }

  [[nodiscard]] bool all_passed() const { return failed_of(checks_).empty(); }

  [[nodiscard]] std::vector<attest::Check> take() { return std::move(checks_); }

 private:
  std::string from_;
  std::vector<attest::Check> checks_;
};

void compare_identity(Decision& decision, const ReleaseRule& rule, const Facts& facts) {
  if (rule.workloads) {
    const bool workload = std::ranges::any_of(*rule.workloads, [&](const Buffer& digest) {
      return carries_digest(facts.workload, digest);
    });
    decision.add(CheckId::kReleaseWorkload, workload, hex_or_none(facts.workload),
                 joined(*rule.workloads));
  }
  if (rule.runtimes) {
    decision.add(CheckId::kReleaseRuntime, among(*rule.runtimes, facts.runtime),
                 hex_or_none(facts.runtime), joined(*rule.runtimes));
  }
  if (rule.signers) {
    decision.add(CheckId::kReleaseSigner, among(*rule.signers, facts.signer),
                 hex_or_none(facts.signer), joined(*rule.signers));
  }
}

void compare_platform(Decision& decision, const ReleaseRule& rule, const Facts& facts) {
  if (rule.accepted_tcb) {
    const auto& accepted = *rule.accepted_tcb;
    const bool tcb =
        facts.tcb_status && std::ranges::find(accepted, *facts.tcb_status) != accepted.end();
    decision.add(CheckId::kReleaseTcb, tcb, facts.tcb_status.value_or("no matching level"),
                 joined(accepted));
  }
  // A platform that does not say is treated as one that is in debug mode.
  const bool debug = facts.debug.value_or(true);
  decision.add(CheckId::kReleaseDebug, !debug || rule.allow_debug, debug ? "true" : "false",
               rule.allow_debug ? "any" : "false");
  decision.add(CheckId::kReleaseDevelopment, !facts.development || rule.allow_development,
               facts.development ? "true" : "false", rule.allow_development ? "any" : "false");
}

// data_of is what Trustee's policies find below `data`.
std::string data_of(std::string_view path) {
  codec::JsonWriter w;
  w.begin_object().member("plugin", "resource").member("resource-path", path);
  w.name("query").begin_object().end_object().end_object();
  auto text = w.take();
  return text ? *std::move(text) : std::string("{}");
}

void ask_rego(Decision& decision, const std::string& text, const RegoEngine* engine,
              const ReleaseRequest& request) {
  const std::string data = data_of(request.path);
  const Result<void, RegoRefusal> allowed =
      engine == nullptr
          ? RegoRefusal{.undetermined = true, .reason = "this service has no engine for Rego"}
          : engine->allow(text, {.input = request.claims,
                                 .data = data,
                                 .reference_values = {},
                                 .now = request.now});
  constexpr const char* kExpected = "allow is true";
  if (allowed) return decision.add(CheckId::kReleaseRego, true, kExpected, kExpected);
  const RegoRefusal& refusal = allowed.error();
  if (refusal.undetermined) {
    return decision.add_undone(CheckId::kReleaseRego, refusal.reason, kExpected);
  }
  decision.add(CheckId::kReleaseRego, false, refusal.reason, kExpected);
}

}  // namespace

std::vector<attest::Check> decide_release(const ReleasePolicy& by, const ReleaseRequest& request) {
  Decision decision(by.from);
  const std::string_view name = request.path.substr(request.path.find('/') + 1);
  const ReleaseRule* rule = by.policy.rule_for(name);
  decision.add(CheckId::kReleaseRule, rule != nullptr, std::string(name),
               "a rule that names the resource");
  if (rule == nullptr) return decision.take();
  compare_identity(decision, *rule, request.facts);
  compare_platform(decision, *rule, request.facts);
  if (!rule->rego.empty() && decision.all_passed()) {
    ask_rego(decision, rule->rego, by.rego, request);
  }
  return decision.take();
}

std::vector<attest::Check> failed_of(const std::vector<attest::Check>& checks) {
  std::vector<attest::Check> out;
  std::copy_if(checks.begin(), checks.end(), std::back_inserter(out),
               [](const attest::Check& c) { return c.outcome != attest::Outcome::kPassed; });
  return out;
}

}  // namespace ward::broker
