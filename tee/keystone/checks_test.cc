// For every check of Keystone's reports, a development device that differs from a good one in that
// fact alone.
#include <algorithm>
#include <ostream>
#include <set>

#include <gtest/gtest.h>

#include "attest/field.h"
#include "tee/keystone/made/stage.h"
#include "tee/keystone/scheme.h"

namespace ward::keystone {
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

constexpr Case kCases[] = {
    {"report.form", "cut", [](Stage& s) { s.change = [](Buffer& r) { r.pop_back(); }; }},
    {"report.form", "longer", [](Stage& s) { s.change = [](Buffer& r) { r.push_back(0); }; }},
    {"report.form", "data_of_1025",
     [](Stage& s) {
       s.change = [](Buffer& r) {
         r[64] = 0x01;
         r[65] = 0x04;
       };
     }},
    {"report.form", "data_of_2_to_63",
     [](Stage& s) { s.change = [](Buffer& r) { r[71] = 0x80; }; }},
    {"device_key.root", "not_named", [](Stage& s) { s.anchors.clear(); }},
    {"device_key.root", "another_named",
     [](Stage& s) { made::name_key(s, made::stranger().public_key()); }},
    {"device_key.unpublished", "as_hardware",
     [](Stage& s) {
       made::use_published_key(s);
       s.anchors[0].development = false;
     }},
    {"sm.signature", "flipped", [](Stage& s) { s.change = [](Buffer& r) { r[1256 + 40] ^= 8U; }; }},
    {"sm.signature", "by_another",
     [](Stage& s) {
       s.device_key = to_buffer(s.device->public_key());
       s.device = &made::stranger();
     }},
    {"sm.key_unguessable", "of_two_octets",
     [](Stage& s) { s.monitor = &made::guessable_monitor(); }},
    {"enclave.signature", "flipped", [](Stage& s) { s.change = [](Buffer& r) { r[1096] ^= 1U; }; }},
    {"enclave.signature", "length",
     [](Stage& s) {
       s.change = [](Buffer& r) { r[64] = 33; };
       s.expected.report_data = std::vector<Buffer>{concat({s.data, Buffer(1)})};
     }},
    {"report_data.expected", "another",
     [](Stage& s) { s.expected.report_data = std::vector<Buffer>{Buffer(32, 7)}; }},
    {"report_data.expected", "padded",
     [](Stage& s) {
       s.expected.report_data = std::vector<Buffer>{concat({s.data, Buffer(32)})};
     }},
    {"report_data.expected", "none", [](Stage& s) { s.data.clear(); }},
    {"measurement.expected", "another",
     [](Stage& s) { s.expected.measurement = std::vector<Buffer>{Buffer(64, 7)}; }},
    {"measurement.expected", "the_enclaves",
     [](Stage& s) { s.expected.measurement = std::vector<Buffer>{s.enclave_hash}; }},
    {"workload.expected", "another",
     [](Stage& s) { s.expected.workload = std::vector<Buffer>{Buffer(64, 7)}; }},
    {"chip.accepted", "another",
     [](Stage& s) { s.policy.chips = std::vector<Buffer>{Buffer(32, 1)}; }},
    {"platform.development", "not_allowed", [](Stage& s) { s.policy.allow_development = false; }}};

std::string id_of(const Case& c) { return std::string("keystone.") + c.check; }

std::string underscored(std::string text) {
  std::ranges::replace(text, '.', '_');
  return text;
}

void PrintTo(const Case& c, std::ostream* out) { *out << c.check << " " << c.name; }

class WrongKeystoneFact : public testing::TestWithParam<Case> {};

TEST_P(WrongKeystoneFact, FailsItsCheckAlone) {
  Stage s = made::good_stage();
  GetParam().change(s);
  const Appraisal a = made::judge(s);
  EXPECT_EQ(a.failed(), Ids{id_of(GetParam())});
  EXPECT_EQ(a.verdict, Verdict::kRefused);
}

INSTANTIATE_TEST_SUITE_P(Keystone, WrongKeystoneFact, testing::ValuesIn(kCases), [](const auto& c) {
  return "p__" + underscored(id_of(c.param)) + "__" + c.param.name;
});

TEST(KeystoneChecks, TheGoodDevicePassesEveryCheck) {
  for (const std::size_t size : {1U, 32U, 1023U, 1024U}) {
    SCOPED_TRACE(size);
    Stage s = made::good_stage();
    s.data.assign(size, 0x42);
    s.expected.report_data = std::vector<Buffer>{s.data};
    s.policy.chips = std::vector<Buffer>{to_buffer(s.device->public_key())};
    const Appraisal a = made::judge(s);
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_TRUE(a.development);
    EXPECT_TRUE(a.notes.empty());
    for (const attest::Check& c : a.checks) {
      EXPECT_EQ(c.outcome, Outcome::kPassed) << c.info->id;
    }
  }
}

TEST(KeystoneChecks, ADeviceOfHardwareIsNoDevelopmentDevice) {
  Stage s = made::good_stage();
  s.anchors[0].development = false;
  s.policy.allow_development = false;
  const Appraisal a = made::judge(s);
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  EXPECT_FALSE(a.development);
}

// What was not asked for was not checked, and stands in the verdict.
TEST(KeystoneChecks, AMonitorThatNobodyNamedIsListedAsUnchecked) {
  Stage s = made::good_stage();
  s.expected.measurement = attest::Unchecked{};
  const Appraisal a = made::judge(s);
  EXPECT_EQ(a.check("keystone.measurement.expected")->not_done, attest::NotDone::kNotAsked);
  EXPECT_FALSE(a.unchecked.empty());
}

class KeystoneField : public testing::TestWithParam<attest::FieldInfo> {};

TEST_P(KeystoneField, IsJudgedByTheValuesThatAPolicyNames) {
  const char* id = GetParam().id;
  Stage s = made::good_stage();
  const Buffer evidence = made::make(s);
  const attest::Facts facts = made::judge(s, evidence).facts;
  const auto field = std::ranges::find_if(
      facts.fields, [&](const auto& f) { return std::string_view(f.check->id) == id; });
  ASSERT_NE(field, facts.fields.end());
  ASSERT_FALSE(field->values.empty());
  s.policy.accepted_values[id] = field->values;
  EXPECT_EQ(made::judge(s, evidence).verdict, Verdict::kAccepted);
  s.policy.accepted_values[id] = {std::string(64, '7')};
  EXPECT_EQ(made::judge(s, evidence).failed(), Ids{id});
}

std::vector<attest::FieldInfo> all_fields() {
  const auto fields = Keystone{}.info().fields;
  return {fields.begin(), fields.end()};
}

INSTANTIATE_TEST_SUITE_P(Keystone, KeystoneField, testing::ValuesIn(all_fields()),
                         [](const auto& c) { return "p__" + underscored(c.param.id) + "__"; });

TEST(KeystoneChecks, EveryDeclaredCheckHasACaseHere) {
  std::set<std::string> covered;
  for (const Case& c : kCases) {
    covered.insert(id_of(c));
  }
  for (const attest::FieldInfo& field : all_fields()) {
    covered.insert(field.id);
  }
  for (const attest::CheckInfo& info : Keystone{}.info().checks) {
    EXPECT_TRUE(covered.contains(info.id)) << info.id;
  }
}

}  // namespace
}  // namespace ward::keystone
