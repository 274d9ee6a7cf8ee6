#include "attest/appraisal.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "attest/fields.h"
#include "attest/policy_check.h"
#include "base/text.h"

namespace ward::attest {
namespace {

void judge_modes(const Findings& findings, const PolicyChecks& out) {
  const Facts& facts = findings.facts;
  const Policy& policy = out.policy();
  if (facts.debug_check != nullptr) {
    const char* expected = policy.allow_debug ? "true or false" : "false";
    if (facts.debug) {
      out.decided(facts.debug_check, policy.allow_debug || !*facts.debug,
                  *facts.debug ? "true" : "false", expected);
    } else {
      out.blocked(facts.debug_check, expected);
    }
  }
  if (facts.development_check != nullptr && findings.development) {
    out.decided(facts.development_check, policy.allow_development,
                "development platform, not a TEE",
                policy.allow_development ? "any platform" : "a hardware TEE");
  }
}

// A field that nothing states is absent; where the evidence is malformed, the check is blocked.
void add_absent_field(const Findings& findings, const FieldFact& field, const std::string& expected,
                      const PolicyChecks& out) {
  if (findings.facts.report_data.empty()) return out.blocked(field.check, expected);
  out.absent(field.check, expected + (field.form.source != nullptr
                                          ? std::string("; no ") + field.form.source + " states it"
                                          : "; this form of evidence has no such field"));
}

// A log may hold thousands of values: a check shows the first ones.
constexpr std::size_t kMaxShown = 8;

std::string first_of(const std::vector<std::string>& values) {
  std::string out;
  for (std::size_t i = 0; i < values.size() && i < kMaxShown; ++i) {
    out += (i == 0 ? "" : ", ") + values[i];
  }
  if (values.size() > kMaxShown) {
    out += " and " + std::to_string(values.size() - kMaxShown) + " more";
  }
  return out;
}

// What a policy demands of one field.
struct Demand {
  const std::vector<std::string>* accepted = nullptr;
  const std::vector<std::string>* refused = nullptr;
  const std::string* least = nullptr;
  const char* usual = nullptr;  // what the TEE demands where the policy says nothing

  [[nodiscard]] bool any() const {
    return accepted != nullptr || refused != nullptr || least != nullptr || usual != nullptr;
  }

  [[nodiscard]] bool met(const FieldForm& form, const std::string& value) const {
    return (accepted == nullptr || is_accepted(form, value, *accepted)) &&
           (refused == nullptr || !is_accepted(form, value, *refused)) &&
           (least == nullptr || is_at_least(value, *least)) &&
           (usual == nullptr || is_same(form, value, usual));
  }

