#include "crypto/sign.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "crypto/bignum.h"

namespace ward::crypto {
namespace {

using Alg = SignatureAlgorithm;

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

template <class T>
std::optional<Errc> code(const Result<T>& r) {
  return r ? std::nullopt : std::optional(r.error().code());
}

constexpr KeyType kSeeded[] = {KeyType::kP256, KeyType::kP384, KeyType::kP521, KeyType::kEd25519};

Alg native(KeyType type) {
  switch (type) {
    case KeyType::kP256:
      return Alg::kEcdsaP256Sha256;
    case KeyType::kP384:
      return Alg::kEcdsaP384Sha384;
    case KeyType::kP521:
      return Alg::kEcdsaP521Sha512;
    case KeyType::kEd25519:
      return Alg::kEd25519;
    case KeyType::kRsa:
      break;
  }
  return Alg::kRsaPkcs1Sha256;
}

PrivateKey seeded(KeyType type, std::string_view seed = "seed") {
  SeededRng rng(as_bytes(seed));
  return *PrivateKey::generate(type, rng);
}

// One RSA key for all tests here: making one takes long.
const PrivateKey& rsa() {
  static const PrivateKey key = *PrivateKey::generate_rsa(2048);
  return key;
}

TEST(PrivateKey, GeneratesTheSameKeyFromTheSameOctets) {
  for (const KeyType type : kSeeded) {
    EXPECT_EQ(seeded(type).public_key().to_spki(), seeded(type).public_key().to_spki());
    EXPECT_NE(seeded(type).public_key().to_spki(), seeded(type, "other").public_key().to_spki());
    EXPECT_EQ(seeded(type).type(), type);
  }
  SystemRng rng;
  EXPECT_EQ(code(PrivateKey::generate(KeyType::kRsa, rng)), Errc::kUnsupported);
}

TEST(PrivateKey, SignsWhatItsPublicHalfVerifies) {
  const Bytes message = as_bytes("message");
  for (const KeyType type : kSeeded) {
    const PrivateKey key = seeded(type);
    const auto signature = key.sign(native(type), message);
    ASSERT_TRUE(signature);
    EXPECT_TRUE(key.public_key().verify(native(type), message, *signature));
    EXPECT_FALSE(key.public_key().verify(native(type), as_bytes("massage"), *signature));
    const auto r_s = key.sign_rs(native(type), message);
    if (type == KeyType::kEd25519) {
      EXPECT_EQ(code(r_s), Errc::kUnsupported);
    } else {
      ASSERT_TRUE(r_s);
      EXPECT_EQ(r_s->size(), key.public_key().to_ec_xy().size());
      EXPECT_TRUE(key.public_key().verify_rs(native(type), message, *r_s));
    }
    EXPECT_EQ(code(key.sign(Alg::kRsaPssSha256, message)), Errc::kUnsupported);
  }
}

TEST(PrivateKey, SignsWithEveryRsaAlgorithm) {
  constexpr Alg kRsaAlgorithms[] = {Alg::kRsaPkcs1Sha256, Alg::kRsaPkcs1Sha384,
                                    Alg::kRsaPkcs1Sha512, Alg::kRsaPssSha256,
                                    Alg::kRsaPssSha384,   Alg::kRsaPssSha512};
  const Bytes message = as_bytes("message");
  for (const Alg algorithm : kRsaAlgorithms) {
    const auto signature = rsa().sign(algorithm, message);
    ASSERT_TRUE(signature);
    for (const Alg other : kRsaAlgorithms) {
      EXPECT_EQ(rsa().public_key().verify(other, message, *signature), other == algorithm);
    }
  }
  EXPECT_EQ(code(rsa().sign(Alg::kEcdsaP256Sha256, message)), Errc::kUnsupported);
  EXPECT_EQ(code(rsa().sign_rs(Alg::kRsaPssSha256, message)), Errc::kUnsupported);
}

// RFC 8032 section 7.1, test 2.
TEST(PrivateKey, SignsEd25519AsRfc8032) {
  const auto key = PrivateKey::from_ed25519_seed(
      hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  ASSERT_TRUE(key);
  EXPECT_EQ(to_hex(*key->sign(Alg::kEd25519, as_bytes("r"))),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_EQ(code(PrivateKey::from_ed25519_seed(Buffer(31))), Errc::kMalformed);
}

// RFC 6979 appendix A.2.5: the pair.
TEST(PrivateKey, ComputesThePublicHalfOfAScalar) {
  const auto key = PrivateKey::from_ec_scalar(
      KeyType::kP256, hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
  ASSERT_TRUE(key);
  EXPECT_EQ(to_hex(key->public_key().to_ec_xy()),
            "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
}

TEST(PrivateKey, RefusesScalarsOutsideTheGroup) {
  const Buffer order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  Buffer below = order;
  below.back() -= 1;
  EXPECT_EQ(code(PrivateKey::from_ec_scalar(KeyType::kP256, below)), std::nullopt);
  EXPECT_EQ(code(PrivateKey::from_ec_scalar(KeyType::kP256, order)), Errc::kMalformed);
  EXPECT_EQ(code(PrivateKey::from_ec_scalar(KeyType::kP256, Buffer(32))), Errc::kMalformed);
  EXPECT_EQ(code(PrivateKey::from_ec_scalar(KeyType::kP256, Buffer(31, 1))), Errc::kMalformed);
  EXPECT_EQ(code(PrivateKey::from_ec_scalar(KeyType::kP256, Buffer(33, 1))), Errc::kMalformed);
  EXPECT_EQ(code(PrivateKey::from_ec_scalar(KeyType::kRsa, Buffer(32, 1))), Errc::kUnsupported);
}

TEST(PrivateKey, ReadsThePkcs8ThatItWrites) {
  for (const KeyType type : kSeeded) {
    const PrivateKey key = seeded(type);
    const SecretBytes der = key.to_pkcs8();
    const auto again = PrivateKey::from_pkcs8(der.expose());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->public_key().to_spki(), key.public_key().to_spki());
    EXPECT_TRUE(ct_equal(again->to_pkcs8().expose(), der.expose()));
  }
  const auto again = PrivateKey::from_pkcs8(rsa().to_pkcs8().expose());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key().to_spki(), rsa().public_key().to_spki());
}

TEST(PrivateKey, RefusesPkcs8ThatIsCutOrLonger) {
  const SecretBytes der = seeded(KeyType::kP256).to_pkcs8();
  for (std::size_t n = 0; n < der.size(); ++n) {
    EXPECT_EQ(code(PrivateKey::from_pkcs8(der.expose().first(n))), Errc::kMalformed) << n;
  }
  Buffer longer = to_buffer(der.expose());
  longer.push_back(0);
  EXPECT_EQ(code(PrivateKey::from_pkcs8(longer)), Errc::kMalformed);
  EXPECT_EQ(code(PrivateKey::from_pkcs8(Buffer(20000))), Errc::kLimit);
}

TEST(PrivateKey, RefusesPkcs8WhoseHalvesDiffer) {
  SecretBytes ec = seeded(KeyType::kP256).to_pkcs8();
  const SecretBytes other = seeded(KeyType::kP256, "other").to_pkcs8();
  ASSERT_EQ(ec.size(), other.size());
  std::ranges::copy(other.expose().last(64), ec.expose_mut().last(64).begin());  // the point
  EXPECT_EQ(code(PrivateKey::from_pkcs8(ec.expose())), Errc::kMalformed);
}

// openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1, and -algorithm X25519.
TEST(PrivateKey, RefusesPkcs8OfKeysThatItDoesNotKnow) {
  EXPECT_EQ(code(PrivateKey::from_pkcs8(hex(
                "308184020100301006072a8648ce3d020106052b8104000a046d306b02010104200e46435874802d"
                "893d3a4ef56b962b45dffa20b1bcf0f4429afef80514aaf060a1440342000417cf6df115c840bbd8"
                "47b21f96c4004b9ec390fb815ff5329a92982483913e2b54a2fb9e54e785b660f3682612d8580dbb"
                "fc7af2d075e490e7a8dc448df8c71e"))),
            Errc::kUnsupported);
  EXPECT_EQ(code(PrivateKey::from_pkcs8(hex("302e020100300506032b656e0422042038ecd512a0111faf956626"
                                            "29d614cf7f5c5f80203a9fc9840c573270af224d52"))),
            Errc::kUnsupported);
}

TEST(PrivateKey, GeneratesRsaAsSigstructWants) {
  const auto key = PrivateKey::generate_rsa(3072, 3);
  ASSERT_TRUE(key);
  const Bytes message = as_bytes("sigstruct");
  const auto signature = key->sign(Alg::kRsaPkcs1Sha256, message);
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->size(), 384U);
  EXPECT_TRUE(key->public_key().verify(Alg::kRsaPkcs1Sha256, message, *signature));
  EXPECT_EQ(code(PrivateKey::generate_rsa(1024)), Errc::kUnsupported);
  EXPECT_EQ(code(PrivateKey::generate_rsa(2048, 5)), Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::crypto
