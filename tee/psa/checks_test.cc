// For every check of PSA tokens, in every profile, a development device that differs from a good
// one in that fact alone.
#include <algorithm>
#include <ostream>
#include <set>

#include <gtest/gtest.h>

#include "attest/field.h"
#include "tee/psa/made/stage.h"
#include "tee/psa/scheme.h"

namespace ward::psa {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;
using made::Stage;
using Ids = std::vector<std::string>;

struct Case {
  const char* check;
  const char* name;
  void (*change)(Stage&);
};

void no_cbor(Stage& s) {
  s.change = [](Buffer& payload) { payload.clear(); };
}

// Another digit of the profile's name.
void other_profile(Stage& s) {
  s.change = [](Buffer& payload) {
    const std::string_view text = as_text(payload);
    for (const char* part : {"2023:psa", "psa/2.0.0", "PROFILE_1"}) {
      const std::size_t at = text.find(part);
      if (at != std::string_view::npos) payload[at] ^= 0x20U;
    }
  };
}

constexpr Case kCases[] = {
    {"token.form", "short_nonce", [](Stage& s) { s.nonce.pop_back(); }},
    {"token.form", "short_instance_id", [](Stage& s) { s.instance_id.pop_back(); }},
    {"token.form", "long_implementation_id", [](Stage& s) { s.implementation_id.push_back(0); }},
    {"token.form", "long_boot_seed", [](Stage& s) { s.boot_seed->push_back(0); }},
    {"token.form", "client_id_too_large", [](Stage& s) { s.client_id = 2147483648; }},
    {"token.form", "lifecycle_too_large", [](Stage& s) { s.lifecycle = 0x10000; }},
    {"token.form", "no_cbor", no_cbor},
    {"token.profile", "another", other_profile},
    {"token.instance_id", "another_kind", [](Stage& s) { s.instance_id[0] = 2; }},
    {"token.lifecycle", "unknown", [](Stage& s) { s.lifecycle = 0x0000; }},
    {"token.lifecycle", "assembly", [](Stage& s) { s.lifecycle = 0x1000; }},
    {"token.lifecycle", "provisioning", [](Stage& s) { s.lifecycle = 0x2001; }},
    {"token.lifecycle", "decommissioned", [](Stage& s) { s.lifecycle = 0x60ff; }},
    {"token.lifecycle", "no_state", [](Stage& s) { s.lifecycle = 0x3100; }},
    {"device_key.root", "not_named", [](Stage& s) { s.anchors.clear(); }},
    {"token.signature", "by_another", [](Stage& s) { s.iak = &made::stranger(); }},
    {"device.debug", "of_what_is_not_the_root_of_trust", [](Stage& s) { s.lifecycle = 0x4001; }},
    {"device.debug", "of_the_root_of_trust", [](Stage& s) { s.lifecycle = 0x5000; }},
    {"report_data.expected", "another",
     [](Stage& s) { s.expected.report_data = std::vector<Buffer>{Buffer(32, 7)}; }},
    {"report_data.expected", "padded",
     [](Stage& s) {
       s.expected.report_data = std::vector<Buffer>{concat({s.nonce, Buffer(32)})};
     }},
    {"chip.accepted", "another",
     [](Stage& s) { s.policy.chips = std::vector<Buffer>{Buffer(33, 1)}; }},
    {"platform.development", "not_allowed", [](Stage& s) { s.policy.allow_development = false; }}};

constexpr Profile kProfiles[] = {Profile::kTfm, Profile::kSecond, Profile::kFirst};

std::string id_of(const Case& c) { return std::string("psa.") + c.check; }

std::string underscored(std::string text) {
  std::ranges::replace(text, '.', '_');
  return text;
}

void PrintTo(const Case& c, std::ostream* out) { *out << c.check << " " << c.name; }

class WrongPsaFact : public testing::TestWithParam<Case> {};

TEST_P(WrongPsaFact, FailsItsCheckAlone) {
  for (const Profile profile : kProfiles) {
    SCOPED_TRACE(name_of(profile));
    Stage s = made::good_stage(profile);
    GetParam().change(s);
    const Appraisal a = made::judge(s);
    EXPECT_EQ(a.failed(), Ids{id_of(GetParam())});
    EXPECT_EQ(a.verdict, Verdict::kRefused);
  }
}

INSTANTIATE_TEST_SUITE_P(Psa, WrongPsaFact, testing::ValuesIn(kCases), [](const auto& c) {
  return "p__" + underscored(id_of(c.param)) + "__" + c.param.name;
});

TEST(PsaChecks, TheGoodDevicePassesEveryCheckInEveryProfile) {
  for (const Profile profile : kProfiles) {
    for (const bool tagged : {true, false}) {
      Stage s = made::good_stage(profile);
      s.tagged = tagged;
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
}

TEST(PsaChecks, NoKey__psa_device_key_present__IsAbsent) {
  Stage s = made::good_stage();
  s.collateral.documents.clear();
  const Appraisal a = made::judge(s);
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(a.check("psa.device_key.present")->not_done, attest::NotDone::kAbsent);
}

std::string another(const attest::FieldForm& form, const std::string& value) {
  if (form.kind == attest::FieldKind::kBits) return value == "1" ? "2" : "1";
  if (form.kind == attest::FieldKind::kOctets) return std::string(2 * form.size, '7');
  return "another";
}

class PsaField : public testing::TestWithParam<attest::FieldInfo> {};

TEST_P(PsaField, IsJudgedByTheValuesThatAPolicyNames) {
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
  const auto fields = Psa{}.info().fields;
  return {fields.begin(), fields.end()};
}

INSTANTIATE_TEST_SUITE_P(Psa, PsaField, testing::ValuesIn(all_fields()),
                         [](const auto& c) { return "p__" + underscored(c.param.id) + "__"; });

TEST(PsaChecks, EveryDeclaredCheckHasACaseHere) {
  std::set<std::string> covered{"psa.device_key.present"};
  for (const Case& c : kCases) {
    covered.insert(id_of(c));
  }
  for (const attest::FieldInfo& field : all_fields()) {
    covered.insert(field.id);
  }
  for (const attest::CheckInfo& info : Psa{}.info().checks) {
    EXPECT_TRUE(covered.contains(info.id)) << info.id;
  }
}

}  // namespace
}  // namespace ward::psa
