#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/rng.h"
#include "crypto/sign.h"

// The CCC's Interoperable RA-TLS certificate: an X.509 certificate that carries an SGX or TDX quote
// over its own key. AN ENCODING ONLY: whoever copies it, or stands between, shows it as well, so it
// proves no live peer (CVE-2026-33697). The attested channel never looks at it
// (docs/protocols/attested-tls.md).
namespace ward::protocol::ratls {

// Its extension: tcg-dice-conceptual-message-wrapper, non-critical.
inline constexpr std::string_view kEvidenceOid = "2.23.133.5.4.9";

// The CBOR tag of an SGX or TDX quote in it.
inline constexpr std::uint64_t kQuoteTag = 60000;

// claims_buffer is what the quote vouches for: CBOR {"pubkey-hash": <<[1, SHA-256 of the key's
// SubjectPublicKeyInfo]>>}.
[[nodiscard]] Result<Buffer> claims_buffer(const crypto::PublicKey& key);

// report_data is the quote's user data for these claims: SHA-256, and 32 zeros.
[[nodiscard]] std::array<std::uint8_t, 64> report_data(Bytes claims);

// CertificateTimes are what it says of its validity.
struct CertificateTimes {
  UnixTime not_before;
  UnixTime not_after;
};

// write_certificate makes the certificate for `key` (P-256), which signs it, around `quote`: DER.
[[nodiscard]] Result<Buffer> write_certificate(Bytes quote, const crypto::PrivateKey& key,
                                               const CertificateTimes& times, crypto::Rng& rng);

// Read is what such a certificate holds.
struct Read {
  Buffer quote;
  Buffer claims;                               // as encoded
  std::array<std::uint8_t, 64> report_data{};  // what the quote must carry
  std::string hash;                            // "sha-256", "sha-384", "sha-512"
  Buffer pubkey_hash;                          // that the claims name
  std::optional<Buffer> nonce;                 // in the claims
  Buffer spki;
  bool names_its_key = false;  // the claims name the certificate's own key
  bool self_signed = false;    // the certificate's own key signed it
  UnixTime not_before;
  UnixTime not_after;
};

// is_certificate is true for DER of a certificate that has the extension.
[[nodiscard]] bool is_certificate(Bytes der);

// read_certificate reads it; the quote is not judged. kUnsupported: no such extension, another tag
// than that of a quote, or a hash that is none of the three; kMalformed, kTruncated, kLimit.
[[nodiscard]] Result<Read> read_certificate(Bytes der);

}  // namespace ward::protocol::ratls
