#include "attest/appraisal.h"

#include <algorithm>
#include <iterator>

#include "attest/policy_check.h"
#include "base/text.h"

namespace ward::attest {
namespace {

void judge_modes(const Findings& findings, const Policy& policy, std::vector<Check>& out) {
  const Facts& facts = findings.facts;
  if (facts.debug_check != nullptr) {
    const std::string expected = policy.allow_debug ? "true or false" : "false";
    out.push_back(facts.debug ? policy_check(facts.debug_check, policy.allow_debug || !*facts.debug,
                                             *facts.debug ? "true" : "false", expected, policy)
                              : policy_blocked(facts.debug_check, expected, policy));
  }
  if (facts.development_check != nullptr && findings.development) {
    out.push_back(policy_check(
        facts.development_check, policy.allow_development, "development platform, not a TEE",
        policy.allow_development ? "any platform" : "a hardware TEE", policy));
  }
}

// A field that nothing states is absent; where the evidence is malformed, the check is blocked.
Check field_absent(const Findings& findings, const FieldFact& field, const std::string& expected,
                   const Policy& policy) {
  if (findings.facts.report_data.empty()) return policy_blocked(field.check, expected, policy);
  return policy_absent(field.check,
                       expected + (field.form.source != nullptr
                                       ? std::string("; no ") + field.form.source + " states it"
                                       : "; this form of evidence has no such field"),
                       policy);
}

// A log may hold thousands of values: a check shows the first ones.
constexpr std::size_t kMaxShown = 8;

std::string first_of(std::vector<std::string> values) {
  if (values.size() <= kMaxShown) return join(values);
  const std::string more = std::to_string(values.size() - kMaxShown);
  values.resize(kMaxShown);
  return join(values) + " and " + more + " more";
}

// What a policy demands of one field.
struct Demand {
  const std::vector<std::string>* accepted = nullptr;
  const std::vector<std::string>* refused = nullptr;
  const std::string* least = nullptr;
  std::vector<std::string> usual;  // what the TEE demands where the policy says nothing

  [[nodiscard]] bool any() const {
    return accepted != nullptr || refused != nullptr || least != nullptr || !usual.empty();
  }

  [[nodiscard]] bool met(const FieldForm& form, const std::string& value) const {
    return (accepted == nullptr || is_accepted(form, value, *accepted)) &&
           (refused == nullptr || !is_accepted(form, value, *refused)) &&
           (least == nullptr || is_at_least(value, *least)) &&
           (usual.empty() || is_accepted(form, value, usual));
  }

