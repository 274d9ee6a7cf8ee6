#include "crypto/mac.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

// RFC 4231 sections 4.3 (test case 2) and 4.7 (test case 6: a key longer than a block).
TEST(Hmac, AgreesWithRfc4231) {
  const Bytes key = as_bytes("Jefe");
  const Bytes data = as_bytes("what do ya want for nothing?");
  EXPECT_EQ(to_hex(hmac(Hash::kSha256, key, data)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac(Hash::kSha384, key, data)),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
            "8e2240ca5e69e2c78b3239ecfab21649");
  EXPECT_EQ(to_hex(hmac(Hash::kSha512, key, data)),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
  EXPECT_EQ(to_hex(hmac(Hash::kSha256, Buffer(131, 0xaa),
                        as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, TakesAnEmptyKeyAndAnEmptyMessage) {
  EXPECT_EQ(to_hex(hmac(Hash::kSha256, {}, {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hmac, GivesTheSameForAStreamAndAsAKey) {
  const std::string text(300, 'm');
  const Bytes key = as_bytes("key");
  const Buffer whole = hmac(Hash::kSha384, key, as_bytes(text));
  Hmac stream(Hash::kSha384, key);
  stream.update(as_bytes(text).first(7));
  stream.update({});
  stream.update(as_bytes(text).subspan(7));
  EXPECT_EQ(stream.finish(), whole);
  EXPECT_TRUE(ct_equal(hmac_key(Hash::kSha384, key, as_bytes(text)).expose(), whole));
}

TEST(HmacDeathTest, EndsTheProcessWhenUsedAfterFinish) {
  Hmac stream(Hash::kSha256, {});
  const Buffer out = stream.finish();
  EXPECT_DEATH(stream.update(out), "");
}

TEST(VerifyHmac, RefusesEveryOtherTag) {
  const Bytes key = as_bytes("key");
  const Bytes data = as_bytes("data");
  Buffer right = hmac(Hash::kSha256, key, data);
  EXPECT_TRUE(verify_hmac(Hash::kSha256, key, data, right));
  for (std::size_t i = 0; i < right.size(); ++i) {
    right[i] ^= 0x80U;
    EXPECT_FALSE(verify_hmac(Hash::kSha256, key, data, right)) << i;
    right[i] ^= 0x80U;
    EXPECT_FALSE(verify_hmac(Hash::kSha256, key, data, Bytes(right).first(i))) << i;
  }
  EXPECT_FALSE(verify_hmac(Hash::kSha384, key, data, right));
}

// RFC 4493 section 4.
TEST(Cmac, AgreesWithRfc4493) {
  const auto key = to_array<16>(hex("2b7e151628aed2a6abf7158809cf4f3c"));
  const Buffer message =
      hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
          "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  ASSERT_TRUE(key);

  struct Case {
    std::size_t size;
    const char* tag;
  };

  constexpr Case kCases[] = {{0, "bb1d6929e95937287fa37d129b756746"},
                             {16, "070a16b46b4d4144f79bdd9dd04a287c"},
                             {40, "dfa66747de9ae63030ca32611497c827"},
                             {64, "51f0bebf7e3b9d92fc49741779363cfe"}};
  for (const Case& c : kCases) {
    EXPECT_EQ(to_hex(cmac_aes128(*key, Bytes(message).first(c.size))), c.tag);
    EXPECT_TRUE(ct_equal(cmac_aes128_key(*key, Bytes(message).first(c.size)).expose(), hex(c.tag)));
  }
}

}  // namespace
}  // namespace ward::crypto
