#include "codec/json.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace ward::codec {
namespace {

Result<JsonValue, Diag> parse(std::string_view text, const JsonLimits& limits = {}) {
  return parse_json(as_bytes(text), limits);
}

// "line 1, column 2: a[0]: expected ..." where the text is refused.
std::string refusal(std::string_view text, const JsonLimits& limits = {}) {
  const auto r = parse(text, limits);
  return r ? "accepted" : to_text(r.error());
}

std::string expected_of(std::string_view text, const JsonLimits& limits = {}) {
  const auto r = parse(text, limits);
  return r ? "accepted" : r.error().expected;
}

TEST(Json, KeepsOrderKindsAndByteRanges) {
  const std::string text = R"( {"b" : [1, -2, 18446744073709551615, 1.5, null],
 "a":{"s":"x\u00e9\n","t":true}, "f" : false} )";
  const auto doc = parse(text);
  ASSERT_TRUE(doc) << to_text(doc.error());
  ASSERT_EQ(doc->members().size(), 3U);
  EXPECT_EQ(doc->members()[0].first, "b");
  EXPECT_EQ(doc->members()[1].first, "a");
  EXPECT_EQ(doc->begin(), 1U);
  EXPECT_EQ(doc->end(), text.size() - 1);
  const JsonValue& b = *doc->find("b");
  EXPECT_EQ(as_text(b.raw(as_bytes(text))), "[1, -2, 18446744073709551615, 1.5, null]");
  EXPECT_EQ(b.items()[1].as_int(), -2);
  EXPECT_EQ(as_text(b.items()[1].raw(as_bytes(text))), "-2");
  EXPECT_EQ(b.items()[4].kind(), JsonValue::Kind::kNull);
  EXPECT_EQ(as_text(b.items()[4].raw(as_bytes(text))), "null");
  const JsonValue& a = *doc->find("a");
  EXPECT_EQ(as_text(a.raw(as_bytes(text))), R"({"s":"x\u00e9\n","t":true})");
  EXPECT_EQ(a.find("s")->as_string(), "x\xc3\xa9\n");
  EXPECT_EQ(as_text(a.find("s")->raw(as_bytes(text))), R"("x\u00e9\n")");
  EXPECT_EQ(a.find("t")->as_bool(), true);
  EXPECT_EQ(as_text(doc->find("f")->raw(as_bytes(text))), "false");
  EXPECT_EQ(a.find("absent"), nullptr);
}

struct IntegerCase {
  const char* text;
  std::optional<std::int64_t> as_int;
  std::optional<std::uint64_t> as_uint;
};

constexpr auto kInt64Min = std::numeric_limits<std::int64_t>::min();
constexpr auto kInt64Max = std::numeric_limits<std::int64_t>::max();
constexpr auto kUint64Max = std::numeric_limits<std::uint64_t>::max();

constexpr IntegerCase kIntegers[] = {
    {"0", 0, 0U},
    {"-0", 0, 0U},
    {"-1", -1, std::nullopt},
    {"4294967295", 4294967295, 4294967295U},
    {"4294967296", 4294967296, 4294967296U},
    {"-2147483649", -2147483649, std::nullopt},
    {"9223372036854775807", kInt64Max, std::uint64_t{1} << 63U ^ kUint64Max},
    {"9223372036854775808", std::nullopt, std::uint64_t{1} << 63U},
    {"18446744073709551615", std::nullopt, kUint64Max},
    {"-9223372036854775808", kInt64Min, std::nullopt},
};

TEST(Json, KeepsIntegersOf64Bits) {
  for (const IntegerCase& c : kIntegers) {
    SCOPED_TRACE(c.text);
    const auto value = parse(c.text);
    ASSERT_TRUE(value);
    EXPECT_EQ(value->as_int(), c.as_int);
    EXPECT_EQ(value->as_uint(), c.as_uint);
    EXPECT_EQ(value->as_string(), std::nullopt);
  }
  for (const char* text : {"18446744073709551616", "-9223372036854775809",
                           "99999999999999999999999999999999999999999999"}) {
    EXPECT_EQ(expected_of(text), "an integer of at most 64 bits") << text;
  }
}

