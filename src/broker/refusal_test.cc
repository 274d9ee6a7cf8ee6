#include "broker/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

attest::Check check(CheckId id, attest::NotDone not_done = attest::NotDone::kNone) {
  const bool failed = not_done == attest::NotDone::kNone;
  return {.info = &check_info(id),
          .outcome = failed ? attest::Outcome::kFailed : attest::Outcome::kNotDone,
          .not_done = not_done};
}

TEST(Refusal, names_what_failed_and_what_was_not_done_apart) {
  const Refusal refusal = refuse_checks(
      "x", {check(CheckId::kReleaseTcb), check(CheckId::kReleaseDebug),
            check(CheckId::kReleaseRego, attest::NotDone::kBlocked), check(CheckId::kReleaseRule)});
  EXPECT_EQ(refusal.body.detail,
            std::string("kbs.release.tcb_status: ") + check_info(CheckId::kReleaseTcb).meaning +
                " Failed too: kbs.release.debug, kbs.release.rule. Not done: kbs.release.rego.");
  EXPECT_THAT(refusal.checks, ElementsAre("kbs.release.tcb_status", "kbs.release.debug",
                                          "kbs.release.rego", "kbs.release.rule"));
}

TEST(Refusal, of_what_was_not_done_says_so_and_not_what_would_be_wrong) {
  for (const auto& [not_done, text] :
       std::initializer_list<std::pair<attest::NotDone, const char*>>{
           {attest::NotDone::kNotAsked, "nobody asked for it"},
           {attest::NotDone::kBlocked, "another check failed before"},
           {attest::NotDone::kAbsent, "something that it needs is missing"}}) {
    const Refusal refusal = refuse_checks("x", {check(CheckId::kInitData, not_done)});
    EXPECT_THAT(refusal.body.detail, HasSubstr(text));
    EXPECT_THAT(refusal.body.detail, Not(HasSubstr(check_info(CheckId::kInitData).meaning)));
  }
}

TEST(Refusal, of_evidence_that_cannot_be_read_blames_no_other_member) {
  const Refusal refusal = refuse(401, "AttestationError", CheckId::kEvidenceForm,
                                 "evidence: additional_evidence is no JSON object");
  EXPECT_THAT(refusal.body.detail, HasSubstr("additional_evidence"));
  EXPECT_THAT(refusal.body.detail, Not(HasSubstr("primary_evidence")));
}

}  // namespace
}  // namespace ward::broker
