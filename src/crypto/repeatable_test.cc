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

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

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

struct Rfc6979 {
  const char* name;
  KeyType curve;
  Alg algorithm;
  const char* x;
  const char* message;
  const char* r_s;
};

constexpr const char* kP256 = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
constexpr const char* kP384 =
    "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2"
    "edf5";
constexpr const char* kP521 =
    "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d1"
    "6fcc1466f6d8fbec67db89ec0c08b0e996b83538";

// RFC 6979 appendices A.2.5, A.2.6 and A.2.7.
constexpr Rfc6979 kRfc6979[] = {
    {"p256_sample", KeyType::kP256, Alg::kEcdsaP256Sha256, kP256, "sample",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {"p256_test", KeyType::kP256, Alg::kEcdsaP256Sha256, kP256, "test",
     "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
     "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
    {"p384_sample", KeyType::kP384, Alg::kEcdsaP384Sha384, kP384, "sample",
     "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fa"
     "be46"
     "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a3862"
     "8ac8"},
    {"p384_test", KeyType::kP384, Alg::kEcdsaP384Sha384, kP384, "test",
     "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf0"
     "23db"
     "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246ba"
     "a5a5"},
    {"p521_sample", KeyType::kP521, Alg::kEcdsaP521Sha512, kP521, "sample",
     "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add15"
     "2b534931d7d4e8455cc91f9b15bf05ec36e377fa"
     "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37f"
     "f0777b1a20f8ccb1dccc43997f1ee0e44da4a67a"},
    {"p521_test", KeyType::kP521, Alg::kEcdsaP521Sha512, kP521, "test",
     "013e99020abf5cee7525d16b69b229652ab6bdf2affcaef38773b4b7d08725f10cdb93482fdcc54edcee91eca416"
     "6b2a7c6265ef0ce2bd7051b7cef945babd47ee6d"
     "01fbd0013c674aa79cb39849527916ce301c66ea7ce8b80682786ad60f98f7e78a19ca69eff5c57400e3b3a0ad66"
     "ce0978214d13baf4e9ac60752f7b155e2de4dce3"}};

TEST(SignRepeatably, TakesTheNoncesOfRfc6979) {
  for (const Rfc6979& row : kRfc6979) {
    const auto key = PrivateKey::from_ec_scalar(row.curve, hex(row.x));
    ASSERT_TRUE(key) << row.name;
    const auto r_s = sign_repeatably_rs(*key, row.algorithm, as_bytes(row.message));
    ASSERT_TRUE(r_s) << row.name;
    EXPECT_EQ(to_hex(*r_s), row.r_s) << row.name;
    const auto der = sign_repeatably(*key, row.algorithm, as_bytes(row.message));
    ASSERT_TRUE(der) << row.name;
    EXPECT_TRUE(key->public_key().verify(row.algorithm, as_bytes(row.message), *der)) << row.name;
  }
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

// The digests pin the procedure: a key or a signature of a seed never changes.
TEST(GenerateRsaFrom, GivesTheSameKeyForTheSameOctets) {
  const auto again = rsa_from("one");
  ASSERT_TRUE(again);
  EXPECT_TRUE(ct_equal(again->to_pkcs8().expose(), rsa().to_pkcs8().expose()));
  EXPECT_NE(rsa_from("two")->public_key().to_spki(), rsa().public_key().to_spki());
  EXPECT_EQ(to_hex(sha256(rsa().public_key().to_spki())),
            "55d0baa8bb6c18359f53f537c1eac45e23de10697e6225132edf6e1024a6c5bb");
  EXPECT_EQ(to_hex(sha256(*sign_repeatably(rsa(), Alg::kRsaPssSha384, as_bytes("message")))),
            "51761f092851b7750c113bcf7a076c414f9b541ad9521cabd443f67820477f8d");
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