TEST(Json, NeverTakesADoubleForAnInteger) {
  for (const char* text : {"1.0", "1e2", "-1E+2", "0.5"}) {
    const auto value = parse(text);
    ASSERT_TRUE(value);
    EXPECT_EQ(value->kind(), JsonValue::Kind::kDouble);
    EXPECT_EQ(value->as_int(), std::nullopt);
    EXPECT_EQ(value->as_uint(), std::nullopt);
  }
}

TEST(Json, GivesIntegersAsDoublesOnlyWhereExact) {
  EXPECT_EQ(parse("9007199254740992")->as_double(), 9007199254740992.0);
  EXPECT_EQ(parse("9007199254740993")->as_double(), std::nullopt);
  EXPECT_EQ(parse("9007199254740994")->as_double(), 9007199254740994.0);
  EXPECT_EQ(parse("-9007199254740993")->as_double(), std::nullopt);
  EXPECT_EQ(parse("-9223372036854775808")->as_double(), -9223372036854775808.0);
  EXPECT_EQ(parse("18446744073709551615")->as_double(), std::nullopt);
  EXPECT_EQ(parse("0")->as_double(), 0.0);
  EXPECT_EQ(parse("\"1\"")->as_double(), std::nullopt);
}

// Names are compared pair by pair in small objects and sorted in others.
TEST(Json, RefusesDuplicatesInObjectsOfEverySize) {
  for (std::size_t size = 2; size <= 40; ++size) {
    std::string text = "{";
    for (std::size_t i = 0; i + 1 < size; ++i)
      text += "\"n" + std::to_string(i) + "\":0,";
    EXPECT_EQ(refusal(text + "\"m\":0}"), "accepted") << size;
    const std::string where = "line 1, column " + std::to_string(text.size() + 1);
    EXPECT_EQ(refusal(text + "\"n0\":0}"), where + ": n0: expected each member name once") << size;
  }
}

// Decoded strings lie behind one another while they are read.
TEST(Json, KeepsDecodedStringsApart) {
  const auto doc = parse(R"({"\u0061":"\n","b":["\u00e9x","","y\"z"],"\ud83d\ude00":{"c\t":"d"}})");
  ASSERT_TRUE(doc) << to_text(doc.error());
  EXPECT_EQ(doc->find("a")->as_string(), "\n");
  EXPECT_EQ(doc->find("b")->items()[0].as_string(), "\xc3\xa9x");
  EXPECT_EQ(doc->find("b")->items()[1].as_string(), "");
  EXPECT_EQ(doc->find("b")->items()[2].as_string(), "y\"z");
  EXPECT_EQ(doc->find("\xf0\x9f\x98\x80")->find("c\t")->as_string(), "d");
}

// Values are moved from one stack into their containers: none is lost at any depth or width.
TEST(Json, KeepsValuesOfContainersInContainers) {
  std::string text = "0";
  for (int depth = 0; depth < 20; ++depth)
    text = "[1," + text + R"(,{"x":2,"y":[]},"a string of some length"])";
  const auto doc = parse(text);
  ASSERT_TRUE(doc) << to_text(doc.error());
  const JsonValue* at = &*doc;
  for (int depth = 0; depth < 20; ++depth) {
    ASSERT_EQ(at->items().size(), 4U) << depth;
    EXPECT_EQ(at->items()[0].as_int(), 1);
    EXPECT_EQ(at->items()[2].members().size(), 2U);
    EXPECT_EQ(at->items()[3].as_string(), "a string of some length");
    at = &at->items()[1];
  }
  EXPECT_EQ(at->as_int(), 0);
}

struct DoubleCase {
  const char* text;
  std::uint64_t bits;
};

// Cases that round to even at the last bit, and the ends of the range.
constexpr DoubleCase kDoubles[] = {
    {"0.1", 0x3fb999999999999a},
    {"1.0", 0x3ff0000000000000},
    {"-0.0", 0x8000000000000000},
    {"9007199254740993.0", 0x4340000000000000},
    {"9007199254740993.00000000000000000000000000001", 0x4340000000000001},
    {"1.7976931348623157e308", 0x7fefffffffffffff},
    {"1.7976931348623158e308", 0x7fefffffffffffff},
    {"2.2250738585072011e-308", 0x000fffffffffffff},
    {"2.2250738585072014e-308", 0x0010000000000000},
    {"5e-324", 0x0000000000000001},
    {"2.4703282292062328e-324", 0x0000000000000001},
    {"123456789012345678901234567890.5", 0x45f8ee90ff6c373e},
};

