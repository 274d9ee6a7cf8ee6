#include "attest/policy_check.h"

#include <algorithm>

#include "base/text.h"

namespace ward::attest {
namespace {

// Revoked is never acceptable, whatever a policy lists.
bool acceptable(const Policy& policy, const std::string& status) {
  if (status == "Revoked") return false;
  return policy.accept_any_tcb || std::ranges::count(policy.accepted_tcb, status) > 0;
}

// Whether the advisories decide instead of the status: it is not accepted, and names some. Of a TEE
// without a check of them nothing is tolerated.
bool by_advisories(const Findings& findings, const Policy& policy) {
  const Tcb& tcb = findings.tcb;
  return findings.facts.tcb_advisories_check != nullptr && !policy.tolerated.empty() &&
         !acceptable(policy, *tcb.status) && *tcb.status != "Revoked" && !tcb.advisories.empty();
}

// What of one part is not tolerated at that time.
void add_untolerated(const TcbPart& part, const Policy& policy, UnixTime at,
                     std::vector<std::string>& out) {
  if (part.advisories.empty()) {
    out.push_back(part.name + ": " + part.status + " without an advisory");
    return;
  }
  for (const std::string& advisory : part.advisories) {
    const auto tolerated = policy.tolerated.find(advisory);
    std::string text = advisory;
    if (tolerated != policy.tolerated.end()) {
      if (at <= tolerated->second) continue;
      text += " (tolerated until " + format_rfc3339(tolerated->second) + ")";
    }
    if (std::ranges::count(out, text) == 0) out.push_back(std::move(text));
  }
}

Check judge_advisories(const Findings& findings, const Policy& policy, UnixTime at) {
  const CheckInfo* info = findings.facts.tcb_advisories_check;
  std::vector<std::string> named;
  for (const auto& [advisory, until] : policy.tolerated)
    named.push_back(advisory + " until " + format_rfc3339(until));
  const std::string expected = "an accepted status, or no advisory but " + join(named);
  const Tcb& tcb = findings.tcb;
  if (!findings.facts.tcb_matched || !tcb.status) return policy_blocked(info, expected, policy);
  if (acceptable(policy, *tcb.status)) {
    return policy_check(info, true, "status " + *tcb.status + ", which is accepted", expected,
                        policy);
  }
  if (!by_advisories(findings, policy)) return policy_blocked(info, expected, policy);
  std::vector<std::string> untolerated;
  bool any = false;
  for (const TcbPart& part : tcb.parts) {
    if (acceptable(policy, part.status)) continue;
    any = true;
    add_untolerated(part, policy, at, untolerated);
  }
  if (!any) untolerated.push_back("status " + *tcb.status + " of no part");
  const bool passed = untolerated.empty();
  return policy_check(info, passed, join(passed ? tcb.advisories : untolerated), expected, policy);
}

Check judge_status(const Findings& findings, const Policy& policy) {
  const CheckInfo* info = findings.facts.tcb_status_check;
  std::string expected =
      policy.accept_any_tcb ? "any status but Revoked" : join(policy.accepted_tcb);
  if (!policy.tolerated.empty()) expected += ", or another whose advisories are tolerated";
  const Tcb& tcb = findings.tcb;
  if (!findings.facts.tcb_matched || !tcb.status) return policy_blocked(info, expected, policy);
  const bool passed = acceptable(policy, *tcb.status) || by_advisories(findings, policy);
  return policy_check(info, passed, *tcb.status, expected, policy);
}

// Ids of fields of different sizes may be on one list; a shorter one is filled with zeros.
bool names_chip(Bytes listed, Bytes chip) {
  return !listed.empty() && listed.size() <= chip.size() &&
         equal(listed, chip.first(listed.size())) && all_zero(chip.subspan(listed.size()));
}

Check judge_product(const Facts& facts, const Policy& policy) {
  const std::string expected = "not " + join(policy.refused_products);
  if (facts.products.empty()) return policy_blocked(facts.product_check, expected, policy);
  const bool refused = std::ranges::any_of(facts.products, [&](const std::string& product) {
    return std::ranges::any_of(policy.refused_products,
                               [&](const std::string& word) { return same_word(product, word); });
  });
  return policy_check(facts.product_check, !refused, join(facts.products), expected, policy);
}

Check judge_chip(const Findings& findings, const Policy& policy) {
  const Facts& facts = findings.facts;
  const std::string expected = "one of " + std::to_string(policy.chips->size()) + " listed chips";
  if (facts.chips.empty()) {
    // Genuine evidence that does not say which chip it comes from; else something else is wrong.
    return verdict_of(findings.checks) == Verdict::kAccepted
               ? policy_absent(facts.chip_check, expected + "; no certificate states the chip",
                               policy)
               : policy_blocked(facts.chip_check, expected, policy);
  }
  std::vector<std::string> found;
  bool listed = false;
  for (const Buffer& chip : facts.chips) {
    found.push_back(to_hex(chip));
    listed = listed || std::ranges::any_of(
                           *policy.chips, [&](const Buffer& one) { return names_chip(one, chip); });
  }
  return policy_check(facts.chip_check, listed, join(found), expected, policy);
}

}  // namespace

Check policy_check(const CheckInfo* info, bool passed, std::string found, std::string expected,
                   const Policy& policy) {
  return {.info = info,
          .outcome = settle(*info, passed ? Outcome::kPassed : Outcome::kFailed),
          .found = std::move(found),
          .expected = std::move(expected),
          .origin = Origin::kPolicy,
          .expected_from = policy.name};
}

Check policy_blocked(const CheckInfo* info, std::string expected, const Policy& policy) {
  return {.info = info,
          .not_done = NotDone::kBlocked,
          .expected = std::move(expected),
          .origin = Origin::kPolicy,
          .expected_from = policy.name};
}

Check policy_absent(const CheckInfo* info, std::string expected, const Policy& policy) {
  Check out = policy_blocked(info, std::move(expected), policy);
  out.outcome = settle(*info, Outcome::kNotDone);
  out.not_done = out.outcome == Outcome::kNotDone ? NotDone::kAbsent : NotDone::kNone;
  return out;
}

void judge_tcb(const Findings& findings, const Policy& policy, UnixTime at,
               std::vector<Check>& out) {
  const Facts& facts = findings.facts;
  const Tcb& tcb = findings.tcb;
  if (facts.tcb_status_check != nullptr) out.push_back(judge_status(findings, policy));
  if (facts.tcb_advisories_check != nullptr && !policy.tolerated.empty()) {
    out.push_back(judge_advisories(findings, policy, at));
  }
  if (facts.tcb_date_check != nullptr && policy.min_tcb_date) {
    const std::string expected = "not before " + format_rfc3339(*policy.min_tcb_date);
    out.push_back(tcb.date ? policy_check(facts.tcb_date_check, *tcb.date >= *policy.min_tcb_date,
                                          format_rfc3339(*tcb.date), expected, policy)
                           : policy_blocked(facts.tcb_date_check, expected, policy));
  }
  if (facts.tcb_evaluation_check != nullptr && policy.min_tcb_evaluation) {
    const std::string expected = "at least " + std::to_string(*policy.min_tcb_evaluation);
    const auto& number = tcb.evaluation_number;
    out.push_back(number ? policy_check(facts.tcb_evaluation_check,
                                        *number >= *policy.min_tcb_evaluation,
                                        std::to_string(*number), expected, policy)
                         : policy_blocked(facts.tcb_evaluation_check, expected, policy));
  }
}

void warn_of_exceptions(const Tcb& tcb, const Policy& policy, std::vector<std::string>& out) {
  if (!tcb.status || *tcb.status == Policy{}.accepted_tcb.front()) return;
  const std::string open =
      tcb.advisories.empty() ? "" : "; the platform is open to " + join(tcb.advisories);
  if (acceptable(policy, *tcb.status)) {
    out.push_back("its TCB status is " + *tcb.status + ", which is accepted" + open);
    return;
  }
  std::optional<UnixTime> end;
  for (const std::string& advisory : tcb.advisories) {
    const auto tolerated = policy.tolerated.find(advisory);
    if (tolerated == policy.tolerated.end()) continue;
    end = std::min(end.value_or(tolerated->second), tolerated->second);
  }
  out.push_back("its TCB status is " + *tcb.status + ", of which all advisories are tolerated" +
                (end ? ", the first until " + format_rfc3339(*end) : "") + open);
}

void judge_platform(const Findings& findings, const Policy& policy, std::vector<Check>& out) {
  const Facts& facts = findings.facts;
  if (facts.product_check != nullptr && !policy.refused_products.empty()) {
    out.push_back(judge_product(facts, policy));
  }
  if (facts.chip_check != nullptr && policy.chips) out.push_back(judge_chip(findings, policy));
}

}  // namespace ward::attest
