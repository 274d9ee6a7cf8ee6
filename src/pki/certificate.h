#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "crypto/signature.h"

namespace ward::pki {

// Limits on what a certificate or CRL from outside may hold.
inline constexpr std::size_t kMaxCertificateBytes = 64U << 10U;
inline constexpr std::size_t kMaxExtensions = 64;

// Name is a distinguished name (RFC 5280 section 4.1.2.4), compared by section 7.1's rules (case
// and blanks of PrintableString and UTF8String do not matter), never as text.
class Name {
 public:
  explicit Name(Bytes der) : der_(to_buffer(der)) {}

  [[nodiscard]] Bytes der() const { return der_; }

  // matches compares by RFC 5280 section 7.1.
  [[nodiscard]] bool matches(const Name& other) const;

  // common_name is the last CN, for people; empty where there is none.
  [[nodiscard]] std::string common_name() const;

  // text is "C=US, O=Intel Corporation, CN=..." for people.
  [[nodiscard]] std::string text() const;

 private:
  Buffer der_;
};

// Extension is one X.509 extension as it stands (RFC 5280 section 4.1.2.9).
struct Extension {
  Buffer oid;  // contents octets
  bool critical = false;
  Buffer value;  // contents of the OCTET STRING
};

// BasicConstraints is the extension of RFC 5280 section 4.2.1.9.
struct BasicConstraints {
  bool ca = false;
  std::optional<std::uint32_t> path_len;
};

// keyUsage bits (RFC 5280 section 4.2.1.3).
namespace key_usage {
inline constexpr std::uint16_t kDigitalSignature = 1U << 0U;
inline constexpr std::uint16_t kKeyCertSign = 1U << 5U;
inline constexpr std::uint16_t kCrlSign = 1U << 6U;
}  // namespace key_usage

// Certificate is a parsed X.509 v3 certificate (RFC 5280): form only, nothing is verified. A value;
// owns its bytes.
struct Certificate {
  Buffer der;     // the whole certificate
  Buffer tbs;     // the signed part, as encoded
  Buffer serial;  // INTEGER contents, minimal
  crypto::SignatureAlgorithm signature_algorithm{};
  Buffer signature;
  Name issuer{{}};
  Name subject{{}};
  UnixTime not_before;
  UnixTime not_after;
  Buffer spki;                                  // SubjectPublicKeyInfo, as encoded
  std::optional<crypto::PublicKey> public_key;  // nullopt: an algorithm that we do not implement
  std::vector<Extension> extensions;            // in order; no OID twice
  std::optional<BasicConstraints> basic_constraints;
  std::optional<std::uint16_t> key_usage;
  std::optional<Buffer> subject_key_id;
  std::optional<Buffer> authority_key_id;

  // find returns the extension with this OID (contents octets), or nullptr; borrowed.
  [[nodiscard]] const Extension* find(Bytes oid) const;

  // spki_sha256 identifies the key: what trust anchors are pinned by.
  [[nodiscard]] crypto::Sha256Digest spki_sha256() const { return crypto::sha256(spki); }
};

// parse_certificate reads one DER certificate with nothing behind it. kTruncated, kMalformed (a
// duplicate extension included), kUnsupported (signature algorithm), kLimit.
[[nodiscard]] Result<Certificate> parse_certificate(Bytes der);

// parse_certificates reads a PEM text of certificates, in its order. At most kMaxPemBlocks.
[[nodiscard]] Result<std::vector<Certificate>> parse_certificates(std::string_view pem);

// signed_by is true where `issuer`'s key verifies the certificate's signature. Names and
// constraints: see path.h.
[[nodiscard]] bool signed_by(const Certificate& certificate, const crypto::PublicKey& issuer);

// RevokedEntry is one entry of a CRL's revokedCertificates (RFC 5280 section 5.1.2.6).
struct RevokedEntry {
  Buffer serial;  // INTEGER contents
  UnixTime revoked_at;
};

inline constexpr std::size_t kMaxCrlBytes = 8U << 20U;
inline constexpr std::size_t kMaxRevoked = 100000;

// Crl is a parsed X.509 v2 CRL: form only.
struct Crl {
  Buffer der;
  Buffer tbs;
  crypto::SignatureAlgorithm signature_algorithm{};
  Buffer signature;
  Name issuer{{}};
  UnixTime this_update;
  std::optional<UnixTime> next_update;
  std::vector<RevokedEntry> revoked;  // sorted by serial
  std::vector<Extension> extensions;
  std::optional<Buffer> crl_number;  // INTEGER contents
  std::optional<Buffer> authority_key_id;
  bool unknown_critical =
      false;  // a critical extension, of the list or of an entry, that we do not process

  [[nodiscard]] bool revokes(Bytes serial) const;
};

[[nodiscard]] Result<Crl> parse_crl(Bytes der);

[[nodiscard]] bool signed_by(const Crl& crl, const crypto::PublicKey& issuer);

// compare_serial orders INTEGER contents by value (used for CRL numbers too).
[[nodiscard]] int compare_serial(Bytes a, Bytes b);

}  // namespace ward::pki
