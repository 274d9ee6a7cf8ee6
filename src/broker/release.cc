#include "broker/release.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "broker/checks.h"

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

  [[nodiscard]] std::vector<attest::Check> take() { return std::move(checks_); }

 private:
  std::string from_;
  std::vector<attest::Check> checks_;
};

void compare_identity(Decision& decision, const ReleaseRule& rule, const Facts& facts) {
  const bool workload =
      std::any_of(rule.workloads.begin(), rule.workloads.end(),
                  [&](const Buffer& digest) { return carries_digest(facts.workload, digest); });
  decision.add(CheckId::kReleaseWorkload, workload, hex_or_none(facts.workload),
               joined(rule.workloads));
  decision.add(CheckId::kReleaseRuntime, among(rule.runtimes, facts.runtime),
               hex_or_none(facts.runtime), joined(rule.runtimes));
  if (rule.signers) {
    decision.add(CheckId::kReleaseSigner, among(*rule.signers, facts.signer),
                 hex_or_none(facts.signer), joined(*rule.signers));
  }
}

void compare_platform(Decision& decision, const ReleaseRule& rule, const Facts& facts) {
  const auto& accepted = rule.accepted_tcb;
  const bool tcb = facts.tcb_status &&
                   std::find(accepted.begin(), accepted.end(), *facts.tcb_status) != accepted.end();
  decision.add(CheckId::kReleaseTcb, tcb, facts.tcb_status.value_or("no matching level"),
               joined(accepted));
  // A platform that does not say is treated as one that is in debug mode.
  const bool debug = facts.debug.value_or(true);
  decision.add(CheckId::kReleaseDebug, !debug || rule.allow_debug, debug ? "true" : "false",
               rule.allow_debug ? "any" : "false");
  decision.add(CheckId::kReleaseDevelopment, !facts.development || rule.allow_development,
               facts.development ? "true" : "false", rule.allow_development ? "any" : "false");
}

}  // namespace

DeclarativePolicy::DeclarativePolicy(ResultsPolicy policy, std::string from)
    : policy_(std::move(policy)), from_(std::move(from)) {}

std::vector<attest::Check> DeclarativePolicy::decide(std::string_view type_and_tag,
                                                     const Facts& facts) const {
  Decision decision(from_);
  const ReleaseRule* rule = policy_.rule_for(type_and_tag);
  decision.add(CheckId::kReleaseRule, rule != nullptr, std::string(type_and_tag),
               "a rule that names the resource");
  if (rule != nullptr) {
    compare_identity(decision, *rule, facts);
    compare_platform(decision, *rule, facts);
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
