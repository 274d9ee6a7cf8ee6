#include "codec/json_write.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace ward::codec {
namespace {

Errc error_of(JsonWriter& w) {
  const auto r = w.take();
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

TEST(JsonWriter, KeepsTheOrderOfTheCalls) {
  JsonWriter w;
  w.begin_object().member("alg", "ES256").member("b", 1).member("a", true);
  w.name("list").begin_array().value(-1).value(2U).value(nullptr).value(1.5).end_array();
  w.member("none", std::optional<int>()).member("some", std::optional<std::string>("x"));
  const auto text = w.end_object().take();
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            R"({"alg":"ES256","b":1,"a":true,"list":[-1,2,null,1.5],"none":null,"some":"x"})");
}

TEST(JsonWriter, WritesPrettyWithTwoBlanks) {
  JsonWriter w(JsonWriter::Style::kPretty);
  w.begin_object().member("a", 1).name("b").begin_array().value("x").begin_object().end_object();
  w.end_array().name("c").begin_array().end_array();
  const auto text = w.end_object().take();
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "{\n  \"a\": 1,\n  \"b\": [\n    \"x\",\n    {}\n  ],\n  \"c\": []\n}");
}

TEST(JsonWriter, EscapesWhatMustBeEscapedAndNothingElse) {
  JsonWriter w;
  const auto text =
      w.string(std::string("\"\\/\b\f\n\r\t\0\x1f\x7f\xc3\xa9\xe2\x80\xa8", 16)).take();
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\xc3\xa9\xe2\x80\xa8\"");
}

TEST(JsonWriter, WritesTheIntegersOfBothEnds) {
  JsonWriter w;
  w.begin_array().value(std::numeric_limits<std::int64_t>::min());
  const auto text = w.value(std::numeric_limits<std::uint64_t>::max()).end_array().take();
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "[-9223372036854775808,18446744073709551615]");
}

TEST(JsonWriter, WritesDoublesThatReadAsDoubles) {
  JsonWriter w;
  w.begin_array().value(1.0).value(-0.0).value(0.1).value(1e20).value(1e21).value(5e-324);
  const auto text = w.end_array().take();
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "[1.0,0.0,0.1,100000000000000000000.0,1e+21,5e-324]");
  const auto doc = parse_json(as_bytes(*text));
  ASSERT_TRUE(doc);
  for (const JsonValue& item : doc->items())
    EXPECT_EQ(item.kind(), JsonValue::Kind::kDouble);
}

TEST(JsonWriter, EscapesAtEveryPlaceOfALongText) {
  for (const char c : {'"', '\\', '\n', '\x1f'}) {
    for (std::size_t at = 0; at < 40; ++at) {
      std::string text(40, 'a');
      text[at] = c;
      text[39 - at] = c;
      const auto written = JsonWriter().string(text).take();
      ASSERT_TRUE(written);
      EXPECT_EQ(written->size(), text.size() + 2 + (c == '\x1f' ? 10 : 2));
      const auto read = parse_json(as_bytes(*written));
      ASSERT_TRUE(read);
      EXPECT_EQ(read->as_string(), text);
    }
  }
  const std::string plain =
      "\x20\x21\x23[]\x7f\xc2\x80\xef\xbf\xbf";  // beside each that is escaped
  EXPECT_EQ(*JsonWriter().string(plain + plain).take(), "\"" + plain + plain + "\"");
}

TEST(JsonWriter, SortsTheMembersOfItsCanonicalStyle) {
  JsonWriter w(JsonWriter::Style::kCanonical);
  w.begin_object().name("z").begin_array().begin_object().member("b", 1.0).member("a", -0.0);
  w.end_object().value("x").end_array().member("ab", "say").name("a").begin_object().end_object();
  w.member("\xef\xac\xb3", 3).member("\xf0\x9f\x98\x80", 2).member("m", nullptr);
  EXPECT_EQ(*w.end_object().take(),
            "{\"a\":{},\"ab\":\"say\",\"m\":null,\"z\":[{\"a\":0,\"b\":1},\"x\"],"
            "\"\xf0\x9f\x98\x80\":2,\"\xef\xac\xb3\":3}");

  JsonWriter twice(JsonWriter::Style::kCanonical);
  twice.begin_object().member("b", 1).member("a", 1).member("b", 2).end_object();
  EXPECT_EQ(error_of(twice), Errc::kMalformed);
}