  [[nodiscard]] std::string text() const {
    if (usual != nullptr) return usual;
    std::vector<std::string> out;
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
  if (map.empty()) return nullptr;
  const auto found = map.find(id);
  return found == map.end() ? nullptr : &found->second;
}

Demand demand_of(const FieldFact& field, const Policy& policy) {
  const char* id = field.check->id;
  Demand out{.accepted = find(policy.accepted_values, id),
             .refused = find(policy.refused_values, id),
             .least = find(policy.minimum_values, id)};
  if (!out.any()) out.usual = field.form.usual;
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
void judge_field(const FieldFact& field, const Demand& demand, const PolicyChecks& out) {
  std::vector<std::string> others;
  std::ranges::copy_if(field.values, std::back_inserter(others),
                       [&](const std::string& value) { return !demand.met(field.form, value); });
  const bool passed = others.empty() && !field.values.empty();
  out.decided(field.check, passed, first_of(passed ? field.values : others), demand.text());
}

// A field whose check has a hint of its own is one that a policy should not lean on alone: the hint
// is then said aloud, whatever came of the check.
void warn_of_caution(const FieldFact& field, std::vector<std::string>& out) {
  if (field.check->hint == std::string_view(kFieldHint)) return;
  out.push_back("the policy leans on " + std::string(field.check->id) + ": " + field.check->hint);
}

void judge_fields(Appraisal& appraisal, const PolicyChecks& out) {
  for (const FieldFact& field : appraisal.facts.fields) {
    const Demand demand = demand_of(field, out.policy());
    if (!demand.any()) continue;
    warn_of_caution(field, appraisal.warnings);
    if (field.values.empty()) {
      add_absent_field(appraisal, field, demand.text(), out);
    } else {
      judge_field(field, demand, out);
    }
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

void write_hex_list(const std::vector<Buffer>& values, std::string& out) {
  out.clear();
  for (const Buffer& value : values) {
    if (!out.empty()) out += ", ";
    append_hex(value, out);
  }
  if (values.empty()) out = "nothing: no value is accepted";
}

// Compares whole fields; values of another length are unequal, nothing is padded or cut. A field
// that malformed evidence does not have is empty, and then the check is blocked; one that genuine
// evidence does not have is none of those expected.
void compare(Check& check, Bytes found, bool genuine, const std::vector<Buffer>& values) {
  check.expected_from = "the caller's expectation";
  write_hex_list(values, check.expected);
  if (found.empty() && !genuine) return;
  append_hex(found, check.found);
  if (found.empty()) check.found = "none";
  const bool equal_to_one = !found.empty() && std::ranges::any_of(values, [&](const Buffer& value) {
    return equal(value, found);
  });
  check.outcome = settle(*check.info, equal_to_one ? Outcome::kPassed : Outcome::kFailed);
  check.not_done = NotDone::kNone;
}

constexpr CheckInfo kSharedChecks[] = {
    {"evidence.field.exists", "RFC 9334 8.3",
     "A value is expected of a field that evidence of this kind does not have.",
     "Ask for evidence that has the field, or leave the expectation out."}};

void judge_expectations(const Expectations& expected, Slate& slate,
                        std::vector<std::string>& unchecked) {
  struct Item {
    const CheckInfo* info;
    Bytes found;
    const Expected* expected;
    Origin origin;
    const char* name;
  };

  const Facts& facts = slate.appraisal().facts;
  const Item items[] = {
      {facts.report_data_check, facts.report_data, &expected.report_data, Origin::kCaller,
       "report_data"},
      {facts.measurement_check, facts.measurement, &expected.measurement, Origin::kReferenceValue,
       "measurement"},
      {facts.workload_check, facts.workload, &expected.workload, Origin::kReferenceValue,
       "workload"},
  };
  for (const Item& item : items) {
    const auto* values = std::get_if<std::vector<Buffer>>(item.expected);
    if (item.info == nullptr) {
      if (values != nullptr) {
        decide(slate.add_check(kSharedChecks[0]), false, "none",
               {item.name, Origin::kCaller, "an expected value"});
      }
      continue;
    }
    // The workload's digest is part of what the measurement names: it is listed apart only where it
    // was asked for.
    if (values == nullptr && item.info == facts.workload_check) continue;
    Check& check = slate.add_check(*item.info);
    check.origin = item.origin;
    if (values != nullptr) {
      compare(check, item.found, slate.appraisal().genuine, *values);
      continue;
    }
    check.not_done = NotDone::kNotAsked;
    append_hex(item.found, check.found);
    unchecked.emplace_back(item.name);
  }
}

// A TEE without a measurement states what runs in fields of its own.
bool names_what_runs(const Policy& policy, const Facts& facts) {
  return std::ranges::any_of(
      facts.measured_by, [&](const char* field) { return policy.accepted_values.contains(field); });
}

bool names_both(const Expectations& expected) {
  return !std::holds_alternative<Unchecked>(expected.measurement) &&
         !std::holds_alternative<Unchecked>(expected.workload);
}

}  // namespace

std::span<const CheckInfo> shared_checks() { return kSharedChecks; }

std::vector<std::string> value_texts(const ClaimValue& value) {
  if (const auto* b = std::get_if<bool>(&value)) return {*b ? "true" : "false"};
  if (const auto* n = std::get_if<std::uint64_t>(&value)) return {std::to_string(*n)};
  if (const auto* octets = std::get_if<Buffer>(&value)) return {to_hex(*octets)};
  if (const auto* text = std::get_if<std::string>(&value)) return {*text};
  return std::get<std::vector<std::string>>(value);
}

std::set<std::string> named_fields(const Policy& policy) {
  std::set<std::string> out;
  for (const auto& [id, values] : policy.accepted_values) {
    out.insert(id);
  }
  for (const auto& [id, values] : policy.refused_values) {
    out.insert(id);
  }
  for (const auto& [id, least] : policy.minimum_values) {
    out.insert(id);
  }
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

Appraisal Slate::take() {
  own_checks_ = 0;
  return std::exchange(appraisal_, {});
}

Findings& Slate::wipe() {
  auto& checks = appraisal_.checks;
  while (checks.size() > own_checks_) {
    spare_.push_back(std::move(checks.back()));
    checks.pop_back();
  }
  for (Check& check : checks) {
    check.outcome = Outcome::kNotDone;
    check.not_done = NotDone::kBlocked;
  }
  appraisal_.verdict = Verdict::kRefused;
  appraisal_.genuine = false;
  appraisal_.unchecked.clear();
  return appraisal_;
}

Check& Slate::add_check(const CheckInfo& info) {
  auto& checks = appraisal_.checks;
  if (spare_.empty()) {
    checks.emplace_back();
  } else {
    checks.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
  Check& check = checks.back();
  check.info = &info;
  check.outcome = Outcome::kNotDone;
  check.not_done = NotDone::kBlocked;
  check.found.clear();
  check.expected.clear();
  check.origin = Origin::kSpecification;
  check.expected_from.clear();
  return check;
}

void Slate::judge(const Policy& policy, const Expectations& expected, UnixTime at) {
  Appraisal& out = appraisal_;
  own_checks_ = out.checks.size();
  out.at = at;
  // First: what the policy does without is not missing.
  if (waive_revocation(policy, out)) out.unchecked.emplace_back("revocation");
  out.genuine = verdict_of(out.checks) == Verdict::kAccepted;
  const PolicyChecks checks(*this, policy);
  judge_tcb(out, at, checks);
  judge_modes(out, checks);
  judge_platform(out, checks);
  judge_fields(out, checks);
  judge_expectations(expected, *this, out.unchecked);
  const Facts& facts = out.facts;
  if (!facts.measured_by.empty() && !names_what_runs(policy, facts)) {
    out.unchecked.emplace_back(facts.measured_by.front());
  }
  if (facts.warns_unless_both != nullptr && !names_both(expected)) {
    out.warnings.emplace_back(facts.warns_unless_both);
  }
  out.verdict = verdict_of(out.checks);
  if (out.verdict == Verdict::kAccepted) warn_of_exceptions(out.tcb, policy, out.warnings);
  out.facts.tcb_demanded = demands_tcb(out.facts, policy);
}

Appraisal appraise(Findings findings, const Policy& policy, const Expectations& expected,
                   UnixTime at) {
  Slate slate;
  slate.wipe() = std::move(findings);
  slate.judge(policy, expected, at);
  return slate.take();
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
  if (!reasons.empty()) return out + ": " + join(reasons);
  return appraisal.unchecked.empty() ? out : out + ": not checked: " + join(appraisal.unchecked);
}

}  // namespace ward::attest
