#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "keep/manifest.h"

// What a keep is: canonical CBOR of every field of the manifest and of every file, and the digests
// that evidence carries (docs/formats/manifest.md).
namespace ward::keep {

// MeasuredFile is a file as it lies in the keep's root.
struct MeasuredFile {
  std::string path;
  FileMode mode = FileMode::kData;
  crypto::Sha256Digest sha256{};
  std::uint64_t size_bytes = 0;

  friend bool operator==(const MeasuredFile&, const MeasuredFile&) = default;
};

// MeasuredRoot is the content of the keep's root, in the order of the octets of `path`.
struct MeasuredRoot {
  std::vector<MeasuredFile> files;
  std::vector<LinkEntry> links;

  friend bool operator==(const MeasuredRoot&, const MeasuredRoot&) = default;
};

// Measured is the identity of a keep.
//   canonical   deterministic CBOR (RFC 8949 section 4.2.1) of manifest and root
//   init_data   the KBS init-data (protocol section 4): a TOML text that names SHA-384(canonical)
//   workload    SHA-384(init_data). It stands in CONFIGID, MRCONFIGID, HOST_DATA or PCR 8, and is
//               what a policy names.
//   runtime     canonical CBOR of the ward-keep image; a software TEE measures it as MRENCLAVE.
struct Measured {
  Buffer canonical;
  std::string init_data;
  crypto::Sha384Digest workload{};
  Buffer runtime;
};

// Bounds on the measured form (kLimit).
inline constexpr std::size_t kMaxCanonicalBytes = std::size_t{32} << 20U;
inline constexpr std::uint32_t kMaxCanonicalItems = 200000;

// canonical_manifest writes the measured form. `root` must be in the order of its paths. kMalformed
// where a path is not UTF-8, kLimit.
[[nodiscard]] Result<Buffer> canonical_manifest(const Manifest& manifest, const MeasuredRoot& root);

// init_data_of writes the init-data that stands for `canonical`; always the same octets. `name` is
// a manifest's name.
[[nodiscard]] std::string init_data_of(std::string_view name, Bytes canonical);

// measured_of computes the digests; `runtime` is kept as given.
[[nodiscard]] Result<Measured> measured_of(const Manifest& manifest, const MeasuredRoot& root,
                                           Buffer runtime);

// ParsedCanonical is the measured form read back: sources are empty and trees are files.
struct ParsedCanonical {
  Manifest manifest;
  MeasuredRoot root;
};

// parse_canonical is the inverse of canonical_manifest. kMalformed, kTruncated, kUnsupported
// (version) or kLimit; anything but the deterministic encoding is kMalformed.
[[nodiscard]] Result<ParsedCanonical> parse_canonical(Bytes canonical);

}  // namespace ward::keep
