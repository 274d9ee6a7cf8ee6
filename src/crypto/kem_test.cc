#include "crypto/kem.h"

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

template <class T>
std::optional<Errc> code(const Result<T>& r) {
  return r ? std::nullopt : std::optional(r.error().code());
}

// RFC 5903 section 8.1: the 256-bit random ECP group.
TEST(Ecdh, AgreesWithRfc5903) {
  const auto mine = PrivateKey::from_ec_scalar(
      KeyType::kP256, hex("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"));
  const auto peer = PublicKey::from_p256_xy(
      hex("d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
          "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"));
  ASSERT_TRUE(mine && peer);
  const auto shared = ecdh(*mine, *peer);
  ASSERT_TRUE(shared);
  EXPECT_EQ(to_hex(shared->expose()),
            "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");
}

TEST(Ecdh, IsTheSameFromBothSidesAndHasTheFieldsLength) {
  SystemRng rng;
  for (const auto& [type, size] : {std::pair{KeyType::kP256, 32U}, std::pair{KeyType::kP384, 48U},
                                   std::pair{KeyType::kP521, 66U}}) {
    const auto a = PrivateKey::generate(type, rng);
    const auto b = PrivateKey::generate(type, rng);
    ASSERT_TRUE(a && b);
    const auto ab = ecdh(*a, b->public_key());
    const auto ba = ecdh(*b, a->public_key());
    ASSERT_TRUE(ab && ba);
    EXPECT_EQ(ab->size(), size);
    EXPECT_TRUE(ct_equal(ab->expose(), ba->expose()));
  }
}

TEST(Ecdh, RefusesKeysOfTwoKinds) {
  SystemRng rng;
  const auto p256 = PrivateKey::generate(KeyType::kP256, rng);
  const auto p384 = PrivateKey::generate(KeyType::kP384, rng);
  const auto ed = PrivateKey::generate(KeyType::kEd25519, rng);
  EXPECT_EQ(code(ecdh(*p256, p384->public_key())), Errc::kUnsupported);
  EXPECT_EQ(code(ecdh(*ed, ed->public_key())), Errc::kUnsupported);
}

// RFC 7748 section 6.1.
TEST(X25519, AgreesWithRfc7748) {
  const auto a =
      to_array<32>(hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const auto a_public =
      to_array<32>(hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
  const auto b =
      to_array<32>(hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  const auto b_public =
      to_array<32>(hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
  ASSERT_TRUE(a && a_public && b && b_public);
  EXPECT_EQ(x25519_public(*a), *a_public);
  EXPECT_EQ(x25519_public(*b), *b_public);
  const std::string want = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  const auto ab = x25519(*a, *b_public);
  const auto ba = x25519(*b, *a_public);
  ASSERT_TRUE(ab && ba);
  EXPECT_EQ(to_hex(ab->expose()), want);
  EXPECT_EQ(to_hex(ba->expose()), want);
}

TEST(X25519, RefusesAPointOfLowOrder) {
  SystemRng rng;
  const Secret<32> scalar = random_secret<32>(rng);
  EXPECT_EQ(code(x25519(scalar.expose(), std::array<std::uint8_t, 32>{})), Errc::kUntrusted);
}

const PrivateKey& rsa() {
  static const PrivateKey key = *PrivateKey::generate_rsa(2048);
  return key;
}

TEST(RsaOaep, DecryptsWhatItEncryptsAndNothingElse) {
  for (const OaepHash hash : {OaepHash::kSha256, OaepHash::kSha1}) {
    auto sealed = rsa_oaep_encrypt(rsa().public_key(), hash, as_bytes("a key"));
    ASSERT_TRUE(sealed);
    const auto opened = rsa_oaep_decrypt(rsa(), hash, *sealed);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(ct_equal(opened->expose(), as_bytes("a key")));
    const OaepHash other = hash == OaepHash::kSha256 ? OaepHash::kSha1 : OaepHash::kSha256;
    EXPECT_EQ(code(rsa_oaep_decrypt(rsa(), other, *sealed)), Errc::kUntrusted);
    for (const std::size_t i : {std::size_t{0}, std::size_t{128}, std::size_t{255}}) {
      (*sealed)[i] ^= 1U;
      EXPECT_EQ(code(rsa_oaep_decrypt(rsa(), hash, *sealed)), Errc::kUntrusted);
      (*sealed)[i] ^= 1U;
    }
    EXPECT_EQ(code(rsa_oaep_decrypt(rsa(), hash, Bytes(*sealed).first(255))), Errc::kUntrusted);
    EXPECT_EQ(code(rsa_oaep_decrypt(rsa(), hash, {})), Errc::kUntrusted);
  }
}

TEST(RsaOaep, OpensUnderTheSameLabelAlone) {
  const auto sealed =
      rsa_oaep_encrypt(rsa().public_key(), OaepHash::kSha256, as_bytes("a key"), as_bytes("one"));
  ASSERT_TRUE(sealed);
  const auto opened = rsa_oaep_decrypt(rsa(), OaepHash::kSha256, *sealed, as_bytes("one"));
  ASSERT_TRUE(opened);
  EXPECT_TRUE(ct_equal(opened->expose(), as_bytes("a key")));
  EXPECT_EQ(code(rsa_oaep_decrypt(rsa(), OaepHash::kSha256, *sealed, as_bytes("two"))),
            Errc::kUntrusted);
  EXPECT_EQ(code(rsa_oaep_decrypt(rsa(), OaepHash::kSha256, *sealed)), Errc::kUntrusted);
}

TEST(RsaOaep, HoldsTheLimitOfTheKey) {
  const PublicKey& key = rsa().public_key();
  EXPECT_EQ(code(rsa_oaep_encrypt(key, OaepHash::kSha256, Buffer(190))), std::nullopt);
  EXPECT_EQ(code(rsa_oaep_encrypt(key, OaepHash::kSha256, Buffer(191))), Errc::kLimit);
  EXPECT_EQ(code(rsa_oaep_encrypt(key, OaepHash::kSha1, Buffer(214))), std::nullopt);
  EXPECT_EQ(code(rsa_oaep_encrypt(key, OaepHash::kSha1, Buffer(215))), Errc::kLimit);
  const auto empty = rsa_oaep_encrypt(key, OaepHash::kSha256, {});
  ASSERT_TRUE(empty);
  const auto opened = rsa_oaep_decrypt(rsa(), OaepHash::kSha256, *empty);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->empty());
}

TEST(RsaOaep, RefusesKeysThatAreNotRsa) {
  SystemRng rng;
  const auto ec = PrivateKey::generate(KeyType::kP256, rng);
  EXPECT_EQ(code(rsa_oaep_encrypt(ec->public_key(), OaepHash::kSha256, {})), Errc::kUnsupported);
  EXPECT_EQ(code(rsa_oaep_decrypt(*ec, OaepHash::kSha256, {})), Errc::kUnsupported);
}

// Decrypted by others: test/token/jose_test.cc.
TEST(Pkcs1Encrypt, takes_what_fits_an_rsa_key) {
  const auto sealed = rsa_pkcs1_encrypt(rsa().public_key(), Buffer(256 - 11));
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->size(), 256U);
  EXPECT_EQ(code(rsa_pkcs1_encrypt(rsa().public_key(), Buffer(256 - 10))), Errc::kLimit);
  SeededRng rng(as_bytes("pkcs1"));
  const auto other = PrivateKey::generate(KeyType::kP256, rng);
  ASSERT_TRUE(other);
  EXPECT_EQ(code(rsa_pkcs1_encrypt(other->public_key(), {})), Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::crypto
