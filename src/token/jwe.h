#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "crypto/signature.h"

// JWE (RFC 7516) to one receiver: ECDH-ES+A256KW for EC keys, RSA-OAEP-256 for RSA keys, A256GCM
// for the content. Nothing else is opened here; what old clients of the KBS protocol need is
// written where the caller spells it.
namespace ward::token {

inline constexpr std::size_t kMaxJweBytes = 32U << 20U;  // a whole serialisation (kLimit)
inline constexpr std::size_t kMaxJwePlaintext = 16U << 20U;
inline constexpr std::size_t kMaxJweHeaderBytes = 16U << 10U;

// Jwe is an encrypted message in its parts. The protected header stays as it came, because it is
// authenticated as text.
struct Jwe {
  std::string protected_header;  // base64url
  Buffer encrypted_key;
  Buffer iv;
  Buffer ciphertext;
  Buffer tag;

  friend bool operator==(const Jwe&, const Jwe&) = default;
};

// parse_jwe reads the flattened JSON serialisation (RFC 7516 section 7.2.2) with everything in the
// protected header. Form only. kMalformed; kUnsupported for `recipients`, `unprotected`, `header`
// or `aad`; kLimit.
[[nodiscard]] Result<Jwe> parse_jwe(Bytes json);

// parse_compact_jwe reads the compact serialisation (section 7.1).
[[nodiscard]] Result<Jwe> parse_compact_jwe(std::string_view compact);

// to_json writes {"protected":...,"encrypted_key":...,"iv":...,"ciphertext":...,"tag":...}.
[[nodiscard]] std::string to_json(const Jwe& jwe);
[[nodiscard]] std::string to_compact(const Jwe& jwe);

// RsaWrap says how the content key goes to an RSA key. RSA1_5 (RFC 7518 section 4.2) is for KBS
// clients that can nothing else: who may exchange messages with such a receiver may find out what
// they hold.
enum class RsaWrap : std::uint8_t { kOaep256, kRsa15 };

// encrypt_jwe encrypts to `receiver`. The header is exactly
// {"alg":"ECDH-ES+A256KW","enc":"A256GCM", "epk":{"crv":...,"kty":"EC","x":...,"y":...}} or
// {"alg":"RSA-OAEP-256","enc":"A256GCM"}, without blanks: Trustee's client computes the AAD from
// its own writing of it. Draws from `rng` the content key (32 octets), the IV (12), then the
// ephemeral key. kUnsupported for an Ed25519 receiver; kLimit.
[[nodiscard]] Result<Jwe> encrypt_jwe(const crypto::PublicKey& receiver, Bytes plaintext,
                                      crypto::Rng& rng, RsaWrap wrap = RsaWrap::kOaep256);

// encrypt_kbs_0_1 writes what KBS protocol 0.1 has for a JWE, and no RFC: the members of to_json()
// with the header as plain JSON text, which nothing authenticates, and the tag behind the
// ciphertext instead of in `tag`, which is empty. Errors of encrypt_jwe.
[[nodiscard]] Result<std::string> encrypt_kbs_0_1(const crypto::PublicKey& receiver,
                                                  Bytes plaintext, crypto::Rng& rng, RsaWrap wrap);

// decrypt_jwe opens a message to `key`. The algorithms are those of the key's type; the header's
// are compared with them. kUntrusted: it does not authenticate (altered, or another receiver's);
// kMalformed: wrong lengths of iv (12), tag (16) or encrypted_key (40 for EC), an epk that is not a
// point of the key's curve, a header that is not strict JSON; kUnsupported: another alg or enc,
// crit, zip; kDenied: a header that brings a key (jwk, jku, x5u, x5c); kLimit.
[[nodiscard]] Result<SecretBytes> decrypt_jwe(const Jwe& jwe, const crypto::PrivateKey& key);

}  // namespace ward::token