TEST(Json, RoundsDoublesToTheNearest) {
  for (const DoubleCase& c : kDoubles) {
    SCOPED_TRACE(c.text);
    const auto value = parse(c.text);
    ASSERT_TRUE(value) << to_text(value.error());
    ASSERT_EQ(value->kind(), JsonValue::Kind::kDouble);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(value->as_double().value_or(7)), c.bits);
  }
}

TEST(Json, RefusesNumbersOutOfADoublesRange) {
  for (const char* text : {"1e309", "-1e309", "1.7976931348623159e308", "1e999999999999", "1e-400",
                           "-1e-400", "2e-324", "1e-99999999999999999999"}) {
    EXPECT_EQ(expected_of(text), "a number in the range of a double") << text;
  }
}

TEST(Json, RefusesWhatOtherParsersCallNumbers) {
  for (const char* text : {"NaN", "Infinity", "-Infinity", "nan", "inf", "0x10", "+1", ".5", "1.",
                           "01", "-", "1e", "1e+", "1_000", "--1", "-01", "1.e1"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
}

TEST(Json, RefusesDuplicatesAfterUnescaping) {
  EXPECT_EQ(refusal(R"({"a":1,"b":2,"a":3})"),
            "line 1, column 14: a: expected each member name once");
  EXPECT_EQ(refusal(R"({"x":[{},{"key":1,"\u006bey":2}]})"),
            "line 1, column 19: x[1].key: expected each member name once");
  EXPECT_EQ(refusal("{\"\xc3\xa9\":1,\n\"\\u00e9\":2}"),
            "line 2, column 1: [\"\xc3\xa9\"]: expected each member name once");
  EXPECT_EQ(refusal(R"({"":1,"":2})"), "line 1, column 7: [\"\"]: expected each member name once");
  EXPECT_TRUE(parse(R"({"a":{"a":1},"A":{"a":1},"a\u0000":1})"));
}

// One sort per object, however many members: a quadratic search would take minutes here.
TEST(Json, FindsADuplicateAmongManyMembers) {
  std::string text = "{";
  for (int i = 0; i < 99000; ++i)
    text += "\"" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(parse(text + "\"x\":0}", {.max_bytes = 1U << 21U}));
  EXPECT_EQ(expected_of(text + "\"0\":0}", {.max_bytes = 1U << 21U}), "each member name once");
}

TEST(Json, RefusesLoneSurrogatesAndTakesPairs) {
  EXPECT_EQ(parse(R"("\ud83d\ude00")")->as_string(), "\xf0\x9f\x98\x80");
  EXPECT_EQ(parse(R"("\ud800\udc00\udbff\udfff")")->as_string(),
            "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
  EXPECT_EQ(parse(R"("\ud7ff\ue000\uffff")")->as_string(), "\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
  for (const char* escape : {R"(\ud800)", R"(\udbff)", R"(\udc00)", R"(\udfff)", R"(\ud800\ud800)",
                             R"(\udc00\ud800)", R"(\ud800\u0041)", R"(\ud800x)", R"(\ud800\n)"}) {
    const std::string quoted = std::string("\"a") + escape + "b\"";
    EXPECT_EQ(expected_of(quoted), "a surrogate pair that is complete") << quoted;
    EXPECT_EQ(expected_of("{" + quoted + ":1}"), "a surrogate pair that is complete") << quoted;
  }
}

TEST(Json, RefusesTextThatIsNotUtf8) {
  for (const char* octets :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x80\x80", "\xe0\x9f\xbf",
        "\xe1\x80", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff"}) {
    const std::string quoted = std::string("\"a") + octets + "\"";
    EXPECT_EQ(expected_of(quoted), "valid UTF-8") << to_hex(as_bytes(octets));
    EXPECT_EQ(expected_of("{" + quoted + ":1}"), "valid UTF-8") << to_hex(as_bytes(octets));
  }
  EXPECT_TRUE(parse("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf\xf0\x90\x80\x80\""));
}

TEST(Json, RefusesNulOctetsEverywhereAndTakesTheEscape) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {"\0"sv, "1\0"sv, "1\0garbage"sv, "\0001"sv, "[1,\0 2]"sv, "\"a\0b\""sv, "{\"a\0\":1}"sv}) {
    EXPECT_EQ(expected_of(text), "text without NUL octets");
  }
  EXPECT_EQ(parse(R"("a\u0000b")")->as_string(), "a\0b"sv);
  EXPECT_EQ(parse(R"({"a\u0000b":1})")->find("a\0b"sv)->as_int(), 1);
  EXPECT_EQ(parse(R"({"a\u0000b":1})")->find("a"), nullptr);
}

TEST(Json, RefusesControlCharactersInStrings) {
  for (int c = 1; c < 0x20; ++c) {
    const std::string quoted = std::string("\"") + static_cast<char>(c) + "\"";
    EXPECT_FALSE(parse(quoted)) << c;
  }
  EXPECT_TRUE(parse("\"\x7f\""));
}

struct Place {
  const char* name;
  const char* text;
  const char* diag;
};

constexpr Place kPlaces[] = {
    {"empty", "", "line 1, column 1: expected a JSON value"},
    {"blank", " \n ", "line 2, column 2: expected a JSON value"},
    {"bom", "\xef\xbb\xbf{}", "line 1, column 1: expected a JSON value"},
    {"trailing", "{} x", "line 1, column 4: expected the end of the document"},
    {"second_value", "1 2", "line 1, column 3: expected the end of the document"},
    {"comment", "[1] // x", "line 1, column 5: expected the end of the document"},
    {"trailing_comma", "[1,]", "line 1, column 4: [1]: expected a JSON value"},
    {"no_colon", R"({"a" 1})", "line 1, column 6: a: expected ':' after the member name"},
    {"no_name", "{a:1}", "line 1, column 2: expected a member name in double quotes"},
    {"single_quotes", "['a']", "line 1, column 2: [0]: expected a JSON value"},
    {"open_object", R"({"a":1)", "line 1, column 7: expected ',' or '}' after the member"},
    {"open_array", R"({"a":[1)",
     "line 1, column 8: a[1]: expected ',' or ']' after the array's element"},
    {"open_string", R"({"a":"x)", "line 1, column 8: a: expected '\"' at the end of the string"},
    {"deep", "{\"tcbInfo\": {\"tcbLevels\": [0, 1,\n  {\"tcb\": {\"sgx\": tru}}]}}",
     "line 2, column 22: tcbInfo.tcbLevels[2].tcb.sgx: expected a JSON value"},
    {"odd_names", R"({"a b": {"\"\\\u0007": [x]}})",
     "line 1, column 25: [\"a b\"][\"\\\"\\\\\\u0007\"][0]: expected a JSON value"},
    {"utf8_string", "{\"a\":[\"x\",\"y\xc3\xa9\xff\"]}",
     "line 1, column 15: a[1]: expected valid UTF-8"},
    {"utf8_name", "{\"a\":{\"\x80\":1}}", "line 1, column 8: a: expected valid UTF-8"},
    {"utf8_cut", "[\"x\xe2\x82", "line 1, column 4: [0]: expected valid UTF-8"},
    {"utf8_value", "[1,\xff]", "line 1, column 4: [1]: expected a JSON value"},
    {"utf8_first", "\xff", "line 1, column 1: expected a JSON value"},
    {"utf8_behind_value", "{} \xff", "line 1, column 4: expected the end of the document"},
    {"utf8_behind_number", "1\xff", "line 1, column 2: expected the end of the document"},
    {"utf8_literal", "[tr\xff]", "line 1, column 4: [0]: expected a JSON value"},
    {"utf8_escape", "[\"\\\xff\"]",
     "line 1, column 3: [0]: expected an escape sequence of RFC 8259 and no bare control "
     "character"},
    {"utf8_hex", "[\"\\u12\xff\"]",
     "line 1, column 3: [0]: expected four hexadecimal digits after \\u"},
    {"utf8_after_error", "[1 2, \"\xff\"]",
     "line 1, column 4: [1]: expected ',' or ']' after the array's element"},
    {"escape", R"(["\x"])",
     "line 1, column 3: [0]: expected an escape sequence of RFC 8259 and no bare control "
     "character"},
    {"hex", R"(["\u12g4"])", "line 1, column 3: [0]: expected four hexadecimal digits after \\u"},
    {"fraction", "[1.x]", "line 1, column 4: [0]: expected a digit after the decimal point"},
    {"exponent", "[1ex]", "line 1, column 4: [0]: expected a digit in the exponent"},
};

