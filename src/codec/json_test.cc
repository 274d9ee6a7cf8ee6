#include "codec/json.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace ward::codec {
namespace {

Result<JsonValue, Diag> parse(std::string_view text, const JsonLimits& limits = {}) {
  return parse_json(as_bytes(text), limits);
}

TEST(Json, KeepsOrderKindsAndByteRanges) {
  const std::string text = R"( {"b" : [1, -2, 18446744073709551615, 1.5, null],
 "a":{"s":"x\u00e9\n","t":true}, "f" : false} )";
  const auto doc = parse(text);
  ASSERT_TRUE(doc) << to_text(doc.error());
  ASSERT_EQ(doc->members().size(), 3U);
  EXPECT_EQ(doc->members()[0].first, "b");
  EXPECT_EQ(doc->members()[1].first, "a");
  const JsonValue& b = *doc->find("b");
  EXPECT_EQ(as_text(b.raw(as_bytes(text))), "[1, -2, 18446744073709551615, 1.5, null]");
  EXPECT_EQ(b.items()[0].as_int(), 1);
  EXPECT_EQ(b.items()[0].as_uint(), 1U);
  EXPECT_EQ(b.items()[1].as_int(), -2);
  EXPECT_EQ(b.items()[1].as_uint(), std::nullopt);
  EXPECT_EQ(b.items()[2].as_uint(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(b.items()[2].as_int(), std::nullopt);
  EXPECT_EQ(b.items()[3].as_double(), 1.5);
  EXPECT_EQ(b.items()[4].kind(), JsonValue::Kind::kNull);
  EXPECT_EQ(as_text(b.items()[4].raw(as_bytes(text))), "null");
  const JsonValue& a = *doc->find("a");
  EXPECT_EQ(as_text(a.raw(as_bytes(text))), R"({"s":"x\u00e9\n","t":true})");
  EXPECT_EQ(a.find("s")->as_string(), "x\xc3\xa9\n");
  EXPECT_EQ(as_text(a.find("s")->raw(as_bytes(text))), R"("x\u00e9\n")");
  EXPECT_EQ(a.find("t")->as_bool(), true);
  EXPECT_EQ(a.find("absent"), nullptr);
}

}  // namespace
}  // namespace ward::codec
