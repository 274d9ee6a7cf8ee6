// What verifying a signature allocates of ward's own. A program of its own, for it replaces
// operator new; the library's malloc is not counted.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "crypto/sign.h"

namespace {

std::atomic<std::size_t> allocations = 0;

void* allocate(std::size_t size) {
  ++allocations;
  void* out = std::malloc(size);  // NOLINT(*-no-malloc,*-owning-memory)
  if (out == nullptr) std::abort();
  return out;
}

}  // namespace

// clang 14 does not declare these two.
void operator delete(void* p, std::size_t) noexcept;
void operator delete[](void* p, std::size_t) noexcept;

[[gnu::noinline]] void* operator new(std::size_t size) { return allocate(size == 0 ? 1 : size); }

[[gnu::noinline]] void* operator new[](std::size_t size) { return allocate(size == 0 ? 1 : size); }

// Inlined, g++ would take them for a mismatch.
// NOLINTBEGIN(*-no-malloc,*-owning-memory)
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

// NOLINTEND(*-no-malloc,*-owning-memory)

namespace ward::crypto {
namespace {

struct Case {
  const char* name;
  KeyType type;
  SignatureAlgorithm algorithm;
};

constexpr Case kCases[] = {
    {"p256", KeyType::kP256, SignatureAlgorithm::kEcdsaP256Sha256},
    {"p384", KeyType::kP384, SignatureAlgorithm::kEcdsaP384Sha384},
    {"p521", KeyType::kP521, SignatureAlgorithm::kEcdsaP521Sha512},
};

TEST(Allocations, NoneInVerifyingEcdsa) {
  SeededRng rng(as_bytes("allocations"));
  const Bytes message = as_bytes("message");
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const auto key = PrivateKey::generate(c.type, rng);
    ASSERT_TRUE(key);
    const PublicKey public_key = key->public_key();
    const auto der = key->sign(c.algorithm, message);
    const auto r_s = key->sign_rs(c.algorithm, message);
    ASSERT_TRUE(der && r_s);
    ASSERT_TRUE(public_key.verify(c.algorithm, message, *der));  // makes what is made once
    const std::size_t before = allocations;
    const bool right = public_key.verify(c.algorithm, message, *der) &&
                       public_key.verify_rs(c.algorithm, message, *r_s) &&
                       !public_key.verify_rs(c.algorithm, as_bytes("other"), *r_s);
    const std::size_t after = allocations;
    EXPECT_TRUE(right);
    EXPECT_EQ(after, before);
  }
}

}  // namespace
}  // namespace ward::crypto
