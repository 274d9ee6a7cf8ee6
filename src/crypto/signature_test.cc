#include "crypto/signature.h"

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

using Alg = SignatureAlgorithm;

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

// RFC 6979 appendix A.2.5 and A.2.6: the message "sample"; RFC 8032 section 7.1, test 2.
struct Known {
  const char* name;
  Alg algorithm;
  const char* key;
  const char* message;
  const char* signature;  // r || s for ECDSA
};

constexpr Known kKnown[] = {
    {"p256", Alg::kEcdsaP256Sha256,
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "sample",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {"p384", Alg::kEcdsaP384Sha384,
     "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480b"
     "c13"
     "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264"
     "720",
     "sample",
     "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fab"
     "e46"
     "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628"
     "ac8"},
    {"ed25519", Alg::kEd25519, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
     "r",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
};

Result<PublicKey> key_of(const Known& known) {
  const Buffer raw = hex(known.key);
  if (known.algorithm == Alg::kEd25519) return PublicKey::from_ed25519(raw);
  return PublicKey::from_ec_xy(
      known.algorithm == Alg::kEcdsaP256Sha256 ? KeyType::kP256 : KeyType::kP384, raw);
}

bool check(const Known& known, const PublicKey& key, Bytes message, Bytes signature) {
  return known.algorithm == Alg::kEd25519 ? key.verify(known.algorithm, message, signature)
                                          : key.verify_rs(known.algorithm, message, signature);
}

TEST(Verify, AcceptsPublishedSignaturesAndNoFlippedBit) {
  for (const Known& known : kKnown) {
    const auto key = key_of(known);
    ASSERT_TRUE(key) << known.name;
    Buffer signature = hex(known.signature);
    const Bytes message = as_bytes(known.message);
    EXPECT_TRUE(check(known, *key, message, signature)) << known.name;
    EXPECT_FALSE(check(known, *key, as_bytes("samplf"), signature)) << known.name;
    for (std::size_t i = 0; i < signature.size(); ++i) {
      signature[i] ^= 1U;
      EXPECT_FALSE(check(known, *key, message, signature)) << known.name << " octet " << i;
      signature[i] ^= 1U;
      EXPECT_FALSE(check(known, *key, message, Bytes(signature).first(i))) << known.name;
    }
  }
}

TEST(Verify, RefusesAnAlgorithmOfAnotherKeyType) {
  const auto key = key_of(kKnown[0]);
  ASSERT_TRUE(key);
  for (const Alg other : {Alg::kEcdsaP384Sha384, Alg::kEcdsaP521Sha512, Alg::kEd25519,
                          Alg::kRsaPkcs1Sha256, Alg::kRsaPssSha256}) {
    EXPECT_FALSE(key->verify(other, as_bytes("sample"), hex(kKnown[0].signature)));
    EXPECT_FALSE(key->verify_rs(other, as_bytes("sample"), hex(kKnown[0].signature)));
  }
}

TEST(PublicKey, WritesTheSpkiThatItReads) {
  for (const Known& known : kKnown) {
    const auto key = key_of(known);
    ASSERT_TRUE(key) << known.name;
    const Buffer spki = key->to_spki();
    const auto again = PublicKey::from_spki(spki);
    ASSERT_TRUE(again) << known.name;
    EXPECT_EQ(again->to_spki(), spki);
    EXPECT_EQ(again->type(), key->type());
    EXPECT_EQ(again->to_ec_xy(), key->to_ec_xy());
  }
}

TEST(PublicKey, RefusesAnSpkiThatIsCutOrLonger) {
  for (const Known& known : kKnown) {
    Buffer spki = key_of(known)->to_spki();
    for (std::size_t n = 0; n < spki.size(); ++n) {
      const auto cut = PublicKey::from_spki(Bytes(spki).first(n));
      ASSERT_FALSE(cut) << known.name << " " << n;
      EXPECT_EQ(cut.error().code(), Errc::kMalformed);
    }
    spki.push_back(0);
    const auto longer = PublicKey::from_spki(spki);
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().code(), Errc::kMalformed);
  }
}

TEST(PublicKey, RefusesAPointThatIsNotOnTheCurve) {
  Buffer xy = hex(kKnown[0].key);
  for (const std::size_t i : {std::size_t{0}, std::size_t{31}, std::size_t{63}}) {
    xy[i] ^= 1U;
    const auto key = PublicKey::from_p256_xy(xy);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code(), Errc::kMalformed);
    xy[i] ^= 1U;
  }
  const auto zero = PublicKey::from_p256_xy(Buffer(64));
  ASSERT_FALSE(zero);
  EXPECT_EQ(zero.error().code(), Errc::kMalformed);
  const auto above_prime = PublicKey::from_p256_xy(Buffer(64, 0xff));
  ASSERT_FALSE(above_prime);
  EXPECT_EQ(above_prime.error().code(), Errc::kMalformed);
}

TEST(PublicKey, RefusesRsaOutsideItsBounds) {
  struct Case {
    const char* name;
    std::size_t bytes;
    std::uint8_t top;
    std::uint8_t low;
    Buffer exponent;
    std::optional<Errc> want;
  };

  const Case cases[] = {
      {"2047 bits", 256, 0x7f, 1, {3}, Errc::kLimit},
      {"2048 bits", 256, 0x80, 1, {3}, std::nullopt},
      {"8192 bits", 1024, 0x80, 1, {1, 0, 1}, std::nullopt},
      {"8193 bits", 1025, 0x01, 1, {3}, Errc::kLimit},
      {"even modulus", 256, 0x80, 2, {3}, Errc::kMalformed},
      {"exponent 1", 256, 0x80, 1, {1}, Errc::kMalformed},
      {"exponent 0", 256, 0x80, 1, {0}, Errc::kMalformed},
      {"even exponent", 256, 0x80, 1, {4}, Errc::kMalformed},
      {"exponent of 8 octets", 256, 0x80, 1, Buffer(8, 0x11), std::nullopt},
      {"exponent of 9 octets", 256, 0x80, 1, Buffer(9, 0x11), Errc::kLimit},
  };
  for (const Case& c : cases) {
    Buffer modulus(c.bytes, 0x55);
    modulus.front() = c.top;
    modulus.back() = c.low;
    const auto key = PublicKey::from_rsa(modulus, c.exponent);
    EXPECT_EQ(key ? std::nullopt : std::optional(key.error().code()), c.want) << c.name;
    if (!key) continue;
    const auto again = PublicKey::from_spki(key->to_spki());
    ASSERT_TRUE(again) << c.name;
    EXPECT_EQ(again->to_spki(), key->to_spki()) << c.name;
  }
}

}  // namespace
}  // namespace ward::crypto