TEST(Json, SaysWhereAndWhatWasExpected) {
  for (const Place& c : kPlaces) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(refusal(c.text), c.diag);
  }
}

TEST(Json, CutsLongNamesInPathsBetweenCharacters) {
  const std::string exact(64, 'n');
  EXPECT_EQ(parse("{\"" + exact + "\":x}").error().path, exact);
  EXPECT_EQ(parse("{\"" + exact + "m\":x}").error().path, exact + "...");
  const std::string wide = std::string(63, 'n') + "\xc3\xa9";
  EXPECT_EQ(parse("{\"" + wide + "\":x}").error().path, std::string(63, 'n') + "...");
}

TEST(Json, KeepsItsLimitOfSize) {
  EXPECT_TRUE(parse("[1, 2]", {.max_bytes = 6}));
  EXPECT_EQ(expected_of("[1, 2]", {.max_bytes = 5}), "a smaller document (limit of size)");
}

TEST(Json, KeepsItsLimitOfDepth) {
  for (const std::uint32_t limit : {0U, 1U, 32U, kMaxJsonDepth, 1000000U}) {
    const std::uint32_t deepest = std::min(limit, kMaxJsonDepth);
    for (const auto& [open, close] : {std::pair("[", "]"), std::pair("{\"a\":", "}")}) {
      std::string text = "1";
      for (std::uint32_t i = 0; i < deepest; ++i)
        text = open + text + close;
      EXPECT_TRUE(parse(text, {.max_depth = limit})) << limit;
      EXPECT_EQ(expected_of(open + text + close, {.max_depth = limit}),
                "less nesting (limit of depth)");
    }
  }
  EXPECT_EQ(expected_of(std::string(1U << 20U, '[')), "less nesting (limit of depth)");
}

