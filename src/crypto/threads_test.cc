#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/kem.h"
#include "crypto/sign.h"

namespace ward::crypto {
namespace {

// Keys are shared by threads, and so are the contexts that each call copies.
TEST(Threads, ShareOneKeyPair) {
  SeededRng rng(as_bytes("threads"));
  const auto key = PrivateKey::generate(KeyType::kP256, rng);
  ASSERT_TRUE(key);
  constexpr auto kAlgorithm = SignatureAlgorithm::kEcdsaP256Sha256;
  constexpr int kRounds = 50;
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kRounds; ++i) {
          const PublicKey shared = key->public_key();
          const auto signature = key->sign(kAlgorithm, as_bytes("message"));
          const auto read = PublicKey::from_spki(shared.to_spki());
          const auto secret = ecdh(*key, shared);
          if (signature && read && secret &&
              shared.verify(kAlgorithm, as_bytes("message"), *signature) &&
              read->verify(kAlgorithm, as_bytes("message"), *signature)) {
            ++right;
          }
        }
      });
    }
  }
  EXPECT_EQ(right, 4 * kRounds);
}

// The engine of P-384 sets itself up in whichever thread comes first.
TEST(Threads, VerifyOnP384) {
  SeededRng rng(as_bytes("threads"));
  const auto key = PrivateKey::generate(KeyType::kP384, rng);
  ASSERT_TRUE(key);
  constexpr auto kAlgorithm = SignatureAlgorithm::kEcdsaP384Sha384;
  const auto signature = key->sign(kAlgorithm, as_bytes("message"));
  ASSERT_TRUE(signature);
  constexpr int kRounds = 20;
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kRounds; ++i) {
          const PublicKey shared = key->public_key();
          if (shared.verify(kAlgorithm, as_bytes("message"), *signature) &&
              !shared.verify(kAlgorithm, as_bytes("other"), *signature)) {
            ++right;
          }
        }
      });
    }
  }
  EXPECT_EQ(right, 4 * kRounds);
}

}  // namespace
}  // namespace ward::crypto
