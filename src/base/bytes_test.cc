#include "base/bytes.h"

#include <gtest/gtest.h>

namespace ward {
namespace {

TEST(Hex, ReadsBothCasesAndWritesLower) {
  EXPECT_EQ(to_hex(*from_hex("00fFA9")), "00ffa9");
  EXPECT_EQ(from_hex("")->size(), 0U);
}

TEST(Hex, RefusesOddLengthBlanksAndPrefix) {
  for (const char* bad : {"0", "0g", "0x00", " 00", "00 "})
    EXPECT_FALSE(from_hex(bad)) << bad;
}

struct Base64Case {
  const char* text;
  const char* plain;
};

// RFC 4648 section 10.
constexpr Base64Case kRfc4648[] = {{"", ""},
                                   {"Zg==", "f"},
                                   {"Zm8=", "fo"},
                                   {"Zm9v", "foo"},
                                   {"Zm9vYg==", "foob"},
                                   {"Zm9vYmE=", "fooba"},
                                   {"Zm9vYmFy", "foobar"}};

TEST(Base64Standard, AgreesWithRfc4648) {
  for (const auto& c : kRfc4648) {
    EXPECT_EQ(to_base64(as_bytes(c.plain), Base64::kStandard), c.text);
    ASSERT_TRUE(from_base64(c.text, Base64::kStandard)) << c.text;
    EXPECT_EQ(as_text(*from_base64(c.text, Base64::kStandard)), c.plain);
  }
}

TEST(Base64Standard, RefusesWhatIsNotCanonical) {
  for (const char* bad :
       {"Zg", "Zg=", "Zh==", "Zm9=", "Zg==\n", "====", "Z", "Zm-_", "Zg==Zg==", "=Zg="}) {
    EXPECT_FALSE(from_base64(bad, Base64::kStandard)) << bad;
  }
}

TEST(Base64Url, UsesItsAlphabetAndNoPadding) {
  const Buffer bytes{0xfb, 0xff, 0xfe};
  EXPECT_EQ(to_base64(bytes, Base64::kUrl), "-__-");
  EXPECT_EQ(*from_base64("-__-", Base64::kUrl), bytes);
  for (const char* bad : {"Zg==", "Zh", "+//+", "Z"}) {
    EXPECT_FALSE(from_base64(bad, Base64::kUrl)) << bad;
  }
}

TEST(Base64Url, RoundTripsEveryLength) {
  Buffer bytes;
  for (unsigned i = 0; i < 300; ++i) {
    EXPECT_EQ(*from_base64(to_base64(bytes, Base64::kUrl), Base64::kUrl), bytes);
    bytes.push_back(static_cast<std::uint8_t>(i * 7));
  }
}

TEST(ToArray, TakesTheExactLengthOnly) {
  EXPECT_TRUE(to_array<2>(Buffer{1, 2}));
  EXPECT_FALSE(to_array<2>(Buffer{1}));
  EXPECT_FALSE(to_array<2>(Buffer{1, 2, 3}));
}

}  // namespace
}  // namespace ward