TEST(Json, KeepsItsLimitOfValues) {
  const char* const text = R"({"a":[1,2],"b":{}})";  // five values
  EXPECT_TRUE(parse(text, {.max_values = 5}));
  EXPECT_EQ(expected_of(text, {.max_values = 4}), "fewer values (limit of count)");
  EXPECT_TRUE(parse("[[]]", {.max_values = 2}));
  EXPECT_EQ(expected_of("[[]]", {.max_values = 1}), "fewer values (limit of count)");
  EXPECT_EQ(expected_of("1", {.max_values = 0}), "fewer values (limit of count)");
}

TEST(Json, KeepsNothingBeyondItsDepth) {
  const std::string text = R"({"a":[1,{"b":[2,3]},"c"],"d":"e","f":{},"g":7})";
  const auto doc = parse_json(as_bytes(text), {.kept_depth = 1});
  ASSERT_TRUE(doc);
  EXPECT_TRUE(doc->kept());
  ASSERT_EQ(doc->members().size(), 4U);
  const JsonValue& list = *doc->find("a");
  EXPECT_TRUE(list.is_array());
  EXPECT_FALSE(list.kept());
  EXPECT_TRUE(list.items().empty());
  EXPECT_EQ(as_text(list.raw(as_bytes(text))), R"([1,{"b":[2,3]},"c"])");
  EXPECT_FALSE(doc->find("f")->kept());
  EXPECT_EQ(doc->find("d")->as_string(), "e");
  EXPECT_EQ(doc->find("g")->as_int(), 7);

  const auto two = parse_json(as_bytes(text), {.kept_depth = 2});
  ASSERT_TRUE(two);
  ASSERT_EQ(two->find("a")->items().size(), 3U);
  EXPECT_FALSE(two->find("a")->items()[1].kept());
  EXPECT_EQ(two->find("a")->items()[2].as_string(), "c");

  const auto none = parse_json(as_bytes("[1]"), {.kept_depth = 0});
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->kept());
  EXPECT_TRUE(none->items().empty());
}

