#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "base/bytes.h"
#include "crypto/internal/openssl.h"
#include "crypto/signature.h"

namespace ward::crypto {

// In ec_key.cc.
struct EcKeyFree {
  void operator()(EC_KEY* key) const;
};

using EcKeyPtr = std::unique_ptr<EC_KEY, EcKeyFree>;

// In rsa_key.cc.
struct RsaFree {
  void operator()(RSA* key) const;
};

using RsaPtr = std::unique_ptr<RSA, RsaFree>;

struct PublicKey::Impl {
  KeyType type{};
  Buffer xy;      // EC keys
  EcKeyPtr ec;    // EC keys; what verifies
  RsaPtr rsa;     // RSA keys; what verifies
  PkeyPtr pkey;   // Ed25519 keys
  Buffer octets;  // the subjectPublicKey of keys that are not EC keys

  // handle is the library's key for everything but verification; of EC and RSA keys it is made when
  // it is first asked for. Safe from several threads.
  [[nodiscard]] EVP_PKEY* handle() const;

 private:
  mutable std::once_flag once_;
  mutable PkeyPtr handle_;
};

// What depends on the curve.
struct Curve {
  KeyType type;
  int nid;
  const char* group;
  std::size_t field_bytes;
  Bytes oid;
};

// curve_of is null for keys that are not on a NIST curve.
const Curve* curve_of(KeyType type);

// How an algorithm works.
struct Scheme {
  enum class Kind : std::uint8_t { kEcdsa, kEd25519, kPkcs1, kPss };
  Kind kind{};
  KeyType key{};
  Hash hash{};
};

Scheme scheme_of(SignatureAlgorithm algorithm);

// prepare sets hash, padding and salt on a context that is ready to verify or to sign.
bool prepare(EVP_PKEY_CTX* ctx, const Scheme& scheme);

// An ECDSA signature as r || s; empty where it is none.
struct RawSignature {
  std::array<std::uint8_t, 132> octets{};  // of P-521
  std::size_t size = 0;

  [[nodiscard]] Bytes view() const { return Bytes(octets).first(size); }
};

// rs_from_der reads ECDSA-Sig-Value strictly; empty where it is not DER, has a number that is not
// positive, or one too long.
RawSignature rs_from_der(const Curve& curve, Bytes der);

}  // namespace ward::crypto