TEST(JsonWriter, WritesOnlyIntegersOfOneDoubleInItsCanonicalStyle) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53U;
  JsonWriter most(JsonWriter::Style::kCanonical);
  most.begin_array().value(kMost).value(-kMost).value(static_cast<std::uint64_t>(kMost));
  EXPECT_EQ(*most.end_array().take(), "[9007199254740992,-9007199254740992,9007199254740992]");
  JsonWriter above(JsonWriter::Style::kCanonical);
  above.value(kMost + 1);
  EXPECT_EQ(error_of(above), Errc::kUnsupported);
  JsonWriter below(JsonWriter::Style::kCanonical);
  below.value(-kMost - 1);
  EXPECT_EQ(error_of(below), Errc::kUnsupported);
  JsonWriter natural(JsonWriter::Style::kCanonical);
  natural.value(static_cast<std::uint64_t>(kMost) + 1);
  EXPECT_EQ(error_of(natural), Errc::kUnsupported);
}

TEST(JsonWriter, CopiesNothingThatWasNotKept) {
  const auto doc = parse_json(as_bytes(R"({"a":[1]})"), {.kept_depth = 1});
  ASSERT_TRUE(doc);
  JsonWriter w;
  w.copy(*doc);
  EXPECT_EQ(error_of(w), Errc::kInternal);
}

TEST(JsonWriter, RefusesTextThatIsNotUtf8) {
  JsonWriter value;
  value.string("\xff");
  EXPECT_EQ(error_of(value), Errc::kMalformed);
  JsonWriter name;
  name.begin_object().member("\xed\xa0\x80", 1).end_object();
  EXPECT_EQ(error_of(name), Errc::kMalformed);
}

TEST(JsonWriter, RefusesANameTwice) {
  JsonWriter w;
  w.begin_object().member("a", 1).member("b", 1).member("a", 2).end_object();
  EXPECT_EQ(error_of(w), Errc::kMalformed);
}

TEST(JsonWriter, RefusesNumbersThatAreNotFinite) {
  JsonWriter w;
  w.number(std::numeric_limits<double>::infinity());
  EXPECT_EQ(error_of(w), Errc::kMalformed);
}

TEST(JsonWriter, CopiesParsedValuesAndRawTexts) {
  const std::string in = R"({"z":[1,-2,18446744073709551615,0.5,"x",true,null],"a":{}})";
  const auto doc = parse_json(as_bytes(in));
  ASSERT_TRUE(doc);
  JsonWriter copy;
  EXPECT_EQ(*copy.copy(*doc).take(), in);
  JsonWriter raw;
  EXPECT_EQ(*raw.begin_array().raw_json(in).end_array().take(), "[" + in + "]");
  JsonWriter bad;
  bad.raw_json("{},{}");
  EXPECT_EQ(error_of(bad), Errc::kMalformed);
}

TEST(JsonWriter, BoundsNestingToWhatTheReaderTakes) {
  for (const std::uint32_t depth : {kMaxJsonDepth, kMaxJsonDepth + 1}) {
    JsonWriter w;
    for (std::uint32_t i = 0; i < depth; ++i)
      w.begin_array();
    for (std::uint32_t i = 0; i < depth; ++i)
      w.end_array();
    const auto text = w.take();
    ASSERT_EQ(text.has_value(), depth == kMaxJsonDepth);
    if (text) {
      EXPECT_TRUE(parse_json(as_bytes(*text), {.max_depth = kMaxJsonDepth}));
    } else {
      EXPECT_EQ(text.error().code(), Errc::kLimit);
    }
  }
}

TEST(JsonWriter, CountsTheNestingOfRawTexts) {
  const std::string deepest = std::string(kMaxJsonDepth, '[') + std::string(kMaxJsonDepth, ']');
  JsonWriter fits;
  EXPECT_TRUE(fits.raw_json(deepest).take());
  JsonWriter one_more;
  one_more.begin_array().raw_json(deepest).end_array();
  EXPECT_EQ(error_of(one_more), Errc::kMalformed);
}

struct Misuse {
  const char* name;
  void (*calls)(JsonWriter&);
};

constexpr Misuse kMisuses[] = {
    {"nothing", [](JsonWriter&) {}},
    {"two_values", [](JsonWriter& w) { w.null().null(); }},
    {"open", [](JsonWriter& w) { w.begin_array(); }},
    {"wrong_end", [](JsonWriter& w) { w.begin_array().end_object(); }},
    {"end_alone", [](JsonWriter& w) { w.end_array(); }},
    {"no_name", [](JsonWriter& w) { w.begin_object().null().end_object(); }},
    {"no_value", [](JsonWriter& w) { w.begin_object().name("a").end_object(); }},
    {"name_in_array", [](JsonWriter& w) { w.begin_array().name("a"); }},
    {"name_twice", [](JsonWriter& w) { w.begin_object().name("a").name("b"); }},
    {"taken", [](JsonWriter& w) { EXPECT_TRUE(w.null().take()); }},
};

TEST(JsonWriter, ReportsCallsThatMakeNoText) {
  for (const Misuse& misuse : kMisuses) {
    SCOPED_TRACE(misuse.name);
    JsonWriter w;
    misuse.calls(w);
    EXPECT_EQ(error_of(w), Errc::kInternal);
  }
}

}  // namespace
}  // namespace ward::codec