  [[nodiscard]] std::string text() const {
    std::vector<std::string> out = usual;
    if (accepted != nullptr) {
      out.push_back(accepted->empty() ? "nothing: no value is accepted" : first_of(*accepted));
    }
    if (refused != nullptr) out.push_back("not " + first_of(*refused));
    if (least != nullptr) out.push_back("at least " + *least);
    return join(out);
  }
};

template <class Map>
const typename Map::mapped_type* find(const Map& map, const char* id) {
  const auto found = map.find(id);
  return found == map.end() ? nullptr : &found->second;
}

Demand demand_of(const FieldFact& field, const Policy& policy) {
  const char* id = field.check->id;
  Demand out{.accepted = find(policy.accepted_values, id),
             .refused = find(policy.refused_values, id),
             .least = find(policy.minimum_values, id),
             .usual = {}};
  if (!out.any() && field.form.usual != nullptr) out.usual.emplace_back(field.form.usual);
  return out;
}

// A refused value alone, or a least value that all reach, does not judge the TCB.
bool demands_tcb(const Facts& facts, const Policy& policy) {
  return std::ranges::any_of(facts.fields, [&](const FieldFact& field) {
    const Demand demand = demand_of(field, policy);
    return field.form.of_tcb && (demand.accepted != nullptr ||
                                 (demand.least != nullptr && !is_at_least("0", *demand.least)));
  });
}

// Every value of the field must be an accepted one. Those that are not are what was found.
Check judge_field(const FieldFact& field, const Demand& demand, const Policy& policy) {
  std::vector<std::string> others;
  std::ranges::copy_if(field.values, std::back_inserter(others),
                       [&](const std::string& value) { return !demand.met(field.form, value); });
  const bool passed = others.empty() && !field.values.empty();
  return policy_check(field.check, passed, first_of(passed ? field.values : others), demand.text(),
                      policy);
}

void judge_fields(const Findings& findings, const Policy& policy, std::vector<Check>& out) {
  for (const FieldFact& field : findings.facts.fields) {
    const Demand demand = demand_of(field, policy);
    if (!demand.any()) continue;
    out.push_back(field.values.empty() ? field_absent(findings, field, demand.text(), policy)
                                       : judge_field(field, demand, policy));
  }
}

// Where the policy does without them, and no list was given, the checks of revocation were not
// asked for: true where it was so.
bool waive_revocation(const Policy& policy, Findings& findings) {
  const auto& waived = findings.facts.revocation_checks;
  const auto check_of = [&](const CheckInfo* info) {
    return std::ranges::find(findings.checks, info, &Check::info);
  };
  if (policy.require_revocation || waived.empty()) return false;
  const auto first = check_of(waived.front());
  if (first == findings.checks.end() || first->not_done != NotDone::kAbsent) return false;
  for (const CheckInfo* info : waived) {
    const auto check = check_of(info);
    if (check != findings.checks.end() && check->outcome == Outcome::kNotDone) {
      check->not_done = NotDone::kNotAsked;
    }
  }
  return true;
}

std::string hex_list(const std::vector<Buffer>& values) {
  std::vector<std::string> out;
  for (const Buffer& value : values)
    out.push_back(to_hex(value));
  return out.empty() ? "nothing: no value is accepted" : join(out);
}

// Compares whole fields; values of another length are unequal, nothing is padded or cut. A field
// that malformed evidence does not have is empty, and then the check is blocked, not passed.
Check compare(const CheckInfo* info, Bytes found, const Expected& expected, Origin origin) {
  Check check{.info = info, .origin = origin, .expected_from = "the caller's expectation"};
  const auto* values = std::get_if<std::vector<Buffer>>(&expected);
  if (values == nullptr) {
    check.not_done = NotDone::kNotAsked;
    check.found = to_hex(found);
    check.expected_from.clear();
    return check;
  }
  check.expected = hex_list(*values);
  if (found.empty()) {
    check.not_done = NotDone::kBlocked;
    return check;
  }
  check.found = to_hex(found);
  const bool equal_to_one =
      std::ranges::any_of(*values, [&](const Buffer& value) { return equal(value, found); });
  check.outcome = settle(*info, equal_to_one ? Outcome::kPassed : Outcome::kFailed);
  return check;
}

void judge_expectations(const Facts& facts, const Expectations& expected, Appraisal& out) {
  struct Item {
    const CheckInfo* info;
    Bytes found;
    const Expected* expected;
    Origin origin;
    const char* name;
  };

  const Item items[] = {
      {facts.report_data_check, facts.report_data, &expected.report_data, Origin::kCaller,
       "report_data"},
      {facts.measurement_check, facts.measurement, &expected.measurement, Origin::kReferenceValue,
       "measurement"},
      {facts.workload_check, facts.workload, &expected.workload, Origin::kReferenceValue,
       "workload"},
  };
  for (const Item& item : items) {
    if (item.info == nullptr) continue;
    Check check = compare(item.info, item.found, *item.expected, item.origin);
    const bool asked = check.not_done != NotDone::kNotAsked;
    // The workload's digest is part of what the measurement names: it is listed apart only where it
    // was asked for.
    if (!asked && item.info == facts.workload_check) continue;
    if (!asked) out.unchecked.emplace_back(item.name);
    out.checks.push_back(std::move(check));
  }
}

}  // namespace

std::vector<std::string> value_texts(const ClaimValue& value) {
  if (const auto* b = std::get_if<bool>(&value)) return {*b ? "true" : "false"};
  if (const auto* n = std::get_if<std::uint64_t>(&value)) return {std::to_string(*n)};
  if (const auto* octets = std::get_if<Buffer>(&value)) return {to_hex(*octets)};
  if (const auto* text = std::get_if<std::string>(&value)) return {*text};
  return std::get<std::vector<std::string>>(value);
}

std::set<std::string> named_fields(const Policy& policy) {
  std::set<std::string> out;
  for (const auto& [id, values] : policy.accepted_values)
    out.insert(id);
  for (const auto& [id, values] : policy.refused_values)
    out.insert(id);
  for (const auto& [id, least] : policy.minimum_values)
    out.insert(id);
  return out;
}

const char* to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed:
      return "passed";
    case Outcome::kFailed:
      return "failed";
    case Outcome::kNotDone:
      return "not_done";
  }
  return "failed";
}

