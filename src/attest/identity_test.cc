#include "attest/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attest/fields.h"

namespace ward::attest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr CheckInfo kChecks[] = {
    {"x.chip.accepted", "test", "", ""}, {"x.vm.id", "test", "", ""}, {"x.other", "test", "", ""}};
constexpr const char* kIdentifying[] = {"chip_id", "vm.id", "x.vm.id"};
constexpr const char* kVm = "8DD1A9D1-1A5C-4F0C-9E9A-5F6D1B7E0A11";

Check check(std::size_t which, std::string found, std::string expected) {
  return {.info = &kChecks[which],
          .outcome = Outcome::kFailed,
          .found = std::move(found),
          .expected = std::move(expected)};
}

Buffer chip() {
  Buffer out(64);
  for (std::uint8_t i = 0; i < 8; ++i) {
    out[i] = static_cast<std::uint8_t>(0xa0 + i);
  }
  return out;
}

// The digests of the test are short and say what they are of.
std::string name_of(Bytes id) { return "<" + std::to_string(id.size()) + ">"; }

Appraisal appraised() {
  Appraisal out;
  out.facts.chip_check = &kChecks[0];
  out.facts.chips = {chip()};
  out.facts.fields = {{.check = &kChecks[1], .form = kText, .values = {kVm}}};
  out.claims = {{"chip_id", chip()},
                {"vm.id", std::string(kVm)},
                {"longer", concat({Buffer(2, 1), chip()})},
                {"other", Buffer(8, 7)},
                {"flag", true}};
  return out;
}

TEST(Identity, IsReplacedInClaimsAndEveryText) {
  Appraisal a = appraised();
  const std::string whole = to_hex(chip());
  a.checks = {check(2, "at https://kds/" + whole.substr(0, 16) + "?x=1", "no " + whole),
              check(2, "A0A1A2A3A4A5A6A7" + std::string(112, '0'), "it"),
              check(2, "vm 8dd1a9d1-1a5c-4f0c-9e9a-5f6d1b7e0a11", "it")};
  a.notes = {"note " + whole};
  a.warnings = {"warning " + whole};
  conceal(identity_of(kIdentifying, a), name_of, a);
  EXPECT_EQ(std::get<std::string>(a.claims[0].value), "salted:<8>");
  EXPECT_EQ(std::get<std::string>(a.claims[1].value), "salted:<36>");
  EXPECT_EQ(std::get<std::string>(a.claims[2].value), "0101salted:<8>");
  EXPECT_EQ(std::get<Buffer>(a.claims[3].value), Buffer(8, 7));
  EXPECT_EQ(a.checks[0].found, "at https://kds/salted:<8>?x=1");
  EXPECT_EQ(a.checks[0].expected, "no salted:<8>");
  EXPECT_EQ(a.checks[1].found, "salted:<8>");
  EXPECT_EQ(a.checks[2].found, "vm salted:<36>");
  EXPECT_THAT(a.notes, ElementsAre("note salted:<8>"));
  EXPECT_THAT(a.warnings, ElementsAre("warning salted:<8>"));
  EXPECT_THAT(a.facts.fields[0].values, ElementsAre("salted:<36>"));
  EXPECT_THAT(a.facts.chips, IsEmpty());
}

TEST(Identity, OfOtherMachinesIsReplacedWhereAPolicyListsIt) {
  Appraisal a = appraised();
  const std::string other(32, 'b');
  a.checks = {check(0, "nothing", other + " or 00"), check(1, "", std::string(kVm) + " or another"),
              check(2, to_hex(chip()), "hwID " + other), check(2, "1", other)};
  conceal(identity_of(kIdentifying, a), name_of, a);
  EXPECT_EQ(a.checks[0].expected, "salted:<16> or 00");
  EXPECT_EQ(a.checks[1].expected, "what the policy lists");
  EXPECT_EQ(a.checks[2].expected, "hwID salted:<16>");
  EXPECT_EQ(a.checks[3].expected, other) << "a check that has nothing to do with it";
}

TEST(Identity, ThatIsHiddenOrTooShortIsNone) {
  Appraisal a;
  a.facts.chips = {Buffer(64), Buffer(7, 5)};
  a.facts.devices = {to_buffer(as_bytes("short text"))};
  a.checks = {check(2, std::string(128, '0') + " 05050505050505 short text", "")};
  conceal(identity_of(kIdentifying, a), name_of, a);
  EXPECT_EQ(a.checks[0].found, std::string(128, '0') + " 05050505050505 short text");
}

TEST(Identity, IsUnnamedWhereTheChipIsHiddenThoughADevicesKeyIsNot) {
  Appraisal a = appraised();
  EXPECT_FALSE(identity_of(kIdentifying, a).unnamed);
  a.facts.devices = {Buffer(32, 9)};
  a.facts.chips = {Buffer(64, 0)};
  EXPECT_TRUE(identity_of(kIdentifying, a).unnamed);
  a.facts.chips.clear();
  EXPECT_TRUE(identity_of(kIdentifying, a).unnamed);
  Identity both = identity_of(kIdentifying, appraised());
  join(both, identity_of(kIdentifying, a));
  EXPECT_TRUE(both.unnamed);
  a.facts.chip_check = nullptr;  // a TEE that names no chips hides none
  EXPECT_FALSE(identity_of(kIdentifying, a).unnamed);
}

TEST(Identity, ThatHoldsAnotherIsReplacedWhole) {
  Appraisal a;
  const Buffer small(8, 0x11);
  a.facts.devices = {small, concat({small, Buffer(8, 0x22)})};
  a.checks = {check(2, to_hex(a.facts.devices[1]) + " " + to_hex(small), "")};
  conceal(identity_of(kIdentifying, a), name_of, a);
  EXPECT_EQ(a.checks[0].found, "salted:<16> salted:<8>");
  EXPECT_THAT(a.checks[0].found, Not(HasSubstr("11")));
}

TEST(Identity, IsWhatACheckThatNamesItFindsOfTimesAndOddNames) {
  Appraisal a = appraised();
  a.checks = {check(1, "leaf: 2026-09-21T14:13:20Z", "not after 2026-10-01T00:00:00Z"),
              check(1, "i-0123456789abcdef0.zone", "a name"),
              check(2, "leaf: 2026-09-21T14:13:20Z", "i-0123456789abcdef0")};
  a.checks.push_back(a.checks[0]);
  a.checks[0].outcome = Outcome::kPassed;
  conceal(identity_of(kIdentifying, a), name_of, a);
  EXPECT_EQ(a.checks[0].found, "leaf: salted:<20>");
  EXPECT_EQ(a.checks[0].expected, "what the policy lists");
  EXPECT_EQ(a.checks[1].found, "i-salted:<17>.zone");
  EXPECT_EQ(a.checks[2].found, "leaf: 2026-09-21T14:13:20Z") << "no check that names a machine";
  EXPECT_EQ(a.checks[3].found, "leaf: 2026-09-21") << "why it failed";
}

}  // namespace
}  // namespace ward::attest
