#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "test/support/vectors.h"

// JSONTestSuite (nst/JSONTestSuite, folder test_parsing) and real collateral.
namespace ward::codec {
namespace {

std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder,
                                            std::string_view prefix) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && entry.path().extension() == ".json")
      out.push_back(entry.path());
  }
  return out;
}

// Equal but for byte ranges.
bool same(const JsonValue& a, const JsonValue& b) {
  if (a.kind() != b.kind() || a.items().size() != b.items().size() ||
      a.members().size() != b.members().size() || a.as_bool() != b.as_bool() ||
      a.as_int() != b.as_int() || a.as_uint() != b.as_uint() || a.as_double() != b.as_double() ||
      a.as_string() != b.as_string()) {
    return false;
  }
  for (std::size_t i = 0; i < a.items().size(); ++i)
    if (!same(a.items()[i], b.items()[i])) return false;
  for (std::size_t i = 0; i < a.members().size(); ++i) {
    if (a.members()[i].first != b.members()[i].first) return false;
    if (!same(a.members()[i].second, b.members()[i].second)) return false;
  }
  return true;
}

// The octets of each value, parsed alone, give an equal value and nothing is left of them.
void expect_ranges(const JsonValue& value, Bytes document) {
  const Bytes raw = value.raw(document);
  const auto again = parse_json(raw);
  ASSERT_TRUE(again) << as_text(raw);
  EXPECT_TRUE(same(value, *again)) << as_text(raw);
  EXPECT_EQ(again->begin(), 0U);
  EXPECT_EQ(again->end(), raw.size());
  for (const JsonValue& item : value.items())
    expect_ranges(item, document);
  for (const auto& member : value.members())
    expect_ranges(member.second, document);
}

// RFC 8259 section 4 leaves duplicate names to the implementation, though the suite calls these
// two valid: ward refuses them, because two readers that choose differently can be played off
// against each other.
constexpr const char* kDuplicates[] = {"y_object_duplicated_key.json",
                                       "y_object_duplicated_key_and_value.json"};

TEST(JsonSuite, AcceptsEveryValidTextButDuplicates) {
  WARD_NEED_VECTORS();
  const auto files = files_of(test::vectors_dir() / "json", "y_");
  EXPECT_EQ(files.size(), 95U);
  std::size_t differences = 0;
  std::size_t duplicates = 0;
  for (const auto& path : files) {
    SCOPED_TRACE(path.filename());
    const Buffer document = test::read_file(path);
    const auto value = parse_json(document);
    const std::string name = path.filename().string();
    if (name == kDuplicates[0] || name == kDuplicates[1]) {
      ASSERT_FALSE(value);
      EXPECT_EQ(value.error().expected, "each member name once");
      ++duplicates;
      continue;
    }
    EXPECT_TRUE(value) << to_text(value.error());
    if (value) {
      expect_ranges(*value, document);
    } else {
      ++differences;
    }
  }
  EXPECT_EQ(duplicates, 2U);
  test::report_vectors("json-valid", 95, files.size(), differences + duplicates);
}

TEST(JsonSuite, RefusesEveryInvalidText) {
  WARD_NEED_VECTORS();
  const auto files = files_of(test::vectors_dir() / "json", "n_");
  EXPECT_EQ(files.size(), 188U);
  std::size_t differences = 0;
  for (const auto& path : files) {
    const bool accepted = parse_json(test::read_file(path)).has_value();
    EXPECT_FALSE(accepted) << path.filename();
    if (accepted) ++differences;
  }
  test::report_vectors("json-invalid", 188, files.size(), differences);
}

constexpr const char* kRange = "a number in the range of a double";
constexpr const char* kInteger = "an integer of at most 64 bits";
constexpr const char* kSurrogate = "a surrogate pair that is complete";
constexpr const char* kUtf8 = "valid UTF-8";
constexpr const char* kNul = "text without NUL octets";
constexpr const char* kValue = "a JSON value";
constexpr const char* kDepth = "less nesting (limit of depth)";

