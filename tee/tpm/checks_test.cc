// For every check of a TPM's quote, a synthetic one that differs from a good one in that fact
// alone.
#include <algorithm>
#include <ostream>
#include <set>

#include <gtest/gtest.h>

#include "attest/field.h"
#include "tee/tpm/made/cases.h"
#include "tee/tpm/scheme.h"
#include "verifier/verifier.h"

namespace ward::tpm::stage {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;
using Ids = std::vector<std::string>;

const Tpm& scheme() {
  static const Tpm kTpm;
  return kTpm;
}

Appraisal judge(const Staged& staged, UnixTime now = kNow) {
  static const attest::Scheme* const kSchemes[] = {&scheme()};
  attest::Anchor anchor = anchor_of(staged.scene.stage);
  anchor.development = !staged.scene.root_of_hardware;
  const verifier::Verifier verifier(kSchemes, {anchor}, staged.scene.policy);
  auto out = verifier.appraise({.evidence = staged.evidence,
                                .collateral = staged.documents,
                                .now = now,
                                .expected = staged.scene.expected});
  return out ? *std::move(out) : Appraisal{};
}

Staged good(std::size_t face) { return play({.face = face}); }

std::string test_name(std::string text) {
  std::ranges::replace(text, '.', '_');
  return text;
}

// Checks of parts that a face does not have.
bool is_optional(std::string_view id, const Face& face) {
  const bool log = id.starts_with("tpm.event_log.") || id.starts_with("tpm.ima_log.");
  const bool chain = id.starts_with("tpm.ak_chain.") || id.starts_with("tpm.ak_certificate.") ||
                     id.starts_with("tpm.crl.");
  return (log && !face.logs) || (chain && face.trust == Trust::kKey) ||
         (id == "tpm.ak.attributes" && face.form == Form::kTrustee);
}

TEST(TpmChecks, AGoodQuotePassesEveryCheckOfItsForm) {
  for (std::size_t i = 0; i < std::size(kFaces); ++i) {
    SCOPED_TRACE(kFaces[i].name);
    const Appraisal a = judge(good(i));
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_TRUE(a.development);
    EXPECT_TRUE(a.unchecked.empty());
    for (const attest::Check& c : a.checks) {
      const bool optional = is_optional(c.info->id, kFaces[i]);
      EXPECT_EQ(c.outcome, optional ? Outcome::kNotDone : Outcome::kPassed) << c.info->id;
      EXPECT_EQ(c.not_done == attest::NotDone::kNotAsked, optional) << c.info->id;
    }
  }
}

// CaseOf is one of all_cases().
struct CaseOf {
  std::size_t number;

  [[nodiscard]] const Case& get() const { return all_cases()[number]; }
};

void PrintTo(const CaseOf& c, std::ostream* out) { *out << c.get().name; }

std::vector<CaseOf> cases() {
  std::vector<CaseOf> out;
  while (out.size() < all_cases().size())
    out.push_back({out.size()});
  return out;
}

class TpmCheck : public testing::TestWithParam<CaseOf> {};

TEST_P(TpmCheck, IsFailedByThisFactAlone) {
  const Case& c = GetParam().get();
  const std::string id = "tpm." + c.id;
  const Appraisal a = judge(play(c));
  EXPECT_EQ(a.verdict, c.open ? Verdict::kUndetermined : Verdict::kRefused) << attest::summary(a);
  EXPECT_EQ(a.failed(), c.open ? Ids{} : Ids{id});
  ASSERT_NE(a.check(id), nullptr);
  EXPECT_EQ(a.check(id)->outcome, c.open ? Outcome::kNotDone : Outcome::kFailed);
  EXPECT_EQ(a.check(id)->not_done == attest::NotDone::kAbsent, c.open);
  EXPECT_FALSE(a.check(id)->expected.empty());
}

std::string case_name(const testing::TestParamInfo<CaseOf>& info) {
  const Case& c = info.param.get();
  return test_name(c.name + "__tpm." + c.id + "__");
}

INSTANTIATE_TEST_SUITE_P(Every, TpmCheck, testing::ValuesIn(cases()), case_name);

struct FieldCase {
  std::size_t face;
  const attest::FieldInfo* field;
};

void PrintTo(const FieldCase& c, std::ostream* out) { *out << c.field->id; }

std::vector<FieldCase> field_cases() {
  std::vector<FieldCase> out;
  for (std::size_t i = 0; i < std::size(kFaces); ++i) {
    for (const attest::FieldInfo& field : scheme().info().fields)
      out.push_back({i, &field});
  }
  return out;
}

class TpmField : public testing::TestWithParam<FieldCase> {};

TEST_P(TpmField, IsJudgedByTheValuesThatAPolicyNames) {
  const auto& [face, info] = GetParam();
  const std::string id = info->id;
  Staged staged = good(face);
  const Appraisal plain = judge(staged);
  const auto& facts = plain.facts.fields;
  const auto field =
      std::ranges::find_if(facts, [&](const attest::FieldFact& f) { return id == f.check->id; });
  ASSERT_NE(field, facts.end());
  attest::Policy& policy = staged.scene.policy;
  if (field->values.empty()) {
    policy.accepted_values[id] = {"1"};
    const Appraisal a = judge(staged);
    EXPECT_EQ(a.verdict, Verdict::kUndetermined);
    EXPECT_EQ(a.check(id)->not_done, attest::NotDone::kAbsent);
    return;
  }
  for (const std::string& value : field->values)
    EXPECT_TRUE(attest::is_possible(field->form, value)) << value;
  policy.accepted_values[id] = field->values;
  EXPECT_EQ(judge(staged).verdict, Verdict::kAccepted);
  policy.accepted_values.clear();
  policy.refused_values[id] = {field->values.front()};
  const Appraisal refused = judge(staged);
  EXPECT_EQ(refused.verdict, Verdict::kRefused);
  EXPECT_EQ(refused.failed(), Ids{id});
}

std::string field_name(const testing::TestParamInfo<FieldCase>& info) {
  return test_name(kFaces[info.param.face].name + ("__" + std::string(info.param.field->id)) +
                   "__");
}

INSTANTIATE_TEST_SUITE_P(Every, TpmField, testing::ValuesIn(field_cases()), field_name);

TEST(TpmChecks, NoCheckIsWithoutACase) {
  std::set<std::string> covered;
  for (const Case& c : all_cases())
    covered.insert("tpm." + c.id);
  for (const attest::FieldInfo& field : scheme().info().fields)
    covered.insert(field.id);
  for (const attest::CheckInfo& info : scheme().info().checks)
    EXPECT_TRUE(covered.contains(info.id)) << info.id;
}

TEST(TpmChecks, APolicyThatLeansOnAResettablePcrIsWarned) {
  Staged staged = good(0);
  EXPECT_TRUE(judge(staged).warnings.empty());
  staged.scene.policy.accepted_values["tpm.pcr.16"] = {std::string(64, '0')};
  const Appraisal a = judge(staged);
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  ASSERT_EQ(a.warnings.size(), 1U);
  EXPECT_NE(a.warnings[0].find("tpm.pcr.16"), std::string::npos);
}

}  // namespace
}  // namespace ward::tpm::stage
