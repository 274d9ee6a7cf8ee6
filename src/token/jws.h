#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/json.h"
#include "crypto/sign.h"
#include "crypto/signature.h"
#include "token/jwk.h"

namespace ward::token {

inline constexpr std::size_t kMaxJwsBytes = 4U << 20U;  // a whole compact JWS (kLimit)
inline constexpr std::size_t kMaxHeaderBytes = 16U << 10U;

// RFC 7518 section 3.1 and RFC 8037 section 3.1. There is neither "none" nor any HMAC.
enum class JwsAlgorithm : std::uint8_t {
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,  // Ed25519 only
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
};

[[nodiscard]] std::string_view to_text(JwsAlgorithm algorithm);  // "ES256", "EdDSA"
[[nodiscard]] std::optional<JwsAlgorithm> jws_algorithm(std::string_view name);

// native_algorithm is the one that ward itself signs with under a key of this type: ES256, ES384,
// ES512, EdDSA; RS256 for RSA.
[[nodiscard]] JwsAlgorithm native_algorithm(crypto::KeyType type);

// JwsKey is what a verifier trusts: algorithm and key, chosen before the token is looked at.
struct JwsKey {
  JwsAlgorithm algorithm;
  crypto::PublicKey key;
  std::string kid;  // how tokens name it; may be empty
};

// jws_key makes a JwsKey of a JWK: its alg, or native_algorithm where it says none. kDenied where
// use or key_ops forbid verifying, kUnsupported where alg is not one of ours or not of its type.
[[nodiscard]] Result<JwsKey> jws_key(const Jwk& jwk);

// JwsRules say what a header may hold besides `alg` and `kid`.
struct JwsRules {
  // Required `typ`, compared without regard to case and with "application/" left off (RFC 7515
  // section 4.1.9); empty: anything, or none.
  std::string_view typ;
  std::string_view or_typ{};  // another that will do
  // A header may bring a key of its own (jwk, jku, x5u, x5c). It is never used. false refuses the
  // token; true ignores the members, for issuers that always send them (Trustee).
  bool ignore_embedded_key = false;
};

// VerifiedJws is what a signature was right over.
struct VerifiedJws {
  codec::JsonValue header;
  Buffer payload;
};

// verify_jws checks a compact JWS (RFC 7515 section 7.1) under exactly `key`. The header's `alg`
// must be that of the key: it is compared, never obeyed. `kid`, where both sides have one, must be
// equal. kMalformed: not a compact JWS, base64url that is not canonical, header not an object of
// strict JSON (duplicates included), member of a wrong type. kUnsupported: `alg` is another than
// the key's
// ("none", "HS256" with our public key), any `crit`, `b64`. kDenied: an embedded key, another
// `typ`. kUntrusted: the signature (another key's, altered bytes, r or s outside 1..n-1). kLimit.
[[nodiscard]] Result<VerifiedJws> verify_jws(std::string_view compact, const JwsKey& key,
                                             const JwsRules& rules = {});

// verify_jws_any is verify_jws with the one key of `keys` that the header's `kid` names, or, where
// the header or the key has no `kid`, with the only key of the set. kUntrusted where there is no
// such key.
[[nodiscard]] Result<VerifiedJws> verify_jws_any(std::string_view compact,
                                                 std::span<const JwsKey> keys,
                                                 const JwsRules& rules = {});

// JwsSigner makes signatures with a key that may live elsewhere (key provider). `sign` returns
// r || s for ECDSA, 64 octets for Ed25519.
struct JwsSigner {
  JwsAlgorithm algorithm;
  std::string kid;
  std::function<Result<Buffer>(Bytes message)> sign;
};

// signer_of signs with a key that is here: native_algorithm of its type, kid its thumbprint.
// Borrows `key`.
[[nodiscard]] JwsSigner signer_of(const crypto::PrivateKey& key);

// sign_jws makes a compact JWS with the header {"alg":...,"kid":...,"typ":...} in this order, kid
// and typ only where they are not empty.
[[nodiscard]] Result<std::string> sign_jws(const JwsSigner& signer, std::string_view typ,
                                           Bytes payload);

}  // namespace ward::token
