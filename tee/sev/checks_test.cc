// For every check of evidence of SEV's first generation, in every form of it, a made platform that
// differs from a good one in that fact alone.
#include <algorithm>
#include <ostream>

#include <gtest/gtest.h>

#include "tee/sev/made/cases.h"
#include "test/sev_fixture/fixture.h"

namespace ward::sev::made {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;
using Ids = std::vector<std::string>;

Appraisal run(const Case& c, const Face& face) {
  Stage s = good_stage(face);
  c.before(s);
  Given g = given(s);
  c.after(g);
  return judge(g);
}

TEST(SevChecks, TheGoodPlatformPassesEveryCheckInEveryForm) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    const Appraisal a = judge(given(good_stage(face)));
    EXPECT_EQ(a.failed(), Ids{});
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_TRUE(a.development);
    // What a face does not have is not looked at: a PDH beside a report, a signature of a root that
    // is published without one.
    const std::string absent = face.certificates ? "sev.ark.signature" : "sev.pdh.signature";
    for (const attest::Check& c : a.checks) {
      EXPECT_EQ(c.outcome, c.info->id == absent ? Outcome::kNotDone : Outcome::kPassed)
          << c.info->id;
    }
    EXPECT_EQ(a.warnings.size(), 3U);
  }
}

struct FaceCase {
  Face face;
  Case wrong;
  std::size_t number = 0;

  [[nodiscard]] std::string id() const { return std::string("sev.") + wrong.id; }
};

std::vector<FaceCase> of_every_face(const std::vector<Case>& cases) {
  std::vector<FaceCase> out;
  for (const Face& face : kFaces) {
    for (const Case& c : cases) {
      if (c.of(face)) out.push_back({face, c, out.size()});
    }
  }
  return out;
}

std::string case_name(const testing::TestParamInfo<FaceCase>& info) {
  std::string out =
      info.param.face.name + ("__" + info.param.id()) + "__" + std::to_string(info.param.number);
  std::ranges::replace(out, '.', '_');
  return out;
}

void PrintTo(const FaceCase& c, std::ostream* out) { *out << c.face.name << " " << c.id(); }

class WrongSevFact : public testing::TestWithParam<FaceCase> {};

TEST_P(WrongSevFact, FailsItsCheckAlone) {
  const Appraisal a = run(GetParam().wrong, GetParam().face);
  EXPECT_EQ(a.failed(), Ids{GetParam().id()});
  EXPECT_EQ(a.verdict, Verdict::kRefused);
}

INSTANTIATE_TEST_SUITE_P(Sev, WrongSevFact, testing::ValuesIn(of_every_face(failing_cases())),
                         case_name);

class AbsentSevDocument : public testing::TestWithParam<FaceCase> {};

TEST_P(AbsentSevDocument, IsNamedByItsOwnCheck) {
  const Appraisal a = run(GetParam().wrong, GetParam().face);
  EXPECT_EQ(a.failed(), Ids{});
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  ASSERT_NE(a.check(GetParam().id()), nullptr);
  EXPECT_EQ(a.check(GetParam().id())->not_done, attest::NotDone::kAbsent);
}

INSTANTIATE_TEST_SUITE_P(Sev, AbsentSevDocument, testing::ValuesIn(of_every_face(absent_cases())),
                         case_name);

// An unsigned root counts where its key is pinned.
TEST(SevChecks, AnUnsignedRootThatIsNotPinnedIsRefused__sev_ark_root__unsigned) {
  for (const Face& face : kFaces) {
    if (!face.unsigned_root) continue;
    Given g = given(good_stage(face));
    g.anchor.spki_sha256[0] ^= 1U;
    EXPECT_EQ(judge(g).failed(), Ids{"sev.ark.root"});
  }
}

// FieldCase is one field of one face.
struct FieldCase {
  Face face;
  const attest::FieldInfo* field;
};

std::vector<FieldCase> field_cases() {
  std::vector<FieldCase> out;
  for (const Face& face : kFaces) {
    for (const attest::FieldInfo& field : scheme().info().fields) {
      out.push_back({face, &field});
    }
  }
  return out;
}

std::string field_name(const testing::TestParamInfo<FieldCase>& info) {
  std::string out = info.param.face.name + ("__" + std::string(info.param.field->id)) + "__field";
  std::ranges::replace(out, '.', '_');
  return out;
}

void PrintTo(const FieldCase& c, std::ostream* out) { *out << c.face.name << " " << c.field->id; }

std::string another(const attest::FieldForm& form, const std::string& value) {
  using attest::FieldKind;
  if (form.kind == FieldKind::kFlag) return value == "true" ? "false" : "true";
  if (form.kind == FieldKind::kNumber) return value == "1" ? "2" : "1";
  if (form.kind == FieldKind::kOctets) return std::string(2 * form.size, '7');
  return form.kind == FieldKind::kVersion ? "9.9" : "another";
}

class SevField : public testing::TestWithParam<FieldCase> {};

TEST_P(SevField, FailsItsCheckAloneWhereThePolicyNamesAnotherValue) {
  const attest::FieldInfo& field = *GetParam().field;
  Given g = given(good_stage(GetParam().face));
  const attest::Facts facts = judge(g).facts;
  const auto fact = std::ranges::find_if(
      facts.fields, [&](const auto& f) { return std::string_view(f.check->id) == field.id; });
  ASSERT_NE(fact, facts.fields.end());
  if (fact->values.empty()) {  // the id of an unsigned root names no line
    EXPECT_TRUE(GetParam().face.unsigned_root) << field.id;
    return;
  }
  g.policy.accepted_values[field.id] = fact->values;
  EXPECT_EQ(judge(g).failed(), Ids{});
  g.policy.accepted_values[field.id] = {another(field.form, fact->values.front())};
  EXPECT_EQ(judge(g).failed(), Ids{field.id});
}

INSTANTIATE_TEST_SUITE_P(Sev, SevField, testing::ValuesIn(field_cases()), field_name);

}  // namespace
}  // namespace ward::sev::made
