// For every check of Arm CCA evidence, in every form, a development platform that differs from a
// good one in that fact alone.
#include <algorithm>
#include <ostream>
#include <set>

#include <gtest/gtest.h>

#include "attest/field.h"
#include "tee/cca/made/stage.h"
#include "tee/cca/scheme.h"

namespace ward::cca {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;
using made::Form;
using made::Stage;
using Ids = std::vector<std::string>;

struct Case {
  const char* check;
  const char* name;
  void (*change)(Stage&);
};

attest::Expected other(std::size_t size) { return std::vector<Buffer>{Buffer(size, 7)}; }

constexpr Case kCases[] = {
    {"platform_token.form", "short_implementation_id",
     [](Stage& s) { s.implementation_id.pop_back(); }},
    {"platform_token.form", "no_components", [](Stage& s) { s.components.clear(); }},
    {"platform_token.form", "short_challenge", [](Stage& s) { s.challenge = Buffer(31); }},
    {"platform_token.form", "lifecycle_too_large", [](Stage& s) { s.lifecycle = 0x10000; }},
    {"platform_token.form", "no_cbor",
     [](Stage& s) { s.change_platform = [](Buffer& p) { p.clear(); }; }},
    {"platform_token.profile", "of_2024",
     [](Stage& s) { s.platform_profile = "tag:arm.com,2024:cca_platform#2.0.0"; }},
    {"platform_token.profile", "empty", [](Stage& s) { s.platform_profile.clear(); }},
    {"platform_token.instance_id", "another_kind", [](Stage& s) { s.instance_id[0] = 2; }},
    {"platform_token.lifecycle", "unknown", [](Stage& s) { s.lifecycle = 0x0000; }},
    {"platform_token.lifecycle", "assembly", [](Stage& s) { s.lifecycle = 0x1000; }},
    {"platform_token.lifecycle", "provisioning", [](Stage& s) { s.lifecycle = 0x2001; }},
    {"platform_token.lifecycle", "decommissioned", [](Stage& s) { s.lifecycle = 0x60ff; }},
    {"platform_token.lifecycle", "no_state", [](Stage& s) { s.lifecycle = 0x3100; }},
    {"platform_key.root", "not_named", [](Stage& s) { s.anchors.clear(); }},
    {"platform_token.signature", "by_another", [](Stage& s) { s.cpak = &made::stranger(); }},
    {"platform_token.signature", "by_the_realm", [](Stage& s) { s.cpak = s.rak; }},
    {"realm_token.form", "short_challenge", [](Stage& s) { s.realm_challenge.pop_back(); }},
    {"realm_token.form", "three_measurements", [](Stage& s) { s.extensible.pop_back(); }},
    {"realm_token.form", "short_personalization",
     [](Stage& s) { s.personalization_value.pop_back(); }},
    {"realm_token.form", "no_key", [](Stage& s) { s.realm_key = Buffer(); }},
    {"realm_token.profile", "unknown",
     [](Stage& s) {
       s.realm_key = Buffer(97, 4);
       s.realm_profile = "tag:arm.com,2024:realm#2.0.0";
     }},
    {"realm_token.public_key", "no_key", [](Stage& s) { s.realm_key = Buffer{0xa0}; }},
    {"realm_token.public_key", "not_on_the_curve",
     [](Stage& s) { s.realm_key = s.realm_profile ? Buffer{0xa0} : Buffer(97, 4); }},
    {"realm_token.signature", "by_another",
     [](Stage& s) {
       const auto& key = made::rak().public_key();
       s.realm_key =
           s.realm_profile ? *token::write_cose_key(key) : concat({Buffer{4}, key.to_ec_xy()});
       s.rak = &made::stranger();
     }},
    {"realm_key.bound", "another_challenge", [](Stage& s) { s.challenge = Buffer(64, 7); }},
    {"realm_key.bound", "cut_challenge",
     [](Stage& s) {
       s.realm_key_hash_algo_id = "sha-512";
       s.challenge = Buffer(32, 7);
     }},
    {"realm_key.bound", "unknown_algorithm",
     [](Stage& s) { s.realm_key_hash_algo_id = "sha3-512"; }},
    {"platform.debug", "of_the_realm_world", [](Stage& s) { s.lifecycle = 0x4001; }},
    {"platform.debug", "of_the_root_of_trust", [](Stage& s) { s.lifecycle = 0x5000; }},
    {"report_data.expected", "another", [](Stage& s) { s.expected.report_data = other(64); }},
    {"measurement.expected", "another", [](Stage& s) { s.expected.measurement = other(64); }},
    {"measurement.expected", "shorter",
     [](Stage& s) {
       s.expected.measurement = std::vector<Buffer>{
           Buffer(s.initial_measurement.begin(), s.initial_measurement.begin() + 32)};
     }},
    {"workload.expected", "another", [](Stage& s) { s.expected.workload = other(64); }},
    {"chip.accepted", "another",
     [](Stage& s) { s.policy.chips = std::vector<Buffer>{Buffer(33, 1)}; }},
    {"platform.development", "not_allowed", [](Stage& s) { s.policy.allow_development = false; }}};

constexpr Form kForms[] = {Form::kProfile, Form::kEarly, Form::kJson};

std::string id_of(const Case& c) { return std::string("cca.") + c.check; }

std::string underscored(std::string text) {
  std::ranges::replace(text, '.', '_');
  return text;
}

void PrintTo(const Case& c, std::ostream* out) { *out << c.check << " " << c.name; }

class WrongCcaFact : public testing::TestWithParam<Case> {};

TEST_P(WrongCcaFact, FailsItsCheckAlone) {
  for (const Form form : kForms) {
    SCOPED_TRACE(int{static_cast<std::uint8_t>(form)});
    Stage s = made::good_stage(form);
    GetParam().change(s);
    const Appraisal a = made::judge(s);
    EXPECT_EQ(a.failed(), Ids{id_of(GetParam())});
    EXPECT_EQ(a.verdict, Verdict::kRefused);
  }
}

INSTANTIATE_TEST_SUITE_P(Cca, WrongCcaFact, testing::ValuesIn(kCases), [](const auto& c) {
  return "c__" + underscored(id_of(c.param)) + "__" + c.param.name;
});

TEST(CcaChecks, TheGoodPlatformPassesEveryCheckInEveryForm) {
  for (const Form form : kForms) {
    Stage s = made::good_stage(form);
    s.policy.chips = std::vector<Buffer>{s.instance_id};
    const Appraisal a = made::judge(s);
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_TRUE(a.development);
    EXPECT_TRUE(a.notes.empty());
    for (const attest::Check& c : a.checks) {
      EXPECT_EQ(c.outcome, Outcome::kPassed) << c.info->id;
    }
  }
}

TEST(CcaChecks, NoKey__cca_platform_key_present__IsAbsent) {
  Stage s = made::good_stage();
  s.collateral.documents.clear();
  const Appraisal a = made::judge(s);
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(a.check("cca.platform_key.present")->not_done, attest::NotDone::kAbsent);
}

TEST(CcaChecks, OtherOctets__cca_token_form__AreNoToken) {
  const Stage s = made::good_stage();
  const Buffer token = made::make(s);
  Buffer behind = token;
  behind.push_back(0);
  EXPECT_EQ(made::judge(s, behind).failed(), Ids{"cca.token.form"});
  EXPECT_EQ(made::judge(s, Bytes(token).first(100)).failed(), Ids{"cca.token.form"});
  EXPECT_EQ(made::judge(s, as_bytes("{\"token\":[1,2]}")).failed(), Ids{"cca.token.form"});
  EXPECT_EQ(made::judge(s, as_bytes("{\"token\":[256]}")).failed(), Ids{"cca.token.form"});
}

std::string another(const attest::FieldForm& form, const std::string& value) {
  if (form.kind == attest::FieldKind::kBits) return value == "1" ? "2" : "1";
  if (form.kind == attest::FieldKind::kOctets) return std::string(2 * form.size, '7');
  return "another";
}

class CcaField : public testing::TestWithParam<attest::FieldInfo> {};

TEST_P(CcaField, IsJudgedByTheValuesThatAPolicyNames) {
  const char* id = GetParam().id;
  Stage s = made::good_stage();
  const Buffer evidence = made::make(s);
  const attest::Facts facts = made::judge(s, evidence).facts;
  const auto field = std::ranges::find_if(
      facts.fields, [&](const auto& f) { return std::string_view(f.check->id) == id; });
  ASSERT_NE(field, facts.fields.end());
  ASSERT_FALSE(field->values.empty());
  for (const std::string& value : field->values) {
    EXPECT_TRUE(attest::is_possible(field->form, value)) << value;
  }
  s.policy.accepted_values[id] = field->values;
  EXPECT_EQ(made::judge(s, evidence).verdict, Verdict::kAccepted);
  s.policy.accepted_values[id] = {another(field->form, field->values.front())};
  EXPECT_EQ(made::judge(s, evidence).failed(), Ids{id});
}

std::vector<attest::FieldInfo> all_fields() {
  const auto fields = Cca{}.info().fields;
  return {fields.begin(), fields.end()};
}

INSTANTIATE_TEST_SUITE_P(Cca, CcaField, testing::ValuesIn(all_fields()),
                         [](const auto& c) { return "c__" + underscored(c.param.id) + "__"; });

TEST(CcaChecks, EveryDeclaredCheckHasACaseHere) {
  std::set<std::string> covered{"cca.platform_key.present", "cca.token.form"};
  for (const Case& c : kCases) {
    covered.insert(id_of(c));
  }
  for (const attest::FieldInfo& field : all_fields()) {
    covered.insert(field.id);
  }
  for (const attest::CheckInfo& info : Cca{}.info().checks) {
    EXPECT_TRUE(covered.contains(info.id)) << info.id;
  }
}

}  // namespace
}  // namespace ward::cca
