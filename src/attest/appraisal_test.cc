#include "attest/appraisal.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "attest/appraisal_json.h"

namespace ward::attest {
namespace {

constexpr CheckInfo kSignature{"x.evidence.signature", "", "", ""};
constexpr CheckInfo kStatus{"x.tcb.status", "", "", ""};
constexpr CheckInfo kEvaluation{"x.tcb.evaluation_number", "", "", ""};
constexpr CheckInfo kDebug{"x.attributes.debug", "", "", ""};
constexpr CheckInfo kReportData{"x.report_data.expected", "", "", ""};
constexpr CheckInfo kMeasurement{"x.measurement.expected", "", "", ""};
constexpr CheckInfo kWorkload{"x.workload.expected", "", "", ""};
constexpr CheckInfo kAdvisories{"x.tcb.advisories", "", "", ""};
constexpr CheckInfo kDate{"x.tcb.date", "", "", ""};
constexpr CheckInfo kProduct{"x.product.accepted", "", "", ""};
constexpr CheckInfo kChip{"x.chip.accepted", "", "", ""};
constexpr CheckInfo kDevelopment{"x.platform.development", "", "", ""};

Findings good() {
  Findings f;
  f.tee = "x";
  f.checks.push_back({.info = &kSignature, .outcome = Outcome::kPassed});
  f.tcb.status = "UpToDate";
  f.tcb.evaluation_number = 17;
  f.facts = {.tcb_status_check = &kStatus,
             .tcb_evaluation_check = &kEvaluation,
             .debug_check = &kDebug,
             .report_data_check = &kReportData,
             .measurement_check = &kMeasurement,
             .workload_check = &kWorkload,
             .development_check = &kDevelopment,
             .tcb_matched = true,
             .debug = false,
             .report_data = {1, 2},
             .measurement = {3},
             .workload = {4}};
  return f;
}

Expectations all() {
  return {.report_data = std::vector<Buffer>{{1, 2}},
          .measurement = std::vector<Buffer>{{9}, {3}},
          .workload = std::vector<Buffer>{{4}}};
}

Expectations none() { return {Unchecked{}, Unchecked{}, Unchecked{}}; }

using Ids = std::vector<std::string>;

TEST(Appraise, AcceptsWhatIsExpectedInFull) {
  const Appraisal a = appraise(good(), {}, all(), {});
  EXPECT_EQ(a.verdict, Verdict::kAccepted);
  EXPECT_TRUE(a.unchecked.empty());
  EXPECT_EQ(summary(a), "accepted");
}

TEST(Appraise, WhatTheMakerVouchesForIsGenuineThoughThePolicyRefuses) {
  Findings f = good();
  f.facts.debug = true;
  f.tcb.status = "OutOfDate";
  Expectations other = all();
  other.report_data = std::vector<Buffer>{{9}};
  const Appraisal refused = appraise(f, {}, other, {});
  EXPECT_EQ(refused.verdict, Verdict::kRefused);
  EXPECT_TRUE(refused.genuine);
  for (const Outcome outcome : {Outcome::kFailed, Outcome::kNotDone}) {
    Findings forged = good();
    forged.checks[0].outcome = outcome;
    forged.checks[0].not_done = outcome == Outcome::kNotDone ? NotDone::kAbsent : NotDone::kNone;
    EXPECT_FALSE(appraise(forged, {}, all(), {}).genuine);
  }
  EXPECT_FALSE(appraise(Findings{}, {}, none(), {}).genuine);
}

// A document that leaves its nonce out is bound to nothing; of malformed evidence nothing is known.
TEST(Appraise, AFieldThatGenuineEvidenceDoesNotHaveIsNoneOfThoseExpected) {
  Findings f = good();
  f.facts.report_data.clear();
  const Appraisal refused = appraise(f, {}, all(), {});
  EXPECT_EQ(refused.failed(), Ids{"x.report_data.expected"});
  EXPECT_EQ(refused.check("x.report_data.expected")->found, "none");
  Expectations empty = all();
  empty.report_data = std::vector<Buffer>{{}};
  EXPECT_EQ(appraise(f, {}, empty, {}).failed(), Ids{"x.report_data.expected"});
  f.checks[0].outcome = Outcome::kNotDone;
  f.checks[0].not_done = NotDone::kAbsent;
  EXPECT_EQ(appraise(f, {}, all(), {}).check("x.report_data.expected")->not_done,
            NotDone::kBlocked);
}

TEST(Appraise, AnExpectationOfAFieldThatTheTeeDoesNotHaveIsRefused) {
  for (const CheckInfo* Facts::*check :
       {&Facts::report_data_check, &Facts::measurement_check, &Facts::workload_check}) {
    Findings f = good();
    f.facts.*check = nullptr;
    const Appraisal a = appraise(f, {}, all(), {});
    EXPECT_EQ(a.verdict, Verdict::kRefused);
    EXPECT_EQ(a.failed(), Ids{"evidence.field.exists"});
    EXPECT_EQ(appraise(f, {}, none(), {}).verdict, Verdict::kAccepted);
  }
}

TEST(Appraise, WhatNobodyAskedForIsNotPassedAndIsListed) {
  const Appraisal a = appraise(good(), {}, none(), {});
  EXPECT_EQ(a.verdict, Verdict::kAccepted);
  EXPECT_EQ(a.unchecked, (Ids{"report_data", "measurement"}));
  EXPECT_EQ(a.check("x.report_data.expected")->outcome, Outcome::kNotDone);
  EXPECT_EQ(summary(a), "accepted (platform only; not checked: report_data, measurement)");
}

// Of a TEE that has no measurement, what runs is compared by fields that a policy names.
TEST(Appraise, WhatRunsIsUncheckedWhereNeitherMeasurementNorFieldNamesIt) {
  static constexpr const char* kFields[] = {"x.components", "x.signers"};
  Findings f = good();
  f.facts.measurement_check = nullptr;
  f.facts.measured_by = kFields;
  Expectations data = none();
  data.report_data = all().report_data;
  EXPECT_EQ(appraise(f, {}, data, {}).unchecked, Ids{"x.components"});
  Policy other;
  other.accepted_values["x.lifecycle"] = {"1"};
  EXPECT_EQ(appraise(f, other, data, {}).unchecked, Ids{"x.components"});
  for (const char* field : kFields) {
    Policy named;
    named.accepted_values[field] = {"1"};
    EXPECT_TRUE(appraise(f, named, data, {}).unchecked.empty());
  }
}

TEST(Appraise, AWarningOfTwoHashesIsSaidWhereOneIsNotCompared) {
  Findings f = good();
  f.facts.warns_unless_both = "two hashes";
  EXPECT_TRUE(appraise(f, {}, all(), {}).warnings.empty());
  Expectations one = all();
  one.workload = Unchecked{};
  EXPECT_EQ(appraise(f, {}, one, {}).warnings, Ids{"two hashes"});
  one = all();
  one.measurement = Unchecked{};
  EXPECT_EQ(appraise(f, {}, one, {}).warnings, Ids{"two hashes"});
  EXPECT_TRUE(appraise(good(), {}, none(), {}).warnings.empty());
}

TEST(Appraise, UnequalLengthIsUnequal) {
  Expectations e = all();
  e.report_data = std::vector<Buffer>{{1, 2, 0}};
  EXPECT_EQ(appraise(good(), {}, e, {}).failed(), Ids{"x.report_data.expected"});
  e.report_data = std::vector<Buffer>{{1}};
  EXPECT_EQ(appraise(good(), {}, e, {}).failed(), Ids{"x.report_data.expected"});
}

TEST(Appraise, AnEmptyListOfAcceptedValuesAcceptsNothing) {
  Expectations e = all();
  e.measurement = std::vector<Buffer>{};
  EXPECT_EQ(appraise(good(), {}, e, {}).failed(), Ids{"x.measurement.expected"});
}

TEST(Appraise, StatusIsJudgedByThePolicyAndRevokedNeverPasses) {
  Findings f = good();
  f.tcb.status = "OutOfDate";
  EXPECT_EQ(appraise(f, {}, all(), {}).failed(), Ids{"x.tcb.status"});
  Policy p;
  p.accepted_tcb = {"OutOfDate"};
  EXPECT_EQ(appraise(f, p, all(), {}).verdict, Verdict::kAccepted);
  p.accept_any_tcb = true;
  EXPECT_EQ(appraise(f, p, all(), {}).verdict, Verdict::kAccepted);
  f.tcb.status = "Revoked";
  p.accepted_tcb = {"Revoked"};
  EXPECT_EQ(appraise(f, p, all(), {}).failed(), Ids{"x.tcb.status"});
}

TEST(Appraise, NoMatchingLevelIsNeverAccepted) {
  Findings f = good();
  f.facts.tcb_matched = false;
  f.tcb.status.reset();
  Policy p;
  p.accept_any_tcb = true;
  EXPECT_EQ(appraise(f, p, all(), {}).verdict, Verdict::kUndetermined);
}

TEST(Appraise, EvaluationNumberBelowTheMinimumIsRefused) {
  Policy p;
  p.min_tcb_evaluation = 17;
  EXPECT_EQ(appraise(good(), p, all(), {}).verdict, Verdict::kAccepted);
  p.min_tcb_evaluation = 18;
  EXPECT_EQ(appraise(good(), p, all(), {}).failed(), Ids{"x.tcb.evaluation_number"});
}

constexpr CheckInfo kField{"x.field.flag", "spec", "m", "h"};

TEST(Appraise, AFieldIsJudgedOnlyWhereThePolicyNamesIt) {
  Findings f = good();
  f.facts.fields = {{&kField, {.kind = FieldKind::kFlag}, {"true"}}};
  Policy p;
  EXPECT_EQ(appraise(f, p, all(), {}).check("x.field.flag"), nullptr);
  p.accepted_values["x.field.flag"] = {"false", "true"};
  EXPECT_EQ(appraise(f, p, all(), {}).verdict, Verdict::kAccepted);
  p.accepted_values["x.field.flag"] = {"false"};
  EXPECT_EQ(appraise(f, p, all(), {}).failed(), Ids{"x.field.flag"});
  p.accepted_values["x.field.flag"] = {};
  EXPECT_EQ(appraise(f, p, all(), {}).failed(), Ids{"x.field.flag"});
  // What the evidence does not have is not accepted either.
  f.facts.fields[0].values.clear();
  EXPECT_EQ(appraise(f, p, all(), {}).verdict, Verdict::kUndetermined);
}

TEST(Appraise, ValuesAreNamedAsClaimsArePrinted) {
  EXPECT_EQ(value_texts(true), Ids{"true"});
  EXPECT_EQ(value_texts(std::uint64_t{18}), Ids{"18"});
  EXPECT_EQ(value_texts(Buffer{0xab, 1}), Ids{"ab01"});
  EXPECT_EQ(value_texts(std::string("scalable")), Ids{"scalable"});
  EXPECT_EQ(value_texts(std::vector<std::string>{"a", "b"}), (Ids{"a", "b"}));
  EXPECT_EQ(claim_text(std::vector<std::string>{"a", "b"}), "a, b");
}

TEST(Appraise, DebugAndDevelopmentNeedThePolicysWord) {
  Findings f = good();
  f.facts.debug = true;
  f.development = true;
  EXPECT_EQ(appraise(f, {}, all(), {}).failed(),
            (Ids{"x.attributes.debug", "x.platform.development"}));
  Policy p;
  p.allow_debug = true;
  p.allow_development = true;
  const Appraisal a = appraise(f, p, all(), {});
  EXPECT_EQ(a.verdict, Verdict::kAccepted);
  EXPECT_TRUE(a.development);
}

TEST(Verdict, AFailedCheckBeatsAMissingOneAndNothingShownIsRefused) {
  EXPECT_EQ(verdict_of({}), Verdict::kRefused);
  std::vector<Check> checks{{.info = &kStatus, .not_done = NotDone::kAbsent}};
  EXPECT_EQ(verdict_of(checks), Verdict::kUndetermined);
  checks.push_back({.info = &kSignature, .outcome = Outcome::kFailed});
  EXPECT_EQ(verdict_of(checks), Verdict::kRefused);
}

// A platform whose status is not accepted, joined from two parts.
Findings outdated(std::vector<std::string> first, std::vector<std::string> second) {
  Findings f = good();
  f.facts.tcb_advisories_check = &kAdvisories;
  f.tcb.status = "OutOfDate";
  f.tcb.parts = {{"TCB info", "OutOfDate", first}, {"QE identity", "OutOfDate", second}};
  f.tcb.advisories = std::move(first);
  f.tcb.advisories.insert(f.tcb.advisories.end(), second.begin(), second.end());
  return f;
}

Ids failed(const Findings& f, const Policy& policy, UnixTime at = {10}) {
  return appraise(f, policy, all(), at).failed();
}

TEST(Tolerate, AStatusPassesWhereAllItsAdvisoriesAreTolerated) {
  Policy policy{.tolerated = {{"A-1", {10}}, {"A-2", {20}}}};
  EXPECT_EQ(failed(outdated({"A-1"}, {"A-2"}), policy), Ids{});
  EXPECT_EQ(failed(outdated({"A-1"}, {"A-1"}), policy), Ids{});
  EXPECT_EQ(failed(outdated({"A-1"}, {"A-3"}), policy), Ids{"x.tcb.advisories"});
  EXPECT_EQ(failed(outdated({"A-1"}, {"A-2"}), policy, {11}), Ids{"x.tcb.advisories"});
  EXPECT_EQ(failed(outdated({"A-1"}, {"A-2"}), {}), Ids{"x.tcb.status"});
}

TEST(Tolerate, APartThatIsOutOfDateWithoutAnAdvisoryIsNotTolerated) {
  const Policy policy{.tolerated = {{"A-1", {10}}}};
  EXPECT_EQ(failed(outdated({"A-1"}, {}), policy), Ids{"x.tcb.advisories"});
  EXPECT_EQ(failed(outdated({}, {}), policy), Ids{"x.tcb.status"});
  // A part whose status is accepted needs no toleration.
  Findings f = outdated({"A-1"}, {});
  f.tcb.parts[1].status = "UpToDate";
  EXPECT_EQ(failed(f, policy), Ids{});
}

TEST(Tolerate, AnAcceptedStatusMayHaveAdvisoriesAndRevokedIsNeverTolerated) {
  const Policy policy{.tolerated = {{"A-1", {10}}}};
  Findings f = outdated({"A-2"}, {});
  f.tcb.status = "UpToDate";
  EXPECT_EQ(failed(f, policy), Ids{});
  f = outdated({"A-1"}, {"A-1"});
  f.tcb.status = "Revoked";
  EXPECT_EQ(failed(f, policy), Ids{"x.tcb.status"});
  f = outdated({"A-1"}, {"A-1"});
  f.tcb.parts.clear();
  EXPECT_EQ(failed(f, policy), Ids{"x.tcb.advisories"}) << "nothing says what the status is of";
}

TEST(Tolerate, ATeeWithoutACheckOfAdvisoriesToleratesNone) {
  Findings f = outdated({"A-1"}, {"A-1"});
  f.facts.tcb_advisories_check = nullptr;
  EXPECT_EQ(failed(f, {.tolerated = {{"A-1", {10}}}}), Ids{"x.tcb.status"});
}

TEST(Appraise, AnOldTcbDateIsRefusedAndAnUnknownOneIsNotAccepted) {
  Findings f = good();
  f.facts.tcb_date_check = &kDate;
  const Policy policy{.min_tcb_date = UnixTime{10}};
  EXPECT_EQ(appraise(f, policy, all(), {}).verdict, Verdict::kUndetermined);
  f.tcb.date = UnixTime{9};
  EXPECT_EQ(failed(f, policy), Ids{"x.tcb.date"});
  f.tcb.date = UnixTime{10};
  EXPECT_EQ(failed(f, policy), Ids{});
}

TEST(Appraise, AProductIsRefusedByAnyNameThatItMayHave) {
  Findings f = good();
  f.facts.product_check = &kProduct;
  const Policy policy{.refused_products = {"siena"}};
  EXPECT_EQ(appraise(f, policy, all(), {}).verdict, Verdict::kUndetermined);
  f.facts.products = {"Genoa", "Bergamo", "Siena"};
  EXPECT_EQ(failed(f, policy), Ids{"x.product.accepted"});
  f.facts.products = {"Genoa"};
  EXPECT_EQ(failed(f, policy), Ids{});
}

TEST(Appraise, AMissingChipIsSaidBesideARevocationListThatThePolicyDoesWithout) {
  Findings f = good();
  f.facts.chip_check = &kChip;
  f.facts.revocation_checks = {&kSignature};
  f.checks[0] = {.info = &kSignature, .not_done = NotDone::kAbsent};
  Policy policy{.require_revocation = false};
  policy.chips = std::vector<Buffer>{Buffer(8, 7)};
  const Appraisal a = appraise(f, policy, all(), {});
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(a.check("x.chip.accepted")->not_done, NotDone::kAbsent);
  EXPECT_EQ(summary(a), "undetermined: x.chip.accepted");
}

TEST(Appraise, AnUndeterminedVerdictThatNoCheckExplainsNamesWhatWasNotChecked) {
  Appraisal a;
  a.verdict = Verdict::kUndetermined;
  EXPECT_EQ(summary(a), "undetermined");
  a.unchecked = {"report_data", "measurement"};
  EXPECT_EQ(summary(a), "undetermined: not checked: report_data, measurement");
}

TEST(Appraise, WhatAnAcceptedVerdictRestsOnBesideTheBestStatusIsAWarning) {
  EXPECT_TRUE(appraise(good(), {}, all(), {}).warnings.empty());
  const Policy accepts{.accepted_tcb = {"UpToDate", "OutOfDate"}};
  const auto accepted = appraise(outdated({"A-1"}, {"A-2"}), accepts, all(), {}).warnings;
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_EQ(accepted[0],
            "its TCB status is OutOfDate, which is accepted; the platform is open to A-1, A-2");
  const Policy tolerates{.tolerated = {{"A-1", {20}}, {"A-2", {10}}}};
  const auto tolerated = appraise(outdated({"A-1"}, {"A-2"}), tolerates, all(), {10}).warnings;
  ASSERT_EQ(tolerated.size(), 1U);
  EXPECT_NE(tolerated[0].find("the first until 1970-01-01T00:00:10Z"), std::string::npos);
  EXPECT_TRUE(appraise(outdated({"A-1"}, {"A-2"}), {}, all(), {}).warnings.empty()) << "refused";
}

TEST(Appraise, AChipIsAcceptedByAnyOfItsNamesWhole) {
  Findings f = good();
  f.facts.chip_check = &kChip;
  Buffer turin(64, 0);
  std::fill_n(turin.begin(), 8, std::uint8_t{7});
  Policy policy;
  policy.chips = std::vector<Buffer>{Buffer(8, 7), Buffer(16, 9)};
  EXPECT_EQ(appraise(f, policy, all(), {}).verdict, Verdict::kUndetermined) << "no chip is stated";
  f.facts.chips = {turin};
  EXPECT_EQ(failed(f, policy), Ids{});
  turin[8] = 7;  // another chip, whose id begins alike
  f.facts.chips = {turin};
  EXPECT_EQ(failed(f, policy), Ids{"x.chip.accepted"});
  f.facts.chips = {turin, Buffer(16, 9)};
  EXPECT_EQ(failed(f, policy), Ids{});
  policy.chips = std::vector<Buffer>{};
  EXPECT_EQ(failed(f, policy), Ids{"x.chip.accepted"});
}

}  // namespace
}  // namespace ward::attest