const char* to_text(NotDone reason) {
  switch (reason) {
    case NotDone::kNone:
      return "";
    case NotDone::kNotAsked:
      return "not asked";
    case NotDone::kAbsent:
      return "absent";
    case NotDone::kBlocked:
      return "blocked";
  }
  return "blocked";
}

const char* to_text(Origin origin) {
  switch (origin) {
    case Origin::kSpecification:
      return "specification";
    case Origin::kPolicy:
      return "policy";
    case Origin::kReferenceValue:
      return "reference value";
    case Origin::kCollateral:
      return "collateral";
    case Origin::kCaller:
      return "caller";
  }
  return "specification";
}

const char* to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAccepted:
      return "accepted";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kUndetermined:
      return "undetermined";
  }
  return "refused";
}

const Check* Appraisal::check(std::string_view id) const {
  for (const Check& c : checks) {
    if (id == c.info->id) return &c;
  }
  return nullptr;
}

std::vector<std::string> Appraisal::failed() const {
  std::vector<std::string> out;
  for (const Check& c : checks) {
    if (c.outcome == Outcome::kFailed) out.emplace_back(c.info->id);
  }
  return out;
}

Verdict verdict_of(const std::vector<Check>& checks) {
  if (checks.empty()) return Verdict::kRefused;
  bool open = false;
  for (const Check& c : checks) {
    if (c.outcome == Outcome::kFailed) return Verdict::kRefused;
    if (c.outcome == Outcome::kNotDone && c.not_done != NotDone::kNotAsked) open = true;
  }
  return open ? Verdict::kUndetermined : Verdict::kAccepted;
}

Appraisal appraise(Findings findings, const Policy& policy, const Expectations& expected,
                   UnixTime at) {
  Appraisal out;
  out.at = at;
  // First: what the policy does without is not missing.
  if (waive_revocation(policy, findings)) out.unchecked.emplace_back("revocation");
  std::vector<Check> judged;
  judge_tcb(findings, policy, at, judged);
  judge_modes(findings, policy, judged);
  judge_platform(findings, policy, judged);
  judge_fields(findings, policy, judged);
  out.genuine = verdict_of(findings.checks) == Verdict::kAccepted;
  out.checks = std::move(findings.checks);
  out.checks.insert(out.checks.end(), std::make_move_iterator(judged.begin()),
                    std::make_move_iterator(judged.end()));
  judge_expectations(findings.facts, expected, out);
  out.verdict = verdict_of(out.checks);
  out.tee = std::move(findings.tee);
  out.development = findings.development;
  out.tcb = std::move(findings.tcb);
  out.claims = std::move(findings.claims);
  out.notes = std::move(findings.notes);
  out.warnings = std::move(findings.warnings);
  if (out.verdict == Verdict::kAccepted) warn_of_exceptions(out.tcb, policy, out.warnings);
  out.facts = std::move(findings.facts);
  out.facts.tcb_demanded = demands_tcb(out.facts, policy);
  return out;
}

std::string summary(const Appraisal& appraisal) {
  std::string out = to_text(appraisal.verdict);
  if (appraisal.verdict == Verdict::kAccepted) {
    if (appraisal.unchecked.empty()) return out;
    // Without a list of revocations the workload may have been compared all the same.
    const bool workload_too = appraisal.unchecked == std::vector<std::string>{"revocation"};
    return out + (workload_too ? " (" : " (platform only; ") +
           "not checked: " + join(appraisal.unchecked) + ")";
  }
  std::vector<std::string> reasons = appraisal.failed();
  if (appraisal.verdict == Verdict::kUndetermined) {
    for (const Check& c : appraisal.checks) {
      if (c.not_done == NotDone::kAbsent) reasons.emplace_back(c.info->id);
    }
  }
  return reasons.empty() ? out : out + ": " + join(reasons);
}

}  // namespace ward::attest
