#include "keys/soft/soft_keys.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/rng.h"

namespace ward::keys {
namespace {

using crypto::SignatureAlgorithm;

class SoftKeysTest : public testing::Test {
 protected:
  crypto::SeededRng rng_{as_bytes("soft keys")};
  SoftKeys keys_;

  crypto::PrivateKey p256() {
    auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng_);
    EXPECT_TRUE(key.has_value());
    return *std::move(key);
  }
};

SecretBytes hex_secret(std::string_view hex) { return SecretBytes::copy_of(*from_hex(hex)); }

// RFC 3394 section 4.6: 256 bits of key data with a 256-bit KEK.
TEST_F(SoftKeysTest, WrapsTheKnownAnswerOfRfc3394) {
  ASSERT_TRUE(keys_.add_wrapping_key(
      "kek", hex_secret("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F")));
  const auto data = from_hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F");
  const auto wrapped = keys_.wrap("kek", *data);
  ASSERT_TRUE(wrapped.has_value());
  EXPECT_EQ(to_hex(*wrapped),
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
  const auto back = keys_.unwrap("kek", *wrapped);
  ASSERT_TRUE(back.has_value());
  EXPECT_TRUE(ct_equal(back->expose(), *data));
}

TEST_F(SoftKeysTest, AWrappedKeyOfAnotherKeyOrAChangedOneIsUntrusted) {
  ASSERT_TRUE(keys_.add_wrapping_key("a", random_secret(rng_, 32)));
  ASSERT_TRUE(keys_.add_wrapping_key("b", random_secret(rng_, 32)));
  auto wrapped = keys_.wrap("a", Buffer(32, 7));
  ASSERT_TRUE(wrapped.has_value());
  EXPECT_EQ(keys_.unwrap("b", *wrapped).error().code(), Errc::kUntrusted);
  for (std::uint8_t& octet : *wrapped) {
    octet ^= 1U;
    EXPECT_EQ(keys_.unwrap("a", *wrapped).error().code(), Errc::kUntrusted);
    octet ^= 1U;
  }
}

TEST_F(SoftKeysTest, AKeyServesOnePurposeAndAnAbsentOneIsUnavailable) {
  ASSERT_TRUE(keys_.add_wrapping_key("wrap", random_secret(rng_, 32)));
  ASSERT_TRUE(keys_.add_signing_key("sign", p256()));
  const auto es256 = SignatureAlgorithm::kEcdsaP256Sha256;
  EXPECT_EQ(keys_.sign("wrap", es256, as_bytes("m")).error().code(), Errc::kDenied);
  EXPECT_EQ(keys_.public_key("wrap").error().code(), Errc::kDenied);
  EXPECT_EQ(keys_.wrap("sign", Buffer(32, 1)).error().code(), Errc::kDenied);
  EXPECT_EQ(keys_.unwrap("sign", Buffer(40, 1)).error().code(), Errc::kDenied);
  EXPECT_EQ(keys_.wrap("none", Buffer(32, 1)).error().code(), Errc::kUnavailable);
  EXPECT_EQ(keys_.sign("none", es256, as_bytes("m")).error().code(), Errc::kUnavailable);
  EXPECT_TRUE(keys_.has_wrapping_key("wrap"));
  EXPECT_FALSE(keys_.has_wrapping_key("sign"));
  EXPECT_FALSE(keys_.has_wrapping_key("none"));
}

TEST_F(SoftKeysTest, SignsSoThatThePublicHalfVerifies) {
  ASSERT_TRUE(keys_.add_signing_key("sign", p256()));
  const auto es256 = SignatureAlgorithm::kEcdsaP256Sha256;
  const auto signature = keys_.sign("sign", es256, as_bytes("message"));
  ASSERT_TRUE(signature.has_value());
  ASSERT_EQ(signature->size(), 64U);
  const auto key = keys_.public_key("sign");
  ASSERT_TRUE(key.has_value());
  EXPECT_TRUE(key->verify_rs(es256, as_bytes("message"), *signature));
  EXPECT_FALSE(key->verify_rs(es256, as_bytes("massage"), *signature));
  EXPECT_EQ(keys_.sign("sign", SignatureAlgorithm::kEd25519, as_bytes("m")).error().code(),
            Errc::kUnsupported);
}

TEST_F(SoftKeysTest, RefusesBadIdsSizesAndSecondKeysOfOneId) {
  EXPECT_EQ(keys_.add_wrapping_key("", random_secret(rng_, 32)).error().code(), Errc::kMalformed);
  const std::string longest(kMaxKeyIdBytes, 'k');
  EXPECT_TRUE(keys_.add_wrapping_key(longest, random_secret(rng_, 32)).has_value());
  EXPECT_EQ(keys_.add_wrapping_key(longest + "k", random_secret(rng_, 32)).error().code(),
            Errc::kMalformed);
  EXPECT_EQ(keys_.add_signing_key(longest, p256()).error().code(), Errc::kDenied);
  EXPECT_EQ(keys_.add_wrapping_key("short", random_secret(rng_, 31)).error().code(),
            Errc::kMalformed);
  EXPECT_TRUE(keys_.wrap(longest, Buffer(kMaxWrappedKeyBytes, 1)).has_value());
  EXPECT_EQ(keys_.wrap(longest, Buffer(kMaxWrappedKeyBytes + 8, 1)).error().code(), Errc::kLimit);
  EXPECT_EQ(keys_.unwrap(longest, Buffer(kMaxWrappedKeyBytes + 16, 1)).error().code(),
            Errc::kLimit);
}

TEST_F(SoftKeysTest, HoldsAtMostSoManyKeys) {
  for (std::size_t i = 0; i < kMaxSoftKeys; ++i)
    ASSERT_TRUE(keys_.add_signing_key(std::to_string(i),
                                      *crypto::PrivateKey::from_ed25519_seed(Buffer(32, 1))));
  EXPECT_EQ(keys_.add_wrapping_key("more", random_secret(rng_, 32)).error().code(), Errc::kLimit);
}

}  // namespace
}  // namespace ward::keys
