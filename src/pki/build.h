#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/signature.h"
#include "pki/certificate.h"

namespace ward::pki {

// Building certificates and CRLs: the inverse of parse_certificate and parse_crl, for PKIs that we
// make ourselves. All functions are pure; what they build parses back to what was given.

// Signer signs the octets given with the algorithm that the specification names, in the form that
// X.509 wants (ECDSA: DER ECDSA-Sig-Value). It is called once, synchronously.
using Signer = std::function<Result<Buffer>(Bytes tbs)>;

// NamePart is one RelativeDistinguishedName with one attribute.
struct NamePart {
  std::string_view type;  // "C", "ST", "L", "O", "OU", "CN", "serialNumber" or "DC"
  std::string_view value;
};

// make_name writes the parts in order: C and serialNumber as PrintableString, DC as IA5String, the
// others as UTF8String of printable ASCII. kMalformed for an unknown type, an empty value, or
// characters that the string type does not have; kLimit beyond kMaxNameAttributes.
[[nodiscard]] Result<Name> make_name(std::span<const NamePart> parts);

// The common extensions (RFC 5280 sections 4.2.1 and 5.2), each with the criticality that it asks
// for.
[[nodiscard]] Extension basic_constraints_extension(const BasicConstraints& value);
[[nodiscard]] Extension key_usage_extension(std::uint16_t usage);
[[nodiscard]] Extension subject_key_id_extension(Bytes key_id);
[[nodiscard]] Extension authority_key_id_extension(Bytes key_id);
[[nodiscard]] Extension crl_distribution_point_extension(std::string_view uri);
[[nodiscard]] Extension crl_number_extension(std::uint64_t number);

// key_id derives a key identifier from a SubjectPublicKeyInfo: the leftmost 160 bits of the SHA-256
// of its subjectPublicKey (RFC 7093 section 2, method 1). kMalformed.
[[nodiscard]] Result<Buffer> key_id(Bytes spki);

// CertificateSpec is what a version 3 certificate says.
struct CertificateSpec {
  Buffer serial;  // big-endian magnitude; at most 20 octets without leading zeros
  crypto::SignatureAlgorithm signature_algorithm{};
  Name issuer{{}};
  Name subject{{}};
  UnixTime not_before;
  UnixTime not_after;
  Buffer spki;                        // SubjectPublicKeyInfo, as encoded
  std::vector<Extension> extensions;  // in order
};

// build_certificate writes and signs it. The result is parsed before it is returned: errors of
// parse_certificate for a specification that no reader would accept, and of the signer. kMalformed
// for a time outside the years 0 to 9999.
[[nodiscard]] Result<Buffer> build_certificate(const CertificateSpec& spec, const Signer& signer);

// CrlSpec is what a version 2 CRL says.
struct CrlSpec {
  crypto::SignatureAlgorithm signature_algorithm{};
  Name issuer{{}};
  UnixTime this_update;
  std::optional<UnixTime> next_update;
  std::vector<RevokedEntry> revoked;  // serials as INTEGER contents (Certificate::serial)
  std::vector<Extension> extensions;
};

// build_crl writes and signs it; errors as build_certificate, of parse_crl.
[[nodiscard]] Result<Buffer> build_crl(const CrlSpec& spec, const Signer& signer);

}  // namespace ward::pki
