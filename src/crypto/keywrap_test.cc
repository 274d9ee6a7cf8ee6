#include "crypto/keywrap.h"

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

template <class T>
std::optional<Errc> code(const Result<T>& r) {
  return r ? std::nullopt : std::optional(r.error().code());
}

// RFC 3394 sections 4.1, 4.2, 4.6.
TEST(KeyWrap, AgreesWithRfc3394) {
  struct Case {
    const char* kek;
    const char* key;
    const char* wrapped;
  };

  constexpr Case kCases[] = {
      {"000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
       "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
      {"000102030405060708090a0b0c0d0e0f1011121314151617", "00112233445566778899aabbccddeeff",
       "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"},
      {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
       "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
       "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
  };
  for (const Case& c : kCases) {
    const auto wrapped = wrap_key(hex(c.kek), hex(c.key));
    ASSERT_TRUE(wrapped);
    EXPECT_EQ(to_hex(*wrapped), c.wrapped);
    const auto key = unwrap_key(hex(c.kek), hex(c.wrapped));
    ASSERT_TRUE(key);
    EXPECT_TRUE(ct_equal(key->expose(), hex(c.key)));
  }
}

TEST(KeyWrap, RefusesEveryFlippedOctetAndEveryCut) {
  const Buffer kek(32, 7);
  Buffer wrapped = *wrap_key(kek, Buffer(32, 9));
  for (std::size_t i = 0; i < wrapped.size(); ++i) {
    wrapped[i] ^= 0x10U;
    EXPECT_EQ(code(unwrap_key(kek, wrapped)), Errc::kUntrusted) << i;
    wrapped[i] ^= 0x10U;
    const Errc want = i % 8 != 0 || i < 8 ? Errc::kMalformed
                      : i < 24            ? Errc::kLimit
                                          : Errc::kUntrusted;
    EXPECT_EQ(code(unwrap_key(kek, Bytes(wrapped).first(i))), want) << i;
  }
  EXPECT_EQ(code(unwrap_key(Buffer(32, 8), wrapped)), Errc::kUntrusted);
  EXPECT_EQ(code(unwrap_key(kek, wrapped)), std::nullopt);
}

TEST(KeyWrap, HoldsItsLimits) {
  const Buffer kek(32);
  EXPECT_EQ(code(wrap_key(kek, Buffer(8))), Errc::kLimit);
  EXPECT_EQ(code(wrap_key(kek, Buffer(16))), std::nullopt);
  EXPECT_EQ(code(wrap_key(kek, Buffer(17))), Errc::kMalformed);
  EXPECT_EQ(code(wrap_key(kek, Buffer(kKeyWrapMaxBytes))), std::nullopt);
  EXPECT_EQ(code(wrap_key(kek, Buffer(kKeyWrapMaxBytes + 8))), Errc::kLimit);
  EXPECT_EQ(code(unwrap_key(kek, Buffer(kKeyWrapMaxBytes + 16))), Errc::kLimit);
  for (const std::size_t size : {0U, 15U, 31U, 33U, 64U}) {
    EXPECT_EQ(code(wrap_key(Buffer(size), Buffer(16))), Errc::kMalformed) << size;
    EXPECT_EQ(code(unwrap_key(Buffer(size), Buffer(24))), Errc::kMalformed) << size;
  }
}

}  // namespace
}  // namespace ward::crypto
