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

void judge_advisories(const Findings& findings, UnixTime at, const PolicyChecks& out) {
  const Policy& policy = out.policy();
  const CheckInfo* info = findings.facts.tcb_advisories_check;
  std::vector<std::string> named;
  for (const auto& [advisory, until] : policy.tolerated) {
    named.push_back(advisory + " until " + format_rfc3339(until));
  }
  const std::string expected = "an accepted status, or no advisory but " + join(named);
  const Tcb& tcb = findings.tcb;
  if (!findings.facts.tcb_matched || !tcb.status) return out.blocked(info, expected);
  if (acceptable(policy, *tcb.status)) {
    return out.decided(info, true, "status " + *tcb.status + ", which is accepted", expected);
  }
  if (!by_advisories(findings, policy)) return out.blocked(info, expected);
  std::vector<std::string> untolerated;
  bool any = false;
  for (const TcbPart& part : tcb.parts) {
    if (acceptable(policy, part.status)) continue;
    any = true;
    add_untolerated(part, policy, at, untolerated);
  }
  if (!any) untolerated.push_back("status " + *tcb.status + " of no part");
  const bool passed = untolerated.empty();
  out.decided(info, passed, join(passed ? tcb.advisories : untolerated), expected);
}

void judge_status(const Findings& findings, const PolicyChecks& out) {
  const Policy& policy = out.policy();
  const CheckInfo* info = findings.facts.tcb_status_check;
  std::string expected =
      policy.accept_any_tcb ? "any status but Revoked" : join(policy.accepted_tcb);
  if (!policy.tolerated.empty()) expected += ", or another whose advisories are tolerated";
  const Tcb& tcb = findings.tcb;
  if (!findings.facts.tcb_matched || !tcb.status) return out.blocked(info, expected);
  const bool passed = acceptable(policy, *tcb.status) || by_advisories(findings, policy);
  out.decided(info, passed, *tcb.status, expected);
}

// Ids of fields of different sizes may be on one list; a shorter one is filled with zeros.
bool names_chip(Bytes listed, Bytes chip) {
  return !listed.empty() && listed.size() <= chip.size() &&
         equal(listed, chip.first(listed.size())) && all_zero(chip.subspan(listed.size()));
}

void judge_product(const Facts& facts, const PolicyChecks& out) {
  const Policy& policy = out.policy();
  const std::string expected = "not " + join(policy.refused_products);
  if (facts.products.empty()) return out.blocked(facts.product_check, expected);
  const bool refused = std::ranges::any_of(facts.products, [&](const std::string& product) {
    return std::ranges::any_of(policy.refused_products,
                               [&](const std::string& word) { return same_word(product, word); });
  });
  out.decided(facts.product_check, !refused, join(facts.products), expected);
}

void judge_chip(const Appraisal& findings, const PolicyChecks& out) {
  const Policy& policy = out.policy();
  const Facts& facts = findings.facts;
  const std::string expected = "one of " + std::to_string(policy.chips->size()) + " listed chips";
  if (facts.chips.empty()) {
    // Genuine evidence that does not say which chip it comes from; else something else is wrong.
    if (findings.genuine) {
      return out.absent(facts.chip_check, expected + "; no certificate states the chip");
    }
    return out.blocked(facts.chip_check, expected);
  }
  std::vector<std::string> found;
  bool listed = false;
  for (const Buffer& chip : facts.chips) {
    found.push_back(to_hex(chip));
    listed = listed || std::ranges::any_of(
                           *policy.chips, [&](const Buffer& one) { return names_chip(one, chip); });
  }
  out.decided(facts.chip_check, listed, join(found), expected);
}

}  // namespace

void PolicyChecks::decided(const CheckInfo* info, bool passed, std::string_view found,
                           std::string_view expected) const {
  decide(slate_.add_check(*info), passed, found, {expected, Origin::kPolicy, policy_.name});
}

Check& PolicyChecks::add_open(const CheckInfo* info, std::string_view expected) const {
  Check& check = slate_.add_check(*info);
  check.expected = expected;
  check.origin = Origin::kPolicy;
  check.expected_from = policy_.name;
  return check;
}

void PolicyChecks::blocked(const CheckInfo* info, std::string_view expected) const {
  add_open(info, expected);
}

void PolicyChecks::absent(const CheckInfo* info, std::string_view expected) const {
  Check& check = add_open(info, expected);
  check.outcome = settle(*info, Outcome::kNotDone);
  check.not_done = check.outcome == Outcome::kNotDone ? NotDone::kAbsent : NotDone::kNone;
}

void judge_tcb(const Findings& findings, UnixTime at, const PolicyChecks& out) {
  const Facts& facts = findings.facts;
  const Policy& policy = out.policy();
  const Tcb& tcb = findings.tcb;
  if (facts.tcb_status_check != nullptr) judge_status(findings, out);
  if (facts.tcb_advisories_check != nullptr && !policy.tolerated.empty()) {
    judge_advisories(findings, at, out);
  }
  if (facts.tcb_date_check != nullptr && policy.min_tcb_date) {
    const std::string expected = "not before " + format_rfc3339(*policy.min_tcb_date);
    if (tcb.date) {
      out.decided(facts.tcb_date_check, *tcb.date >= *policy.min_tcb_date,
                  format_rfc3339(*tcb.date), expected);
    } else {
      out.blocked(facts.tcb_date_check, expected);
    }
  }
  if (facts.tcb_evaluation_check != nullptr && policy.min_tcb_evaluation) {
    const std::string expected = "at least " + std::to_string(*policy.min_tcb_evaluation);
    const auto& number = tcb.evaluation_number;
    if (number) {
      out.decided(facts.tcb_evaluation_check, *number >= *policy.min_tcb_evaluation,
                  std::to_string(*number), expected);
    } else {
      out.blocked(facts.tcb_evaluation_check, expected);
    }
  }
}

void warn_of_exceptions(const Tcb& tcb, const Policy& policy, std::vector<std::string>& out) {
  static const std::string best = Policy{}.accepted_tcb.front();
  if (!tcb.status || *tcb.status == best) return;
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

void judge_platform(const Appraisal& findings, const PolicyChecks& out) {
  const Facts& facts = findings.facts;
  if (facts.product_check != nullptr && !out.policy().refused_products.empty()) {
    judge_product(facts, out);
  }
  if (facts.chip_check != nullptr && out.policy().chips) judge_chip(findings, out);
}

}  // namespace ward::attest