// What is not kept is refused in the same words, at the same place.
TEST(Json, RefusesTheSameOfWhatItDoesNotKeep) {
  for (const std::string_view text :
       {R"([[1,{"a":1,"b":2,"a":3}]])", R"([[0,1e999]])", R"([["\udc00"]])",
        R"([[18446744073709551616]])", R"([0,[1,2,]])", R"([[{"a":[0,01]}]])", "[[1,2,03,4]]",
        "[[1,2,,3]]", "[[\"\xff\"]]", R"({"x":{"y":[0,{"z":tru}]}})"}) {
    const auto kept = parse_json(as_bytes(text));
    const auto skimmed = parse_json(as_bytes(text), {.kept_depth = 0});
    ASSERT_FALSE(kept) << text;
    ASSERT_FALSE(skimmed) << text;
    EXPECT_EQ(to_text(skimmed.error()), to_text(kept.error())) << text;
  }
  EXPECT_FALSE(parse_json(as_bytes("[[0,0]]"), {.max_values = 3, .kept_depth = 0}));
  EXPECT_TRUE(parse_json(as_bytes("[[0,0]]"), {.max_values = 4, .kept_depth = 0}));
  EXPECT_FALSE(parse_json(as_bytes("[[0]]"), {.max_depth = 1, .kept_depth = 0}));
}

// Numbers in a list are read by a shorter way than others; nothing shows it.
TEST(Json, ReadsNumbersInAListAsItReadsThemAlone) {
  for (const std::string text :
       {"[0,255,7]", "[ 1,\t2 ,\n3 ]", "[999999999999999999,1,2]", "[9223372036854775808,1]",
        "[1,-2,3,4.5,6,1e2,7]", "[1,2,[3,4],5,{\"a\":[6,7,8]},9,10]", "[1,2,\"c\",3,true,4,null,5]",
        "[1]", "[1,2]"}) {
    const auto list = parse(text);
    ASSERT_TRUE(list) << text;
    EXPECT_EQ(as_text(list->raw(as_bytes(text))), text);
    for (const JsonValue& item : list->items()) {
      const std::string raw(as_text(item.raw(as_bytes(text))));
      const auto alone = parse(raw);
      ASSERT_TRUE(alone) << text << ": " << raw;
      EXPECT_EQ(alone->end(), raw.size()) << text;
      EXPECT_EQ(item.kind(), alone->kind()) << text << ": " << raw;
      EXPECT_EQ(item.as_int(), alone->as_int()) << text << ": " << raw;
      EXPECT_EQ(item.as_double(), alone->as_double()) << text << ": " << raw;
    }
  }
  EXPECT_EQ(parse("[1, 2,3 , 4]")->items().size(), 4U);
}

TEST(Json, RefusesWhatIsNoListOfNumbersWhereItStands) {
  constexpr std::pair<const char*, const char*> kCases[] = {
      {"[1,2,]", "line 1, column 6: [2]: expected a JSON value"},
      {"[1,,2]", "line 1, column 4: [1]: expected a JSON value"},
      {"[1,2", "line 1, column 5: [2]: expected ',' or ']' after the array's element"},
      {"[1,2 3]", "line 1, column 6: [2]: expected ',' or ']' after the array's element"},
      {"[1,02,3]", "line 1, column 5: [2]: expected ',' or ']' after the array's element"},
      {"[1,2,1e999,4]", "line 1, column 6: [2]: expected a number in the range of a double"},
      {"[1,2,18446744073709551616,4]",
       "line 1, column 6: [2]: expected an integer of at most 64 bits"}};
  for (const auto& [text, told] : kCases) {
    EXPECT_EQ(refusal(text), told) << text;
  }
  EXPECT_EQ(refusal("[1,2,3]", {.max_values = 3}),
            "line 1, column 6: [2]: expected fewer values (limit of count)");
  EXPECT_TRUE(parse("[1,2,3]", {.max_values = 4}));
}

TEST(Json, RefusesTruncationAtEveryLength) {
  const std::string text =
      R"({"tcbInfo":{"id":"SGX","n":[1,-2.5e+1,true,false,null,"\u00e9\ud83d\ude00"]}})";
  ASSERT_TRUE(parse(text));
  for (std::size_t n = 0; n < text.size(); ++n)
    EXPECT_FALSE(parse(std::string_view(text).substr(0, n))) << n;
}

}  // namespace
}  // namespace ward::codec
