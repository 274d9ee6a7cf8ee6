#include "explain/explanation.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "explain/compare.h"
#include "explain/tree.h"

namespace ward::explain {
namespace {

using attest::CheckInfo;
using attest::Outcome;

constexpr std::int64_t kDay = 86400;
constexpr CheckInfo kStatus{"x.tcb.status", "SPEC 1", "The status is not accepted.", "Update."};
constexpr CheckInfo kPresent{"x.crl.present", "SPEC 2", "There is no list.", "Get it."};
constexpr CheckInfo kUntil{"x.crl.next_update", "SPEC 3", "The list has expired.",
                           "Get a new one."};
constexpr CheckInfo kRoot{"x.chain.root", "SPEC 4", "The root is not trusted.", "Refuse it."};
constexpr CheckInfo kField{"x.report.field", "SPEC 5", "The value is not accepted.", "Compare."};
constexpr CheckInfo kSignature{"x.report.signature", "SPEC 6", "It is not signed.", "Refuse it."};

attest::Check failed(const CheckInfo& info, std::string found = "",
                     attest::Origin origin = attest::Origin::kPolicy, std::string from = "") {
  return {.info = &info,
          .outcome = Outcome::kFailed,
          .found = std::move(found),
          .origin = origin,
          .expected_from = std::move(from)};
}

Explanation of(std::vector<attest::Check> checks, attest::Work work = {},
               const attest::Policy& policy = {}) {
  attest::Appraisal a;
  a.tee = "x";
  a.genuine = true;
  a.checks = std::move(checks);
  a.verdict = attest::verdict_of(a.checks);
  a.tcb = {.status = "OutOfDate",
           .advisories = {"A-1"},
           .parts = {{"TCB info", "OutOfDate", {"A-1"}}},
           .behind = {"microcode is 1, not 2"}};
  a.facts.tcb_status_check = &kStatus;
  a.facts.fields = {{.check = &kField, .values = {"7"}}};
  return explain(std::move(a), std::move(work),
                 {{"x.crl", "", "x.crl.present", "https://maker.invalid/crl"},
                  {"x.chain", "", "x.chain.present", ""}},
                 policy);
}

std::vector<std::string> of_kind(const Explanation& e, AdviceKind kind) {
  std::vector<std::string> out;
  for (const Advice& advice : e.advice) {
    if (advice.kind == kind) out.push_back(advice.what);
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(Advice, WhatPassedNeedsNone) {
  EXPECT_TRUE(of({{.info = &kStatus, .outcome = Outcome::kPassed}}).advice.empty());
  EXPECT_TRUE(of({{.info = &kStatus, .not_done = attest::NotDone::kBlocked}}).advice.empty());
}

TEST(Advice, AStatusNamesWhatIsMissingAndWhatAcceptingItMeans) {
  const Explanation e = of({failed(kStatus, "OutOfDate")});
  EXPECT_EQ(of_kind(e, AdviceKind::kUpdate), Texts{"microcode is 1, not 2"});
  const Texts accept = of_kind(e, AdviceKind::kAccept);
  ASSERT_EQ(accept.size(), 2U);
  EXPECT_EQ(accept[0], "--accept-tcb OutOfDate");
  EXPECT_NE(e.advice[1].meaning.find("A-1"), std::string::npos);
}

TEST(Advice, RevokedIsNeverAdvisedToBeAccepted) {
  attest::Appraisal a;
  a.checks = {failed(kStatus, "Revoked")};
  a.tcb.status = "Revoked";
  a.facts.tcb_status_check = &kStatus;
  EXPECT_TRUE(of_kind(explain(std::move(a), {}, {}, {}), AdviceKind::kAccept).empty());
}

TEST(Advice, AMissingOrExpiredDocumentHasItsAddress) {
  for (const auto& check : {attest::Check{.info = &kPresent, .not_done = attest::NotDone::kAbsent},
                            failed(kUntil, "2026", attest::Origin::kCaller, "time of appraisal")}) {
    EXPECT_EQ(of_kind(of({check}), AdviceKind::kFetch), Texts{"https://maker.invalid/crl"})
        << check.info->id;
  }
  EXPECT_TRUE(of_kind(of({failed(kRoot)}), AdviceKind::kFetch).empty()) << "nobody serves it";
}

TEST(Advice, AStatusOfAPartWithoutAdvisoriesCannotBeTolerated) {
  Explanation e = of({failed(kStatus, "OutOfDate")});
  attest::Appraisal a = e.appraisal;
  a.tcb.parts.push_back({"QE identity", "OutOfDate", {}});
  EXPECT_EQ(of_kind(explain(a, {}, {}, {}), AdviceKind::kAccept), Texts{"--accept-tcb OutOfDate"});
  a.tcb.parts.back().status = "UpToDate";
  EXPECT_EQ(of_kind(explain(a, {}, {}, {}), AdviceKind::kAccept).size(), 2U);
}

TEST(Advice, OfEvidenceThatIsNotGenuineNothingIsToBeAccepted) {
  for (const CheckInfo& info : {kStatus, kField}) {
    attest::Appraisal a = of({failed(info, "7")}).appraisal;
    a.genuine = false;
    EXPECT_TRUE(of_kind(explain(a, {}, {}, {}), AdviceKind::kAccept).empty()) << info.id;
  }
}

TEST(Advice, AFieldIsAcceptedByWhatItsDemandIs) {
  const auto accept = [](const attest::Policy& policy) {
    return of_kind(of({failed(kField, "7")}, {}, policy), AdviceKind::kAccept);
  };
  const std::string id = kField.id;
  EXPECT_EQ(accept({.minimum_values = {{id, "9"}}}),
            Texts{"--min-value x.report.field=7 instead of 9"});
  EXPECT_EQ(accept({.refused_values = {{id, {"7"}}}}),
            Texts{"leave out --refuse-value x.report.field=7"});
  EXPECT_EQ(
      accept({.accepted_values = {{id, {"8"}}}, .minimum_values = {{id, "9"}}}),
      (Texts{"--min-value x.report.field=7 instead of 9", "--accept-value x.report.field=7"}));
}

TEST(Advice, AValueIsAcceptedByNameASignatureByNothing) {
  EXPECT_EQ(of_kind(of({failed(kField, "7")}), AdviceKind::kAccept),
            Texts{"--accept-value x.report.field=7"});
  EXPECT_TRUE(of_kind(of({failed(kSignature)}), AdviceKind::kAccept).empty());
}

TEST(Advice, ARootThatIsNotPinnedCanBeNamed) {
  attest::Work work;
  work.digests.push_back({.check = &kRoot, .holds = false});
  EXPECT_EQ(of_kind(of({failed(kRoot)}, work), AdviceKind::kAccept).size(), 1U);
  work.digests[0].holds = true;
  EXPECT_TRUE(of_kind(of({failed(kRoot)}, work), AdviceKind::kAccept).empty());
}

TEST(DaysLeft, AreWholeDaysAndNegativeOnceItHasEnded) {
  const auto left = [](std::int64_t seconds) {
    return days_left({.until = UnixTime{seconds}}, UnixTime{0});
  };
  EXPECT_EQ(left(0), 0);
  EXPECT_EQ(left(kDay - 1), 0);
  EXPECT_EQ(left(kDay), 1);
  EXPECT_EQ(left(-1), -1);
  EXPECT_EQ(left(-kDay), -1);
  EXPECT_EQ(left(-kDay - 1), -2);
  EXPECT_FALSE(days_left({}, UnixTime{0}).has_value());
}

TEST(Validity, IsToldFromTheTimeOfAppraisal) {
  const attest::Material m{.from = UnixTime{0}, .until = UnixTime{10 * kDay}};
  EXPECT_EQ(validity_text(m, UnixTime{9 * kDay}), "1970-01-01 to 1970-01-11, 1 day left");
  EXPECT_EQ(validity_text(m, UnixTime{12 * kDay}), "1970-01-01 to 1970-01-11, ended 2 days ago");
  EXPECT_EQ(validity_text(m, UnixTime{-1}), "1970-01-01 to 1970-01-11, not yet begun");
  EXPECT_EQ(validity_text({.from = UnixTime{0}}, UnixTime{1}), "1970-01-01 to ever");
  EXPECT_EQ(validity_text({}, UnixTime{1}), "");
}

TEST(Tree, NothingOfItControlsATerminal) {
  attest::Work work;
  work.add({.kind = attest::MaterialKind::kDocument,
            .object = "crl",
            .title = "a\x1b[2Jb",
            .name = "c\nd\xff"});
  const std::string text = tree(of({failed(kStatus, "e\x07")}, work));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
  EXPECT_NE(text.find("c?d\\xff"), std::string::npos);
}

TEST(Compare, NothingChangedIsSaid) {
  const Explanation e = of({failed(kStatus, "OutOfDate")});
  EXPECT_TRUE(changes(e, e).empty());
  EXPECT_NE(comparison_text(e, e).find("nothing changed"), std::string::npos);
}

TEST(Compare, ChecksTcbAndDocumentsAreTold) {
  attest::Work first;
  first.add({.kind = attest::MaterialKind::kDocument, .object = "crl", .name = "a", .bytes = {1}});
  attest::Work second;
  second.add({.kind = attest::MaterialKind::kDocument, .object = "crl", .name = "b", .bytes = {2}});
  Explanation then = of({{.info = &kUntil, .outcome = Outcome::kPassed}}, first);
  Explanation now = of({failed(kUntil, "2026")}, second);
  now.appraisal.tcb.advisories = {"A-1", "A-2"};
  const auto all = changes(then, now);
  Texts what;
  for (const Change& change : all)
    what.push_back(change.what);
  EXPECT_EQ(what, (Texts{"verdict", "x.crl.next_update", "tcb.advisories", "crl"}));
  EXPECT_NE(all[1].why.find("The list has expired."), std::string::npos);
  EXPECT_EQ(all[2].now, "A-1, A-2");
  now.appraisal.tcb.status.reset();
  EXPECT_EQ(changes(then, now)[2].what, "tcb.status");
  EXPECT_EQ(changes(then, now).size(), 4U) << "what nobody judges has no date or advisories";
}

}  // namespace
}  // namespace ward::explain
