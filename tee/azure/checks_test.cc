// For every check of Azure's evidence, a synthetic machine that differs from a good one in that
// fact alone; and for those taken over from SEV-SNP, TDX and the TPM, that they come over as they
// are.
#include <algorithm>
#include <ostream>
#include <set>

#include <gtest/gtest.h>

#include "attest/field.h"
#include "attest/fields.h"
#include "tee/azure/made/cases.h"
#include "tee/azure/scheme.h"
#include "tee/azure/tables.h"
#include "tee/azure/verify.h"
#include "tee/snp/scheme.h"
#include "tee/tdx/scheme.h"
#include "tee/tpm/scheme.h"
#include "verifier/verifier.h"

namespace ward::azure::made {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;
using Ids = std::vector<std::string>;

const Azure& scheme() {
  static const Azure kAzure;
  return kAzure;
}

Appraisal judge(const Staged& staged, UnixTime now = kNow) {
  static const attest::Scheme* const kSchemes[] = {&scheme()};
  const verifier::Verifier verifier(kSchemes, {anchor_of(staged.stage)}, staged.stage.policy);
  auto out = verifier.appraise({.evidence = staged.evidence,
                                .collateral = staged.documents,
                                .now = now,
                                .expected = staged.stage.expected});
  return out ? *std::move(out) : Appraisal{};
}

Staged good(std::size_t face) { return play({.face = face}); }

std::string test_name(std::string text) {
  std::ranges::replace(text, '.', '_');
  return text;
}

TEST(AzureChecks, GoodEvidenceOfEveryFormIsAccepted) {
  for (std::size_t i = 0; i < std::size(kFaces); ++i) {
    SCOPED_TRACE(kFaces[i].name);
    const Appraisal a = judge(good(i));
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_TRUE(a.development);
    EXPECT_TRUE(a.genuine);
    EXPECT_TRUE(a.unchecked.empty());
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

class AzureCheck : public testing::TestWithParam<CaseOf> {};

TEST_P(AzureCheck, IsFailedByThisFactAlone) {
  const Case& c = GetParam().get();
  const std::string id = "azure." + c.id;
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
  return test_name(c.name + "__azure." + c.id + "__");
}

INSTANTIATE_TEST_SUITE_P(Every, AzureCheck, testing::ValuesIn(cases()), case_name);

// A check of another TEE's verifier, and of which.
struct Taken {
  const char* tee;
  const attest::CheckInfo* own;
  const attest::CheckInfo* other;
};

void PrintTo(const Taken& c, std::ostream* out) { *out << c.own->id; }

std::vector<Taken> taken() {
  static const snp::Snp kSnp;
  static const tdx::Tdx kTdx;
  static const tpm::Tpm kTpm;
  std::vector<Taken> out;
  for (const attest::Scheme* other :
       {static_cast<const attest::Scheme*>(&kSnp), static_cast<const attest::Scheme*>(&kTdx),
        static_cast<const attest::Scheme*>(&kTpm)}) {
    for (const attest::CheckInfo& check : other->info().checks) {
      const attest::CheckInfo* own = Tables::all().find(&check);
      if (own == nullptr || Tables::all().index(own) >= Tables::all().of_verifier().size())
        continue;
      out.push_back({other->info().name, own, &check});
    }
  }
  return out;
}

class AzureTaken : public testing::TestWithParam<Taken> {};

TEST_P(AzureTaken, ComesOverAsItIs) {
  const Taken& c = GetParam();
  EXPECT_EQ(c.own->id, std::string("azure.") + c.other->id);
  const auto one = [&](Outcome outcome, attest::NotDone not_done) {
    attest::Findings from{.tee = c.tee};
    from.checks.push_back({.info = c.other,
                           .outcome = outcome,
                           .not_done = not_done,
                           .found = "this",
                           .expected = "that"});
    attest::Findings out;
    const CheckList begun(Tables::all().of_verifier(), out.checks);
    take_over(from, out);
    return out.checks.at(Tables::all().index(c.own));
  };
  const attest::Check failed = one(Outcome::kFailed, attest::NotDone::kNone);
  EXPECT_EQ(failed.info, c.own);
  EXPECT_EQ(failed.outcome, Outcome::kFailed);
  EXPECT_EQ(failed.found, "this");
  EXPECT_EQ(failed.expected, "that");
  const attest::Check absent = one(Outcome::kNotDone, attest::NotDone::kAbsent);
  EXPECT_EQ(absent.outcome, Outcome::kNotDone);
  EXPECT_EQ(absent.not_done, attest::NotDone::kAbsent);
  EXPECT_EQ(one(Outcome::kNotDone, attest::NotDone::kBlocked).not_done, attest::NotDone::kBlocked);
  EXPECT_EQ(one(Outcome::kPassed, attest::NotDone::kNone).outcome, Outcome::kPassed);
}

std::string taken_name(const testing::TestParamInfo<Taken>& info) {
  return test_name(std::string("c__") + info.param.own->id + "__");
}

INSTANTIATE_TEST_SUITE_P(Every, AzureTaken, testing::ValuesIn(taken()), taken_name);

// What is left out is left out knowingly.
TEST(AzureChecks, OnlyWhatHasNoPlaceHereIsNotTakenOver) {
  std::set<std::string> left;
  for (const attest::CheckInfo& check : tdx::Tdx().info().checks) {
    if (Tables::all().find(&check) == nullptr) left.insert(check.id);
  }
  for (const attest::CheckInfo& check : snp::Snp().info().checks) {
    if (Tables::all().find(&check) == nullptr) left.insert(check.id);
  }
  for (const std::string& id : left) {
    const bool policy = id.ends_with(".expected") || id.ends_with(".accepted") ||
                        id.ends_with(".debug") || id.ends_with("platform.development") ||
                        id.starts_with("tdx.tcb.");
    EXPECT_TRUE(policy || id.starts_with("tdx.event_log.")) << id;
  }
}

// Field is one that a policy may demand values of.
class AzureField : public testing::TestWithParam<const attest::FieldInfo*> {};

// A value that a field of this form can have.
attest::ClaimValue some_value(const attest::FieldForm& form) {
  switch (form.kind) {
    case attest::FieldKind::kFlag:
      return true;
    case attest::FieldKind::kNumber:
    case attest::FieldKind::kBits:
      return std::uint64_t{1};
    case attest::FieldKind::kOctets:
      return Buffer(form.size == 0 ? 32 : form.size, 1);
    case attest::FieldKind::kVersion:
      return std::string("1.2.3");
    case attest::FieldKind::kWord:
      return std::string(form.words.front());
    case attest::FieldKind::kText:
    case attest::FieldKind::kItems:
      return std::string("a text");
  }
  return false;
}

TEST_P(AzureField, IsJudgedByTheValuesThatAPolicyNames) {
  const attest::FieldInfo& field = *GetParam();
  const std::string id = field.id;
  attest::Findings found{.tee = "azure"};
  found.facts.report_data = {1};
  found.claims = {{field.claim, some_value(field.form)}};
  attest::write_field_facts(Tables::all().of_fields(), Tables::all().fields(), found.claims,
                            found.facts.fields);
  const auto fact =
      std::ranges::find_if(found.facts.fields, [&](const auto& f) { return f.check->id == id; });
  ASSERT_NE(fact, found.facts.fields.end());
  ASSERT_EQ(fact->values.size(), 1U);
  const auto failed = [&](const attest::Policy& policy) {
    const Appraisal a = attest::appraise(found, policy, {}, kNow);
    const attest::Check* check = a.check(id);
    return check != nullptr && check->outcome == Outcome::kFailed;
  };
  attest::Policy policy;
  policy.refused_values[id] = {fact->values.front()};
  EXPECT_TRUE(failed(policy));
  policy.refused_values.clear();
  policy.accepted_values[id] = {fact->values.front()};
  EXPECT_FALSE(failed(policy));
}

std::vector<const attest::FieldInfo*> all_fields() {
  std::vector<const attest::FieldInfo*> out;
  for (const attest::FieldInfo& field : Tables::all().fields())
    out.push_back(&field);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Every, AzureField, testing::ValuesIn(all_fields()), [](const auto& f) {
  return test_name(std::string("f__") + f.param->id + "__");
});

// The evidence states them: each field has a value in some form, but for what needs a log, another
// processor or a newer module.
TEST(AzureChecks, TheEvidenceStatesTheFields) {
  std::set<std::string> stated;
  for (std::size_t i = 0; i < std::size(kFaces); ++i) {
    const Appraisal a = judge(good(i));
    for (const attest::FieldFact& fact : a.facts.fields) {
      for (const std::string& value : fact.values)
        EXPECT_TRUE(attest::is_possible(fact.form, value)) << fact.check->id << " " << value;
      if (!fact.values.empty()) stated.insert(fact.check->id);
    }
  }
  for (const attest::FieldInfo& field : Tables::all().fields()) {
    const std::string_view id = field.id;
    const bool elsewhere = id.starts_with("azure.tpm.event_log.") ||
                           id.starts_with("azure.tpm.ima_log.") || id.ends_with("_tcb.fmc") ||
                           id == "azure.snp.vek.csp";
    EXPECT_EQ(stated.contains(field.id), !elsewhere) << id;
  }
}

}  // namespace
}  // namespace ward::azure::made
