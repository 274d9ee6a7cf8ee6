#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/sign.h"
#include "crypto/signature.h"

// COSE_Sign1 of RFC 9052 section 4.2: one payload, one signature. Never the other COSE messages.
namespace ward::token {

inline constexpr std::size_t kMaxCoseBytes = 1U << 20U;  // a whole message (kLimit)

// RFC 9053 sections 2.1, 2.2 and RFC 8230 section 2.
enum class CoseAlgorithm : std::uint8_t {
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,  // Ed25519 only
  kPs256,
  kPs384,
  kPs512,
};

[[nodiscard]] std::string_view to_text(CoseAlgorithm algorithm);  // "ES256", "EdDSA"

// cose_algorithm is the one of this number in IANA's registry "COSE Algorithms"; cose_number is its
// inverse.
[[nodiscard]] std::optional<CoseAlgorithm> cose_algorithm(std::int64_t number);
[[nodiscard]] std::int64_t cose_number(CoseAlgorithm algorithm);

// native_cose_algorithm is the one that goes with a key of this type: ES256, ES384, ES512, EdDSA;
// PS256 for RSA.
[[nodiscard]] CoseAlgorithm native_cose_algorithm(crypto::KeyType type);

// signature_algorithm is what crypto calls it.
[[nodiscard]] crypto::SignatureAlgorithm signature_algorithm(CoseAlgorithm algorithm);

// CoseSign1 is a parsed message: form only, nothing is verified. It borrows: all octets are views
// into the message, which must outlive it.
struct CoseSign1 {
  bool tagged = false;                   // with tag 18
  Bytes protected_header;                // the octets that are signed, as they stand
  CoseAlgorithm algorithm{};             // what the protected header says; a verifier compares it
  std::optional<Bytes> payload;          // nullopt: it is sent elsewhere ("detached")
  std::optional<Bytes> unprotected_kid;  // a hint that nobody signed
  std::optional<Bytes> protected_kid;    // one that was
  std::optional<std::string_view> typ;   // what the whole is (RFC 9596), where it is signed
  Bytes signature;
};

// parse_cose_sign1 reads a message with nothing behind it, tagged or not. Map keys may stand in any
// order. The algorithm must be in the protected header, where it is signed (RFC 9052 section 3.1
// lets it stand outside; then whoever passes the message on chooses it). kMalformed: not this
// structure, a label twice in a header or in both, octets behind the end. kUnsupported: no or
// another algorithm, any `crit`, other header labels than integers and texts. kLimit, kTruncated.
[[nodiscard]] Result<CoseSign1> parse_cose_sign1(Bytes message);

// cose_signed_octets are the octets that a signature is over: the Sig_structure of RFC 9052 section
// 4.4, with the protected header as it stands.
[[nodiscard]] Buffer cose_signed_octets(Bytes protected_header, Bytes payload,
                                        Bytes external_aad = {});

// cose_signature_holds is true where the signature is right under exactly `algorithm` and `key`,
// which the caller chose: a message that names another algorithm is wrong. `detached` is the
// payload of a message that has none; one that has its own and is given another is wrong.
[[nodiscard]] bool cose_signature_holds(const CoseSign1& message, CoseAlgorithm algorithm,
                                        const crypto::PublicKey& key,
                                        std::optional<Bytes> detached = std::nullopt,
                                        Bytes external_aad = {});

// CoseForm says how a message is written.
struct CoseForm {
  bool tagged = true;
  bool detached = false;  // the payload is signed and left out
  // What the protected header says beside the algorithm; empty: left out.
  Bytes kid{};
  std::string_view typ{};  // RFC 9596
};

// write_cose_sign1 makes a message of its parts; the inverse of parse_cose_sign1 for messages
// without unprotected headers.
[[nodiscard]] Buffer write_cose_sign1(const CoseSign1& message);

// sign_cose_sign1 signs a payload; the protected header names the algorithm, and what `form` says.
// `sign` returns r || s for ECDSA, 64 octets for Ed25519; its errors are passed on.
using CoseSigner = std::function<Result<Buffer>(Bytes octets)>;
[[nodiscard]] Result<Buffer> sign_cose_sign1(CoseAlgorithm algorithm, const CoseSigner& sign,
                                             Bytes payload, const CoseForm& form = {});

// parse_cose_key reads a public COSE_Key (RFC 9052 section 7, RFC 9053 section 7): EC2 on P-256,
// P-384, P-521 with both coordinates of exactly the curve's length, OKP Ed25519. kDenied: a private
// member; kUnsupported: another kty or crv, a compressed point, an `alg` or `key_ops` that is not
// for verifying with this key; kMalformed.
[[nodiscard]] Result<crypto::PublicKey> parse_cose_key(Bytes encoded);

// write_cose_key writes kty, crv and coordinates. kUnsupported for RSA.
[[nodiscard]] Result<Buffer> write_cose_key(const crypto::PublicKey& key);

}  // namespace ward::token
