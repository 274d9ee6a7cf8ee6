#include "attest/field.h"

#include <gtest/gtest.h>

#include "attest/appraisal.h"
#include "attest/fields.h"

namespace ward::attest {
namespace {

constexpr const char* kWords[] = {"processor", "platform"};
constexpr FieldForm kFlag{.kind = FieldKind::kFlag};
constexpr FieldForm kNumber{.kind = FieldKind::kNumber, .size = 65535};
constexpr FieldForm kOctets{.kind = FieldKind::kOctets, .size = 2};
constexpr FieldForm kAnyOctets{.kind = FieldKind::kOctets};
constexpr std::size_t kTwoSizes[] = {1, 3};
constexpr FieldForm kSomeOctets{.kind = FieldKind::kOctets, .sizes = kTwoSizes};

bool is_even(std::string_view text) { return text.size() % 2 == 0; }

constexpr FieldForm kEven{.kind = FieldKind::kText, .is_text = is_even, .like = "an even text"};
constexpr FieldForm kWord{.kind = FieldKind::kWord, .words = kWords};
constexpr FieldForm kBits{.kind = FieldKind::kBits, .size = 255};
constexpr FieldForm kVersion{.kind = FieldKind::kVersion};
constexpr FieldForm kItems{.kind = FieldKind::kItems, .size = 48};

TEST(Field, AValueIsPossibleOrItCanNeverBeMet) {
  const struct {
    FieldForm form;
    std::string value;
    bool possible;
  } kRows[] = {
      {kFlag, "true", true},
      {kFlag, "False", true},
      {kFlag, "yes", false},
      {kFlag, "", false},
      {kNumber, "0", true},
      {kNumber, "65535", true},
      {kNumber, "65536", false},
      {kNumber, "99999999999999999999999", false},
      {kNumber, "01", false},
      {kNumber, "-1", false},
      {kNumber, "+1", false},
      {kNumber, "1 ", false},
      {kNumber, "0x1", false},
      {kNumber, "", false},
      {kBits, "255", true},
      {kBits, "256", false},
      {kBits, "0x1", false},
      {kOctets, "aB01", true},
      {kOctets, "ab0", false},
      {kOctets, "ab012", false},
      {kOctets, "ab0102", false},
      {kOctets, "xb01", false},
      {kOctets, "", false},
      {kAnyOctets, "ab", true},
      {kAnyOctets, "aB0102", true},
      {kAnyOctets, "ab0", false},
      {kAnyOctets, "xb", false},
      {kAnyOctets, "", false},
      {kWord, "Platform", true},
      {kWord, "plat", false},
      {kWord, "", false},
      {kItems, std::string(96, 'a'), true},
      {kItems, std::string(95, 'a'), false},
      {kItems, std::string(64, 'a'), false},
      {kItems, std::string(kLikeDigest, 'a'), false},
      {kItems, std::string(kLikeDigest - 1, 'a'), true},
      {kItems, "ro quiet", true},
      {kItems, std::string(kMaxItemText, ' '), true},
      {kItems, std::string(kMaxItemText + 1, ' '), false},
      {kItems, "", false},
      {kSomeOctets, "", false},
      {kSomeOctets, "0a", true},
      {kSomeOctets, "0a0b", false},
      {kSomeOctets, "0a0b0c", true},
      {kSomeOctets, "0a0b0", false},
      {kSomeOctets, "zz", false},
      {kEven, "even", true},
      {kEven, "odd", false},
      {kEven, "", false},
  };

  for (const auto& row : kRows)
    EXPECT_EQ(is_possible(row.form, row.value), row.possible) << row.value;
}

TEST(Field, WhatIsExpectedIsSaid) {
  EXPECT_EQ(form_text(kFlag), "true or false");
  EXPECT_EQ(form_text(kNumber), "a whole number of at most 65535");
  EXPECT_EQ(form_text(kBits), "a mask of bits, as a whole number of at most 255");
  EXPECT_EQ(form_text(kOctets), "2 octets in hex");
  EXPECT_EQ(form_text(kAnyOctets), "octets in hex");
  EXPECT_EQ(form_text(kSomeOctets), "1 or 3 octets in hex");
  EXPECT_EQ(form_text(kEven), "an even text");
  EXPECT_EQ(form_text(kWord), "one of: processor, platform");
  EXPECT_EQ(form_text(kItems), "48 octets in hex, or a text of at most 4096 octets");
}

// The case of hex digits and words does not matter; that of a command line does.
TEST(Field, OnlyTextsAreComparedOctetByOctet) {
  EXPECT_TRUE(is_accepted(kOctets, "ab01", {"AB01"}));
  EXPECT_TRUE(is_accepted(kItems, std::string(96, 'a'), {std::string(96, 'A')}));
  EXPECT_TRUE(is_accepted(kItems, "ro quiet", {"rw", "ro quiet"}));
  EXPECT_FALSE(is_accepted(kItems, "ro quiet", {"RO quiet"}));
  EXPECT_FALSE(is_accepted(kItems, "ro quiet", {"ro quiet "}));
  EXPECT_FALSE(is_accepted(kItems, "ro quiet", {}));
}

// Parts of a version that are not written are 0, in whichever of the two.
TEST(Field, VersionsAreComparedPartByPart) {
  EXPECT_TRUE(is_accepted(kVersion, "1.55.0", {"1.55"}));
  EXPECT_TRUE(is_accepted(kVersion, "1.55", {"1.54", "1.55.0.0"}));
  EXPECT_TRUE(is_accepted(kVersion, "1.55.40", {"1.55.40.0"}));
  EXPECT_FALSE(is_accepted(kVersion, "1.55.40", {"1.55.4", "1.55", "155.40"}));
  EXPECT_FALSE(is_accepted(kVersion, "0", {"none", ""}));
  EXPECT_FALSE(is_accepted(kVersion, "none", {"0"}));
  EXPECT_TRUE(is_at_least("1.55", "1.55.0"));
  EXPECT_TRUE(is_at_least("1.55.0", "1.55"));
  EXPECT_TRUE(is_at_least("1.100", "1.55.40"));
  EXPECT_FALSE(is_at_least("1.55", "1.55.1"));
  EXPECT_FALSE(is_at_least("none", "0"));
  EXPECT_FALSE(is_at_least("1", "none"));
}

// A mask with more bits is not the better one: it has no least value.
TEST(Field, OnlyNumbersAndVersionsHaveAnOrder) {
  EXPECT_TRUE(has_order(kNumber));
  EXPECT_TRUE(has_order(kVersion));
  for (const FieldForm& form : {kFlag, kBits, kOctets, kWord, kItems})
    EXPECT_FALSE(has_order(form)) << form_text(form);
  EXPECT_TRUE(is_accepted(kBits, "3", {"1", "3"}));
  EXPECT_FALSE(is_accepted(kBits, "3", {"1", "2", "7"}));
}

TEST(Field, TheNearestFieldIsFound) {
  const FieldInfo fields[] = {{"x.attributes.kss", "kss", kFlag},
                              {"x.report.sept_ve_disable", "attributes.sept_ve_disable", kFlag}};
  EXPECT_EQ(find_field(fields, "x.attributes.kss"), &fields[0]);
  EXPECT_EQ(find_field(fields, "x.attributes.ks"), nullptr);
  EXPECT_EQ(nearest_field(fields, "x.atributes.kss"), "x.attributes.kss");
  EXPECT_EQ(nearest_field(fields, "kss"), "x.attributes.kss");
  EXPECT_EQ(nearest_field(fields, "attributes.sept_ve_disable"), "x.report.sept_ve_disable");
  EXPECT_EQ(nearest_field(fields, "sept_ve_disable"), "x.report.sept_ve_disable");
  EXPECT_EQ(nearest_field(fields, "something else"), "");
  EXPECT_EQ(nearest_field(fields, ""), "");
}

constexpr CheckInfo kCheck{"x.log.items", "spec", "m", "h"};

// Of a field with several values each must be accepted, and none at all is not acceptance.
TEST(Field, EveryItemMustBeAccepted) {
  Findings findings;
  findings.checks = {{.info = &kCheck, .outcome = Outcome::kPassed}};
  findings.facts.report_data = Buffer(64);
  findings.facts.fields = {{&kCheck, kItems, {"a", "b"}}};
  Policy policy;
  const auto judged = [&] {
    return appraise(findings, policy, {Unchecked{}, Unchecked{}, Unchecked{}}, {}).checks.back();
  };
  policy.accepted_values["x.log.items"] = {"b", "a", "c"};
  EXPECT_EQ(judged().outcome, Outcome::kPassed);
  policy.accepted_values["x.log.items"] = {"a"};
  EXPECT_EQ(judged().outcome, Outcome::kFailed);
  EXPECT_EQ(judged().found, "b");
  findings.facts.fields[0].values.assign(20, "z");
  EXPECT_EQ(judged().found, "z, z, z, z, z, z, z, z and 12 more");
  findings.facts.fields[0].values.clear();
  EXPECT_EQ(judged().not_done, NotDone::kAbsent);
}

// Of a field that anybody may set, who leans on it is told so: its check has a hint of its own.
TEST(Field, APolicyThatLeansOnAFieldWithAHintOfItsOwnIsWarned) {
  constexpr CheckInfo kShaky{"x.log.shaky", "spec", "m", "Anybody may set it."};
  constexpr CheckInfo kFirm{"x.log.firm", "spec", "m", kFieldHint};
  Findings findings;
  findings.checks = {{.info = &kCheck, .outcome = Outcome::kPassed}};
  findings.facts.fields = {{&kShaky, kFlag, {"true"}}, {&kFirm, kFlag, {"true"}}};
  Policy policy;
  const auto warnings = [&] {
    return appraise(findings, policy, {Unchecked{}, Unchecked{}, Unchecked{}}, {}).warnings;
  };
  EXPECT_TRUE(warnings().empty());
  policy.accepted_values["x.log.firm"] = {"true"};
  EXPECT_TRUE(warnings().empty());
  policy.accepted_values["x.log.shaky"] = {"true"};
  EXPECT_EQ(warnings(),
            std::vector<std::string>{"the policy leans on x.log.shaky: Anybody may set it."});
}

}  // namespace
}  // namespace ward::attest
