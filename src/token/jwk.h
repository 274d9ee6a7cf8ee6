#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/json.h"
#include "crypto/signature.h"

namespace ward::token {

// Bounds on keys from outside, tested at their value and one above (kLimit).
inline constexpr std::size_t kMaxJwkBytes = 16U << 10U;
inline constexpr std::size_t kMaxJwksKeys = 64;

// Jwk is a public key with what its owner says about it (RFC 7517). Empty text: not said.
struct Jwk {
  crypto::PublicKey key;
  std::string kid;
  std::string alg;  // as written, "ES256" or "ECDH-ES+A256KW"
  std::string use;  // "sig" or "enc"
  std::vector<std::string> key_ops;
};

// What a key is about to be used for.
enum class KeyUse : std::uint8_t { kVerify, kEncrypt };

// allows is true where `use`, `key_ops` and `alg` of the key, as far as they are said, permit using
// it for `use` with `alg` (RFC 7517 sections 4.2 to 4.4). The type of the key is not looked at.
[[nodiscard]] bool allows(const Jwk& jwk, KeyUse use, std::string_view alg);

// parse_jwk reads a public key: EC on P-256, P-384, P-521 (RFC 7518 section 6.2, coordinates of
// exactly the curve's length), OKP Ed25519 (RFC 8037), RSA (RFC 7518 section 6.3). Members that are
// not known are ignored; a private member (d, p, q, dp, dq, qi, oth, k) is kDenied, since a key
// that is meant to be public must not bring it. kMalformed, kUnsupported (kty, crv), kLimit.
[[nodiscard]] Result<Jwk> parse_jwk(Bytes json);
[[nodiscard]] Result<Jwk> parse_jwk(const codec::JsonValue& object);

// parse_jwks reads a set (RFC 7517 section 5). Keys of a kind that we do not implement are passed
// over, as section 5 asks; malformed ones refuse the set, and so do two keys with one kid.
[[nodiscard]] Result<std::vector<Jwk>> parse_jwks(Bytes json);

// to_json writes the key in the canonical form of RFC 8785: members sorted, no blanks.
[[nodiscard]] std::string to_json(const Jwk& jwk);

// to_jwks_json writes {"keys":[...]}.
[[nodiscard]] std::string to_jwks_json(std::span<const Jwk> keys);

// thumbprint is RFC 7638 with SHA-256, base64url without padding: 43 characters. It serves as kid.
[[nodiscard]] std::string thumbprint(const crypto::PublicKey& key);

}  // namespace ward::token
