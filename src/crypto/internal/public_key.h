#pragma once

#include <string_view>

#include "base/bytes.h"
#include "crypto/internal/openssl.h"
#include "crypto/signature.h"

namespace ward::crypto {

struct PublicKey::Impl {
  KeyType type{};
  PkeyPtr pkey;
  PkeyCtxPtr verify;  // ready to verify; copied for each call. Null for Ed25519
  Buffer xy;          // EC keys
  Buffer spki;
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

// verify_hash judges with OpenSSL, for all but Ed25519; an ECDSA signature is DER.
bool verify_hash(const PublicKey::Impl& key, const Scheme& scheme, Bytes hash, Bytes signature);

// der_from_rs writes ECDSA-Sig-Value; empty where the size is not twice the field's.
Buffer der_from_rs(const Curve& curve, Bytes r_s);

// rs_from_der is its inverse and the strict reading; empty where it is not DER or too long.
Buffer rs_from_der(const Curve& curve, Bytes der);

}  // namespace ward::crypto
