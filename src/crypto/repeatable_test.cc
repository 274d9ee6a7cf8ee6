#include "crypto/repeatable.h"

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/digest.h"

namespace ward::crypto {
namespace {

using Alg = SignatureAlgorithm;

constexpr std::size_t kBits = 2048;

template <class T>
std::optional<Errc> code(const Result<T>& r) {
  return r ? std::nullopt : std::optional(r.error().code());
}

Result<PrivateKey> rsa_from(std::string_view seed, std::size_t bits = kBits,
                            std::uint64_t exponent = 65537) {
  SeededRng rng(as_bytes(seed));
  return generate_rsa_from(rng, bits, exponent);
}

// One RSA key for all tests here: making one takes long.
const PrivateKey& rsa() {
  static const PrivateKey key = *rsa_from("one");
  return key;
}

PrivateKey ec(KeyType type, std::string_view seed) {
  SeededRng rng(as_bytes(seed));
  return *PrivateKey::generate(type, rng);
}

// Numbers with leading zeros and with a high bit set are written as DER wants them.
TEST(SignRepeatably, IsVerifiedForManyMessages) {
  for (const auto& [type, algorithm] : {std::pair(KeyType::kP256, Alg::kEcdsaP256Sha256),
                                        std::pair(KeyType::kP384, Alg::kEcdsaP384Sha384),
                                        std::pair(KeyType::kP521, Alg::kEcdsaP521Sha512)}) {
    const PrivateKey key = ec(type, "many");
    for (int i = 0; i < 80; ++i) {
      const std::string message = std::to_string(i);
      const auto der = sign_repeatably(key, algorithm, as_bytes(message));
      ASSERT_TRUE(der && key.public_key().verify(algorithm, as_bytes(message), *der)) << i;
    }
  }
}

TEST(SignRepeatably, SignsWithEveryAlgorithm) {
  const PrivateKey p256 = ec(KeyType::kP256, "one");
  const PrivateKey ed25519 = ec(KeyType::kEd25519, "one");
  const PrivateKey other = ec(KeyType::kP256, "other");
  const std::pair<const PrivateKey*, Alg> rows[] = {
      {&p256, Alg::kEcdsaP256Sha256}, {&ed25519, Alg::kEd25519},
      {&rsa(), Alg::kRsaPkcs1Sha256}, {&rsa(), Alg::kRsaPkcs1Sha384},
      {&rsa(), Alg::kRsaPkcs1Sha512}, {&rsa(), Alg::kRsaPssSha256},
      {&rsa(), Alg::kRsaPssSha384},   {&rsa(), Alg::kRsaPssSha512}};
  for (const auto& [key, algorithm] : rows) {
    const auto signature = sign_repeatably(*key, algorithm, as_bytes("message"));
    ASSERT_TRUE(signature);
    EXPECT_TRUE(key->public_key().verify(algorithm, as_bytes("message"), *signature));
    EXPECT_FALSE(key->public_key().verify(algorithm, as_bytes("massage"), *signature));
    EXPECT_EQ(*sign_repeatably(*key, algorithm, as_bytes("message")), *signature);
    EXPECT_NE(*sign_repeatably(*key, algorithm, as_bytes("massage")), *signature);
  }
  EXPECT_NE(*sign_repeatably(p256, Alg::kEcdsaP256Sha256, as_bytes("message")),
            *sign_repeatably(other, Alg::kEcdsaP256Sha256, as_bytes("message")));
}

// Nobody may learn of two messages that their salts are alike.
TEST(SignRepeatably, TakesAnotherPssSaltForEachMessageAndHash) {
  std::vector<Buffer> seen;
  for (const Alg algorithm : {Alg::kRsaPssSha256, Alg::kRsaPssSha384, Alg::kRsaPssSha512}) {
    for (const char* message : {"", "a", "b"}) {
      Buffer signature = *sign_repeatably(rsa(), algorithm, as_bytes(message));
      EXPECT_EQ(std::ranges::find(seen, signature), seen.end());
      seen.push_back(std::move(signature));
    }
  }
}

TEST(SignRepeatably, RefusesAlgorithmsOfOtherKeys) {
  const PrivateKey p256 = ec(KeyType::kP256, "one");
  const PrivateKey ed25519 = ec(KeyType::kEd25519, "one");
  EXPECT_EQ(code(sign_repeatably(p256, Alg::kEcdsaP384Sha384, {})), Errc::kUnsupported);
  EXPECT_EQ(code(sign_repeatably(p256, Alg::kRsaPssSha256, {})), Errc::kUnsupported);
  EXPECT_EQ(code(sign_repeatably(rsa(), Alg::kEcdsaP256Sha256, {})), Errc::kUnsupported);
  EXPECT_EQ(code(sign_repeatably_rs(p256, Alg::kEcdsaP384Sha384, {})), Errc::kUnsupported);
  EXPECT_EQ(code(sign_repeatably_rs(rsa(), Alg::kRsaPssSha384, {})), Errc::kUnsupported);
  EXPECT_EQ(code(sign_repeatably_rs(ed25519, Alg::kEd25519, {})), Errc::kUnsupported);
}

TEST(GenerateRsaFrom, GivesTheSameKeyForTheSameOctets) {
  const auto again = rsa_from("one");
  ASSERT_TRUE(again);
  EXPECT_TRUE(ct_equal(again->to_pkcs8().expose(), rsa().to_pkcs8().expose()));
  EXPECT_NE(rsa_from("two")->public_key().to_spki(), rsa().public_key().to_spki());
}

TEST(GenerateRsaFrom, MakesWhatSigstructAndAmdWant) {
  struct Row {
    std::size_t bits;
    std::uint64_t exponent;
    Alg algorithm;
  };

  for (const Row& row :
       {Row{3072, 3, Alg::kRsaPkcs1Sha256}, Row{4096, 65537, Alg::kRsaPssSha384}}) {
    const auto key = rsa_from("sizes", row.bits, row.exponent);
    ASSERT_TRUE(key);
    const auto signature = key->sign(row.algorithm, as_bytes("message"));
    ASSERT_TRUE(signature);
    EXPECT_EQ(signature->size(), row.bits / 8);
    EXPECT_TRUE(key->public_key().verify(row.algorithm, as_bytes("message"), *signature));
    const auto read = PrivateKey::from_pkcs8(key->to_pkcs8().expose());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->public_key().to_spki(), key->public_key().to_spki());
  }
}

TEST(GenerateRsaFrom, RefusesOtherSizesAndExponents) {
  EXPECT_EQ(code(rsa_from("x", 1024)), Errc::kUnsupported);
  EXPECT_EQ(code(rsa_from("x", 8192)), Errc::kUnsupported);
  EXPECT_EQ(code(rsa_from("x", 2048, 5)), Errc::kUnsupported);
  EXPECT_EQ(code(rsa_from("x", 2048, 0)), Errc::kUnsupported);
}

class Stuck final : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, std::uint8_t{0xff}); }
};

TEST(GenerateRsaFrom, EndsWhereTheGeneratorGivesNoPrime) {
  Stuck rng;
  EXPECT_EQ(code(generate_rsa_from(rng, kBits)), Errc::kInternal);
}

TEST(Repeatable, IsTheSameInThreads) {
  const Buffer want = *sign_repeatably(rsa(), Alg::kRsaPssSha384, as_bytes("message"));
  const Buffer spki = rsa().public_key().to_spki();
  std::array<bool, 4> right{};
  {
    std::vector<std::jthread> threads;
    for (bool& mine : right) {
      threads.emplace_back([&] {
        const auto key = rsa_from("one");
        const auto signature = sign_repeatably(rsa(), Alg::kRsaPssSha384, as_bytes("message"));
        mine = key && key->public_key().to_spki() == spki && signature && *signature == want;
      });
    }
  }
  EXPECT_EQ(right, (std::array<bool, 4>{true, true, true, true}));
}

}  // namespace
}  // namespace ward::crypto
