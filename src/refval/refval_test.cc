#include "refval/refval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.h"

namespace ward::refval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr UnixTime kNow{1700000000};

std::string sample(std::string_view payload) {
  return R"({"version":"0.1.0","type":"sample","payload":")" +
         to_base64(as_bytes(payload), Base64::kStandard) + "\"}";
}

Result<std::vector<ReferenceValue>, Diag> parsed(const std::string& text) {
  return parse_message(as_bytes(text), kNow);
}

TEST(ReferenceValues, AMessageOfTrusteesGivesItsValuesForTwelveMonths) {
  const auto values =
      parsed(sample(R"({"snp_launch_measurement":["ab","cd"],"snp_smt_enabled":true,"svn":3})"));
  ASSERT_TRUE(values) << to_text(values.error());
  const UnixTime end{kNow.seconds + 365 * 86400};
  EXPECT_THAT(*values, ElementsAre(ReferenceValue{"snp_launch_measurement", R"(["ab","cd"])", end},
                                   ReferenceValue{"snp_smt_enabled", "true", end},
                                   ReferenceValue{"svn", "3", end}));
}

TEST(ReferenceValues, ThePlainFormMayNameItsEnd) {
  const auto values = parsed(
      R"({"schema":"ward.reference-values/1","values":{"mr_td":["aa"]},"expires":"2024-01-01T00:00:00Z"})");
  ASSERT_TRUE(values) << to_text(values.error());
  EXPECT_EQ(values->front().expires, parse_rfc3339("2024-01-01T00:00:00Z"));
}

TEST(ReferenceValues, AMistakeIsNamedWithItsPlace) {
  const struct {
    std::string text;
    const char* says;
  } cases[] = {
      {"[]", "an object"},
      {R"({"version":"0.2.0","type":"sample","payload":"e30="})", "version"},
      {R"({"version":"0.1.0","type":"corim","payload":"e30="})", "CoRIM and SWID"},
      {R"({"version":"0.1.0","type":"sample","payload":"?"})", "payload"},
      {sample("{\"a\""), "in base64"},
      {sample("{}"), "1 to 1000"},
      {sample(R"({"a b":1})"), "payload.a b"},
      {sample(R"({"a":{}})"), "payload.a"},
      {sample(R"({"a":[["b"]]})"), "payload.a"},
      {sample(R"({"a":null})"), "payload.a"},
      {sample("{\"" + std::string(257, 'x') + "\":1}"), "1 to 256"},
      {sample("{\"a\":\"" + std::string(kMaxValueBytes - 1, 'x') + "\"}"), "65536"},
      {R"({"schema":"ward.reference-values/2","values":{"a":1}})", "schema"},
      {R"({"schema":"ward.reference-values/1","values":{"a":1},"expires":"soon"})", "expires"},
      {R"({"schema":"ward.reference-values/1","value":{"a":1}})", "value"},
  };

  for (const auto& one : cases) {
    const auto values = parsed(one.text);
    ASSERT_FALSE(values) << one.text.substr(0, 100);
    EXPECT_THAT(to_text(values.error()), HasSubstr(one.says));
  }
}

TEST(ReferenceValues, AsLongAsItMayBeAndNoLonger) {
  EXPECT_TRUE(parsed(sample("{\"" + std::string(256, 'x') + "\":1}")));
  EXPECT_TRUE(parsed(sample("{\"a\":\"" + std::string(kMaxValueBytes - 2, 'x') + "\"}")));
  std::string many = "{";
  for (std::size_t i = 0; i < kMaxValues; ++i) {
    many += (i == 0 ? "\"v" : ",\"v") + std::to_string(i) + "\":1";
  }
  EXPECT_TRUE(parsed(sample(many + "}")));
  EXPECT_FALSE(parsed(sample(many + ",\"more\":1}")));
}

TEST(ReferenceValues, EveryTruncationIsRefused) {
  const std::string whole = sample(R"({"a":["b"]})");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_FALSE(parsed(whole.substr(0, n))) << n;
  }
}

TEST(ReferenceValues, AValueWhoseTimeIsOverIsNoneAnyMore) {
  const std::vector<ReferenceValue> values = {{"over", "1", kNow},
                                              {"last second", "2", {kNow.seconds + 1}}};
  const auto json = to_json(values, kNow);
  ASSERT_TRUE(json);
  EXPECT_EQ(*json, R"({"last second":2})");
  EXPECT_FALSE(to_json({{"a", "{", {kNow.seconds + 1}}}, kNow));
}

}  // namespace
}  // namespace ward::refval
