#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "crypto/signature.h"
#include "pki/general_name.h"
#include "pki/name.h"

namespace ward::pki {

// Limits on what a certificate or CRL from outside may hold.
inline constexpr std::size_t kMaxCertificateBytes = 64U << 10U;
inline constexpr std::size_t kMaxExtensions = 64;
inline constexpr std::size_t kMaxSerialBytes = 20;  // RFC 5280 section 4.1.2.2

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

// DistributionPoint is one place where revocation of a certificate is told (RFC 5280 section
// 4.2.1.13). A name relative to the CRL issuer is held as the whole directory name.
struct DistributionPoint {
  std::vector<GeneralName> names;
  bool some_reasons = false;  // covers only some reasons
  bool other_issuer = false;  // its CRL is issued by another than the certificate's issuer
};

// Certificate is a parsed X.509 certificate (RFC 5280): form only, nothing is verified. A value;
// owns its bytes.
struct Certificate {
  std::uint8_t version = 3;            // 1 to 3; extensions occur in 3 only
  Buffer der;                          // the whole certificate
  crypto::Sha256Digest fingerprint{};  // SHA-256 of it
  Buffer tbs;                          // the signed part, as encoded
  Buffer serial;  // INTEGER contents, minimal; may be zero or negative, which RFC 5280 section
                  // 4.1.2.2 asks readers to bear
  crypto::SignatureAlgorithm signature_algorithm{};
  Buffer signature;
  Name issuer{{}};
  Name subject{{}};
  UnixTime not_before;
  UnixTime not_after;
  Buffer spki;                         // SubjectPublicKeyInfo, as encoded
  crypto::Sha256Digest spki_sha256{};  // identifies the key: what trust anchors are pinned by
  std::optional<crypto::PublicKey>
      public_key;  // nullopt: an algorithm or size that we do not use, or no valid key
  std::vector<Extension> extensions;  // in order; no OID twice
  std::optional<BasicConstraints> basic_constraints;
  std::optional<std::uint16_t> key_usage;
  std::optional<Buffer> subject_key_id;
  std::optional<Buffer> authority_key_id;  // the keyIdentifier
  std::vector<GeneralName> subject_alt_names;
  std::optional<NameConstraints> name_constraints;
  std::vector<DistributionPoint> distribution_points;

  // self_issued is true where subject and issuer are the same name (RFC 5280 section 6.1).
  [[nodiscard]] bool self_issued() const { return issuer.matches(subject); }

  // find returns the extension with this OID (contents octets), or nullptr; borrowed.
  [[nodiscard]] const Extension* find(Bytes oid) const;
};

// parse_certificate reads one DER certificate with nothing behind it. kTruncated, kMalformed (a
// duplicate extension, and a signature algorithm that differs from the signed one, included),
// kUnsupported (signature algorithm), kLimit (size, extensions, serial number).
[[nodiscard]] Result<Certificate> parse_certificate(Bytes der);

// parse_certificates reads a PEM text of certificates, in its order. At most kMaxPemBlocks. Errors
// of parse_pem and parse_certificate; kMalformed for a block with another label.
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

// IssuingDistributionPoint says what a CRL covers (RFC 5280 section 5.2.5).
struct IssuingDistributionPoint {
  std::vector<GeneralName> names;  // a relative name is held as the whole directory name
  bool only_user_certificates = false;
  bool only_ca_certificates = false;
  bool only_attribute_certificates = false;
  bool some_reasons = false;
  bool indirect = false;
};

// Crl is a parsed X.509 v2 CRL: form only.
struct Crl {
  Buffer der;
  crypto::Sha256Digest fingerprint{};  // SHA-256 of it
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
  std::optional<IssuingDistributionPoint> issuing_distribution_point;
  bool delta = false;                     // lists changes only (section 5.2.4)
  bool entries_of_other_issuers = false;  // an entry names its certificate's issuer (section 5.3.3)
  bool unknown_critical =
      false;  // a critical extension, of the list or of an entry, that we do not process

  // revokes looks for the serial; O(log n).
  [[nodiscard]] bool revokes(Bytes serial) const;
};

// parse_crl reads one DER CRL with nothing behind it; errors as parse_certificate, and kUnsupported
// for a version 1 CRL.
[[nodiscard]] Result<Crl> parse_crl(Bytes der);

[[nodiscard]] bool signed_by(const Crl& crl, const crypto::PublicKey& issuer);

// compare_serial orders INTEGER contents by value (used for CRL numbers too): negative, 0,
// positive.
[[nodiscard]] int compare_serial(Bytes a, Bytes b);

}  // namespace ward::pki
