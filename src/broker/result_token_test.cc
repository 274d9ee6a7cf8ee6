#include "broker/result_token.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "codec/json.h"

namespace ward::broker {
namespace {

using attest::Outcome;

const attest::CheckInfo kForm{"a.form", "section 1", "", "make it again"};
const attest::CheckInfo kPart{"a.part", "section 2", "", "look at it"};

attest::Check check_of(const attest::CheckInfo& info, Outcome outcome, std::string found,
                       std::string expected = "good") {
  return {.info = &info,
          .outcome = outcome,
          .found = std::move(found),
          .expected = std::move(expected)};
}

std::vector<token::EarCheck> checks_of(std::vector<attest::Check> checks) {
  attest::Appraisal appraisal;
  appraisal.tee = "sgx";
  appraisal.checks = std::move(checks);
  const auto submod = submod_of(appraisal, {.policy_id = "p"});
  EXPECT_TRUE(submod);
  return submod ? submod->checks : std::vector<token::EarCheck>{};
}

TEST(ResultToken, has_of_checks_that_passed_the_ids_alone) {
  const auto checks =
      checks_of({check_of(kForm, Outcome::kPassed, "1"), check_of(kPart, Outcome::kNotDone, "2")});
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0].id, "a.form");
  EXPECT_EQ(checks[0].outcome, "passed");
  EXPECT_EQ(checks[0].found + checks[0].expected + checks[0].expected_from + checks[0].reference +
                checks[0].hint,
            "");
  EXPECT_EQ(checks[1].outcome, "not_done");
  EXPECT_EQ(checks[1].found, "2");
  EXPECT_EQ(checks[1].expected, "good");
  EXPECT_EQ(checks[1].expected_from, "specification");
  EXPECT_EQ(checks[1].reference, "section 2");
  EXPECT_EQ(checks[1].hint, "look at it");
}

// Composite evidence has a check for each part.
TEST(ResultToken, has_each_check_once_and_passed_only_where_it_passed_each_time) {
  const struct {
    const char* name;
    std::vector<Outcome> outcomes;
    const char* outcome;
    const char* found;
  } cases[] = {
      {"all", {Outcome::kPassed, Outcome::kPassed}, "passed", ""},
      {"second_failed", {Outcome::kPassed, Outcome::kFailed, Outcome::kPassed}, "failed", "1"},
      {"first_failed", {Outcome::kFailed, Outcome::kPassed}, "failed", "0"},
      {"two_failed", {Outcome::kFailed, Outcome::kFailed}, "failed", "0; 1"},
      {"undone", {Outcome::kNotDone, Outcome::kPassed}, "not_done", "0"},
      {"undone_and_failed",
       {Outcome::kNotDone, Outcome::kFailed, Outcome::kNotDone},
       "failed",
       "0; 1; 2"},
  };

  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    std::vector<attest::Check> all;
    for (const Outcome outcome : one.outcomes) {
      all.push_back(check_of(kPart, outcome, std::to_string(all.size())));
    }
    const auto checks = checks_of(std::move(all));
    ASSERT_EQ(checks.size(), 1U);
    EXPECT_EQ(checks[0].outcome, one.outcome);
    EXPECT_EQ(checks[0].found, one.found);
    EXPECT_EQ(checks[0].expected, std::string(one.outcome) == "passed" ? "" : "good");
  }
}

TEST(ResultToken, has_the_report_data_beside_the_claims_of_the_tee_alone) {
  attest::Appraisal appraisal;
  appraisal.tee = "sgx";
  appraisal.checks = {check_of(kForm, Outcome::kPassed, "")};
  appraisal.facts.report_data = Buffer(2, 0xab);
  const auto claims_with = [&](const attest::ClaimValue& value) {
    appraisal.claims = {{"report_data", value}, {"other", Buffer(2, 0xab)}};
    const auto submod = submod_of(appraisal, {.policy_id = "p"});
    EXPECT_TRUE(submod);
    EXPECT_EQ(submod->report_data, Buffer(2, 0xab));
    return *codec::parse_json(as_bytes(submod->tee_claims_json));
  };
  const codec::JsonValue same = claims_with(Buffer(2, 0xab));
  EXPECT_EQ(same.find("report_data"), nullptr);
  EXPECT_EQ(same.find("other")->as_string(), "abab");
  EXPECT_EQ(claims_with(Buffer(2, 0xac)).find("report_data")->as_string(), "acac");
}

}  // namespace
}  // namespace ward::broker
