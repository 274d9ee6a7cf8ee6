#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "crypto/signature.h"

// Who judges ECDSA signatures on P-384: OpenSSL, or another library that a program links because it
// is faster (ward_crypto_engines; docs/adr/p384-by-aws-lc.md). Callers of PublicKey::verify need
// not know. Private keys stay with OpenSSL.
namespace ward::crypto::p384 {

// Engine is another library's verifier.
struct Engine {
  const char* name = nullptr;  // "AWS-LC 5.12.0"

  // Takes x || y (a point on the curve), a hash of any size, and r || s, all big-endian. Gives 1
  // for a right signature, 0 for a wrong one; for anything else OpenSSL is asked. Called from
  // several threads.
  int (*verify)(const std::uint8_t* xy, const std::uint8_t* hash, std::size_t hash_size,
                const std::uint8_t* r_s) = nullptr;
};

// use makes `engine`, which lives as long as the process, judge from now on; null: OpenSSL alone.
// Returns the one before. Meant for an object's initializer, before main.
const Engine* use(const Engine* engine);

// name says who judges: "AWS-LC 5.12.0", "OpenSSL 3.0.17".
[[nodiscard]] std::string name();

// verify judges r || s over `hash`, as PublicKey::verify does. `key` is on P-384; false for another
// key, and for r_s of another size.
[[nodiscard]] bool verify(const PublicKey& key, Bytes hash, Bytes r_s);

// verify_with_openssl does the same with OpenSSL alone, for tests and benchmarks that compare.
[[nodiscard]] bool verify_with_openssl(const PublicKey& key, Bytes hash, Bytes r_s);

}  // namespace ward::crypto::p384