// What the suite leaves to the implementation: ward refuses all of it, for these reasons (also in
// docs/formats/json.md).
const std::map<std::string, std::string> kChoices = {
    {"i_number_double_huge_neg_exp.json", kRange},
    {"i_number_huge_exp.json", kRange},
    {"i_number_neg_int_huge_exp.json", kRange},
    {"i_number_pos_double_huge_exp.json", kRange},
    {"i_number_real_neg_overflow.json", kRange},
    {"i_number_real_pos_overflow.json", kRange},
    {"i_number_real_underflow.json", kRange},
    {"i_number_too_big_neg_int.json", kInteger},
    {"i_number_too_big_pos_int.json", kInteger},
    {"i_number_very_big_negative_int.json", kInteger},
    {"i_object_key_lone_2nd_surrogate.json", kSurrogate},
    {"i_string_1st_surrogate_but_2nd_missing.json", kSurrogate},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", kSurrogate},
    {"i_string_UTF-16LE_with_BOM.json", kNul},
    {"i_string_UTF-8_invalid_sequence.json", kUtf8},
    {"i_string_UTF8_surrogate_U+D800.json", kUtf8},
    {"i_string_incomplete_surrogate_and_escape_valid.json", kSurrogate},
    {"i_string_incomplete_surrogate_pair.json", kSurrogate},
    {"i_string_incomplete_surrogates_escape_valid.json", kSurrogate},
    {"i_string_invalid_lonely_surrogate.json", kSurrogate},
    {"i_string_invalid_surrogate.json", kSurrogate},
    {"i_string_invalid_utf-8.json", kUtf8},
    {"i_string_inverted_surrogates_U+1D11E.json", kSurrogate},
    {"i_string_iso_latin_1.json", kUtf8},
    {"i_string_lone_second_surrogate.json", kSurrogate},
    {"i_string_lone_utf8_continuation_byte.json", kUtf8},
    {"i_string_not_in_unicode_range.json", kUtf8},
    {"i_string_overlong_sequence_2_bytes.json", kUtf8},
    {"i_string_overlong_sequence_6_bytes.json", kUtf8},
    {"i_string_overlong_sequence_6_bytes_null.json", kUtf8},
    {"i_string_truncated-utf-8.json", kUtf8},
    {"i_string_utf16BE_no_BOM.json", kNul},
    {"i_string_utf16LE_no_BOM.json", kNul},
    {"i_structure_500_nested_arrays.json", kDepth},
    {"i_structure_UTF-8_BOM_empty_object.json", kValue},
};

TEST(JsonSuite, MakesTheDocumentedChoiceWhereTheSuiteLeavesOne) {
  WARD_NEED_VECTORS();
  const auto files = files_of(test::vectors_dir() / "json", "i_");
  EXPECT_EQ(files.size(), kChoices.size());
  std::size_t differences = 0;
  for (const auto& path : files) {
    SCOPED_TRACE(path.filename());
    const auto value = parse_json(test::read_file(path));
    const auto choice = kChoices.find(path.filename().string());
    ASSERT_NE(choice, kChoices.end());
    const std::string got = value ? "accepted" : value.error().expected;
    EXPECT_EQ(got, choice->second);
    if (got != choice->second) ++differences;
  }
  test::report_vectors("json-implementation-defined", 35, files.size(), differences);
}

// Collateral as the makers publish it, but for the five texts whose numbers do not fit 64 bits.
TEST(JsonSuite, ReadsRealCollateralWithItsByteRanges) {
  WARD_NEED_VECTORS();
  std::size_t read = 0;
  std::size_t refused = 0;
  for (const auto& path : files_of(test::vectors_dir() / "dcap", "")) {
    SCOPED_TRACE(path.filename());
    const Buffer document = test::read_file(path);
    const auto value = parse_json(document);
    if (value) {
      if (++read % 10 == 0)
        expect_ranges(*value, document);  // every tenth: each level parses all below it again
    } else {
      EXPECT_EQ(value.error().path, "tcbInfo.version");
      EXPECT_EQ(value.error().expected, kInteger);
      ++refused;
    }
  }
  EXPECT_EQ(read, 164U);
  EXPECT_EQ(refused, 5U);
}

}  // namespace
}  // namespace ward::codec
