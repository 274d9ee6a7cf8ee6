// What an engine of P-384 is asked, and what its answers do. p384_test.cc compares a real one.

#include <utility>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "crypto/p384.h"
#include "crypto/rng.h"
#include "crypto/sign.h"

namespace ward::crypto {
namespace {

TEST(P384Engine, JudgesNeitherAnotherCurveNorAnotherSize) {
  SeededRng rng(as_bytes("sizes"));
  const auto p256 = PrivateKey::generate(KeyType::kP256, rng);
  const auto p384 = PrivateKey::generate(KeyType::kP384, rng);
  ASSERT_TRUE(p256 && p384);
  const Buffer hash = digest(Hash::kSha384, as_bytes("message"));
  const auto r_s = p384->sign_rs(SignatureAlgorithm::kEcdsaP384Sha384, as_bytes("message"));
  ASSERT_TRUE(r_s);
  EXPECT_TRUE(p384::verify(p384->public_key(), hash, *r_s));
  EXPECT_FALSE(p384::verify(p384->public_key(), hash, Bytes(*r_s).first(95)));
  EXPECT_FALSE(p384::verify(p384->public_key(), hash, concat({*r_s, Buffer(1)})));
  EXPECT_FALSE(p384::verify(p256->public_key(), hash, *r_s));
}

int asked = 0;
int answer = 0;

int answer_of_test(const std::uint8_t* /*xy*/, const std::uint8_t* /*hash*/, std::size_t /*size*/,
                   const std::uint8_t* /*r_s*/) {
  ++asked;
  return answer;
}

constexpr p384::Engine kEngineOfTest = {"test", answer_of_test};

// Puts the engine that was there back.
class Using {
 public:
  explicit Using(const p384::Engine* engine) : before_(p384::use(engine)) {}

  Using(const Using&) = delete;
  Using& operator=(const Using&) = delete;

  ~Using() { p384::use(before_); }

 private:
  const p384::Engine* before_;
};

TEST(P384Engine, OpenSslJudgesWhereTheEngineCannotTell) {
  SeededRng rng(as_bytes("cannot tell"));
  const auto key = PrivateKey::generate(KeyType::kP384, rng);
  ASSERT_TRUE(key);
  constexpr auto kAlgorithm = SignatureAlgorithm::kEcdsaP384Sha384;
  const auto signature = key->sign(kAlgorithm, as_bytes("message"));
  ASSERT_TRUE(signature);
  const auto accepts = [&](std::string_view message) {
    return key->public_key().verify(kAlgorithm, as_bytes(message), *signature);
  };
  const Using engine(&kEngineOfTest);
  EXPECT_EQ(p384::name(), "test");
  for (const int other : {-1, 2}) {
    answer = other;
    EXPECT_TRUE(accepts("message"));
    EXPECT_FALSE(accepts("other"));
  }
  answer = 0;
  EXPECT_FALSE(accepts("message"));
  answer = 1;
  EXPECT_TRUE(accepts("other"));
}

TEST(P384Engine, SeesNoOtherCurveAndNoMalformedSignature) {
  SeededRng rng(as_bytes("others"));
  const Using engine(&kEngineOfTest);
  asked = 0;
  answer = 1;
  for (const auto& [type, algorithm] :
       {std::pair(KeyType::kP256, SignatureAlgorithm::kEcdsaP256Sha256),
        std::pair(KeyType::kP521, SignatureAlgorithm::kEcdsaP521Sha512)}) {
    const auto key = PrivateKey::generate(type, rng);
    ASSERT_TRUE(key);
    const auto signature = key->sign(algorithm, as_bytes("message"));
    ASSERT_TRUE(signature);
    EXPECT_FALSE(key->public_key().verify(algorithm, as_bytes("other"), *signature));
  }
  const auto key = PrivateKey::generate(KeyType::kP384, rng);
  ASSERT_TRUE(key);
  constexpr auto kAlgorithm = SignatureAlgorithm::kEcdsaP384Sha384;
  Buffer signature = *key->sign(kAlgorithm, as_bytes("message"));
  signature.push_back(0);
  EXPECT_FALSE(key->public_key().verify(kAlgorithm, as_bytes("message"), signature));
  EXPECT_EQ(asked, 0);
}

TEST(P384Engine, NameOfOpenSsl) {
  const Using engine(nullptr);
  EXPECT_TRUE(p384::name().starts_with("OpenSSL 3.")) << p384::name();
}

}  // namespace
}  // namespace ward::crypto
