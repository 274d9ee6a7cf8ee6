#include "crypto/p384.h"

#include <atomic>

#include <openssl/crypto.h>

#include "crypto/internal/ec_key.h"

namespace ward::crypto::p384 {

namespace {

constexpr std::size_t kPairBytes = 96;  // two numbers of the field, or of the order

// Constant-initialized: objects register before main, in any order.
constinit std::atomic<const Engine*> engine_in_use = nullptr;

bool fits(const PublicKey& key, Bytes r_s) {
  return key.type() == KeyType::kP384 && r_s.size() == kPairBytes;
}

}  // namespace

const Engine* use(const Engine* engine) {
  return engine_in_use.exchange(engine, std::memory_order_acq_rel);
}

std::string name() {
  const Engine* const engine = engine_in_use.load(std::memory_order_acquire);
  if (engine != nullptr) return engine->name;
  return std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING);
}

bool verify(const PublicKey& key, Bytes hash, Bytes r_s) {
  if (!fits(key, r_s)) return false;
  if (const Engine* const engine = engine_in_use.load(std::memory_order_acquire)) {
    const int said = engine->verify(key.impl().xy.data(), hash.data(), hash.size(), r_s.data());
    if (said == 0 || said == 1) return said == 1;
  }
  return verify_with_openssl(key, hash, r_s);
}

bool verify_with_openssl(const PublicKey& key, Bytes hash, Bytes r_s) {
  if (!fits(key, r_s)) return false;
  return ec_verify(key.impl(), hash, r_s);
}

}  // namespace ward::crypto::p384
