#include "codec/jcs.h"

#include <bit>
#include <string>

#include <gtest/gtest.h>

#include "codec/json_text.h"
#include "codec/json_write.h"

namespace ward::codec {
namespace {

std::string canonical(std::string_view text) {
  const auto doc = parse_json(as_bytes(text));
  if (!doc) return "does not parse";
  const auto out = canonical_json(*doc);
  // The writer's style says the same, be the value a copy or a text.
  JsonWriter copy(JsonWriter::Style::kCanonical);
  JsonWriter raw(JsonWriter::Style::kCanonical);
  for (const auto& written : {copy.copy(*doc).take(), raw.raw_json(text).take()}) {
    EXPECT_EQ(written.has_value(), out.has_value());
    if (written && out) {
      EXPECT_EQ(*written, *out);
    } else if (!written) {
      EXPECT_EQ(written.error().code(), Errc::kUnsupported);
    }
  }
  return out ? *out : std::string("refused: ") + out.error().what();
}

TEST(Jcs, WritesTheSampleOfRfc8785Section322) {
  EXPECT_EQ(canonical(R"({
    "numbers": [333333333.33333329, 1E30, 4.50,
                2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })"),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,"
            "1e+30,4.5,0.002,1e-27],\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST(Jcs, SortsTheSampleOfRfc8785Section323ByUtf16) {
  EXPECT_EQ(canonical(R"({
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis"
  })"),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
            "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
            "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
            "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST(Jcs, SortsAPrefixFirstAndAtEveryDepth) {
  EXPECT_EQ(canonical(R"({"ab":[{"z":1,"y":{"b":1,"a":2}}],"a":{},"":0})"),
            R"({"":0,"a":{},"ab":[{"y":{"a":2,"b":1},"z":1}]})");
}

struct NumberCase {
  std::uint64_t bits;
  const char* text;
};

// RFC 8785 appendix B, whole but for NaN and infinity, which no JSON text can say.
constexpr NumberCase kNumbers[] = {
    {0x0000000000000000, "0"},
    {0x8000000000000000, "0"},
    {0x0000000000000001, "5e-324"},
    {0x8000000000000001, "-5e-324"},
    {0x7fefffffffffffff, "1.7976931348623157e+308"},
    {0xffefffffffffffff, "-1.7976931348623157e+308"},
    {0x4340000000000000, "9007199254740992"},
    {0xc340000000000000, "-9007199254740992"},
    {0x4430000000000000, "295147905179352830000"},
    {0x44b52d02c7e14af5, "9.999999999999997e+22"},
    {0x44b52d02c7e14af6, "1e+23"},
    {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
    {0x444b1ae4d6e2ef4e, "999999999999999700000"},
    {0x444b1ae4d6e2ef4f, "999999999999999900000"},
    {0x444b1ae4d6e2ef50, "1e+21"},
    {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
    {0x3eb0c6f7a0b5ed8d, "0.000001"},
    {0x41b3de4355555553, "333333333.3333332"},
    {0x41b3de4355555554, "333333333.33333325"},
    {0x41b3de4355555555, "333333333.3333333"},
    {0x41b3de4355555556, "333333333.3333334"},
    {0x41b3de4355555557, "333333333.33333343"},
    {0xbecbf647612f3696, "-0.0000033333333333333333"},
    {0x43143ff3c1cb0959, "1424953923781206.2"},
};

TEST(Jcs, WritesTheNumbersOfRfc8785AppendixB) {
  for (const NumberCase& c : kNumbers) {
    std::string out;
    append_json_number(out, std::bit_cast<double>(c.bits));
    EXPECT_EQ(out, c.text);
  }
}

TEST(Jcs, RefusesIntegersThatADoubleCouldConfuse) {
  EXPECT_EQ(canonical("[9007199254740992,-9007199254740992,-0,-0.0,0]"),
            "[9007199254740992,-9007199254740992,0,0,0]");
  for (const char* text :
       {"9007199254740993", "-9007199254740993", "1152921504606846976", "9223372036854775807",
        "-9223372036854775808", "9223372036854775808", "18446744073709551615"}) {
    const auto doc = parse_json(as_bytes(text));
    ASSERT_TRUE(doc);
    const auto out = canonical_json(*doc);
    ASSERT_FALSE(out) << text;
    EXPECT_EQ(out.error().code(), Errc::kUnsupported);
  }
}

TEST(Jcs, IsAFixedPoint) {
  const std::string once = canonical(R"({"b":[1.0,1e2,"\u0041"],"a":{"y":null,"x":-5e-324}})");
  EXPECT_EQ(once, R"({"a":{"x":-5e-324,"y":null},"b":[1,100,"A"]})");
  EXPECT_EQ(canonical(once), once);
}

}  // namespace
}  // namespace ward::codec
