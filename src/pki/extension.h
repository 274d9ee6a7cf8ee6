#pragma once

#include <array>
#include <span>
#include <vector>

#include "codec/der.h"
#include "pki/certificate.h"

namespace ward::pki {

// What certificates and CRLs share. Internal to this folder.

// Signed is the outer form of both: SEQUENCE { tbs, algorithm, signature } (RFC 5280 sections 4.1.1
// and 5.1.1). Views.
struct Signed {
  codec::DerElement tbs;
  Bytes algorithm;  // the AlgorithmIdentifier as encoded
  crypto::SignatureAlgorithm signature_algorithm{};
  Bytes signature;
};

// parse_signed reads it. kTruncated, kMalformed, kUnsupported.
[[nodiscard]] Result<Signed> parse_signed(Bytes der);

// parse_name takes one distinguished name. kMalformed.
[[nodiscard]] Result<Name> parse_name(codec::DerReader& in);

// ExtensionView is an Extension that borrows its octets.
struct ExtensionView {
  Bytes oid;
  bool critical = false;
  Bytes value;
};

// take_extension takes one. kMalformed.
[[nodiscard]] Result<ExtensionView> take_extension(codec::DerReader& in);

// each_extension calls `take` with the elements of an Extensions SEQUENCE; errors of
// parse_extensions.
template <class Take>
[[nodiscard]] Result<void> each_extension(codec::DerReader in, Take take) {
  std::array<Bytes, kMaxExtensions> types;
  std::size_t count = 0;
  if (in.empty()) return Error(Errc::kMalformed, "pki.extension: none");
  while (!in.empty()) {
    if (count == kMaxExtensions) {
      return Error(Errc::kLimit, "pki.extension: number", kMaxExtensions);
    }
    WARD_TRY(const ExtensionView extension, take_extension(in));
    for (const Bytes known : std::span(types).first(count)) {
      if (equal(known, extension.oid)) {  // RFC 5280 section 4.2
        return Error(Errc::kMalformed, "pki.extension: twice");
      }
    }
    types[count++] = extension.oid;
    take(extension);
  }
  return {};
}

// parse_extensions reads the elements of an Extensions SEQUENCE. kMalformed for an empty list and a
// type that occurs twice; kLimit.
[[nodiscard]] Result<std::vector<Extension>> parse_extensions(codec::DerReader in);

// find_extension returns the one of this type, or nullptr; borrowed.
[[nodiscard]] const Extension* find_extension(const std::vector<Extension>& extensions, Bytes oid);

// The values of single extensions (RFC 5280 sections 4.2.1 and 5.2). kMalformed unless said.
[[nodiscard]] Result<BasicConstraints> parse_basic_constraints(Bytes value);
[[nodiscard]] Result<std::uint16_t> parse_key_usage(Bytes value);
[[nodiscard]] Result<Buffer> parse_subject_key_id(Bytes value);
[[nodiscard]] Result<std::optional<Buffer>> parse_authority_key_id(Bytes value);
[[nodiscard]] Result<std::vector<GeneralName>> parse_subject_alt_names(Bytes value);  // kLimit
[[nodiscard]] Result<std::vector<DistributionPoint>> parse_distribution_points(
    Bytes value, const Name& issuer);  // kLimit
[[nodiscard]] Result<IssuingDistributionPoint> parse_issuing_distribution_point(
    Bytes value, const Name& issuer);  // kLimit

}  // namespace ward::pki
