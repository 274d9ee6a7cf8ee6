#include "base/bytes.h"

#include <string>
#include <string_view>

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

// Every character at either place of a pair; the digits are those of the C locale's isxdigit.
TEST(Hex, TakesDigitsAlone) {
  const std::string_view digits = "0123456789abcdefABCDEF";
  for (int c = 0; c < 256; ++c) {
    const char letter = static_cast<char>(c);
    const bool digit = digits.find(letter) != std::string_view::npos;
    EXPECT_EQ(from_hex(std::string{letter, '7'}).has_value(), digit) << c;
    EXPECT_EQ(from_hex(std::string{'7', letter}).has_value(), digit) << c;
    const Buffer octet{static_cast<std::uint8_t>(c)};
    EXPECT_EQ(from_hex(to_hex(octet)), octet) << c;
  }
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

// Every character at every place of a group of four and of the shorter last ones.
TEST(Base64, TakesItsAlphabetAlone) {
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (const Base64 kind : {Base64::kStandard, Base64::kUrl}) {
    const std::string alphabet = letters + (kind == Base64::kUrl ? "-_" : "+/");
    for (int c = 0; c < 256; ++c) {
      const bool digit = alphabet.find(static_cast<char>(c)) != std::string::npos;
      if (c == '=') continue;  // padding: the tests above
      for (std::size_t at = 0; at < 8; ++at) {
        std::string text = "AAAAAAAA";
        text[at] = static_cast<char>(c);
        EXPECT_EQ(from_base64(text, kind).has_value(), digit) << c << " at " << at;
      }
    }
  }
  for (std::size_t value = 0; value < 62; ++value) {  // the unused bits of the last digit
    const std::string last(1, letters[value]);
    EXPECT_EQ(from_base64("A" + last, Base64::kUrl).has_value(), value % 16 == 0) << value;
    EXPECT_EQ(from_base64("AA" + last, Base64::kUrl).has_value(), value % 4 == 0) << value;
  }
}

TEST(Base64Url, RoundTripsEveryLength) {
  Buffer bytes;
  for (unsigned i = 0; i < 300; ++i) {
    EXPECT_EQ(*from_base64(to_base64(bytes, Base64::kUrl), Base64::kUrl), bytes);
    EXPECT_EQ(*from_base64(to_base64(bytes, Base64::kStandard), Base64::kStandard), bytes);
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
