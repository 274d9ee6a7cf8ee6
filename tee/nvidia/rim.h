#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pki/certificate.h"

// Reference integrity manifests: SWID tags (ISO/IEC 19770-2) with the measurements that NVIDIA
// calls good, signed within (XML Signature, enveloped).
namespace ward::nvidia {

inline constexpr std::size_t kMaxGolden = 256;
inline constexpr std::size_t kMaxAlternatives = 64;
inline constexpr std::size_t kGoldenSize = 48;  // SHA-384
inline constexpr std::size_t kMaxRimCertificates = 8;

// Golden is one measurement that must be as the manifest says: one of the values.
struct Golden {
  std::uint32_t index = 0;  // from 0: that of the measurement block less one
  std::string name;
  std::vector<Buffer> values;

  friend bool operator==(const Golden&, const Golden&) = default;
};

// RimContent is what is signed.
struct RimContent {
  std::string version;         // colloquialVersion: of the driver, or of the VBIOS
  std::string product;         // "GH100"
  std::vector<Golden> golden;  // the active ones, by index

  friend bool operator==(const RimContent&, const RimContent&) = default;
};

// Rim is a parsed manifest: form only, nothing is verified. A value.
struct Rim {
  RimContent content;         // read from `signed_octets`, not from the document
  std::string signed_octets;  // canonical form of the document without its signature
  Buffer digest;              // that the signature states of them
  std::string signed_info;    // canonical form, what the signature is over
  Buffer signature;           // r || s
  std::vector<pki::Certificate> certificates;  // of the signer, first, up to the root
};

// parse_rim reads one manifest. Everything in it is read from the octets that the digest covers, so
// that nothing can be said beside what is signed. kMalformed; kUnsupported for other algorithms and
// transforms than those of NVIDIA's manifests, a reference to a part of the document, another
// signature in it, resources of another type than measurements; errors of parse_xml.
[[nodiscard]] Result<Rim> parse_rim(Bytes document);

// is_rim is true where a document is plainly meant as one.
[[nodiscard]] bool is_rim(Bytes document);

// unwrap_rim gives the manifest out of the answer of NVIDIA's service, {"id", "rim" in base64}; the
// document itself where it is none.
[[nodiscard]] Buffer unwrap_rim(Bytes document);

}  // namespace ward::nvidia
