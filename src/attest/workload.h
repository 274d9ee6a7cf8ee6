#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"

namespace ward::attest {

// kWorkloadSize: octets of a workload's digest, a SHA-384 (`ward keep measure`).
inline constexpr std::size_t kWorkloadSize = 48;

// workload_field is how a digest stands in a field of `size` octets (docs/formats/manifest.md):
// followed by zeros, and in one of 32 octets (HOST_DATA of SEV-SNP) the first 32 of a SHA-384.
// nullopt for any other field that is shorter than the digest, and for no digest.
[[nodiscard]] std::optional<Buffer> workload_field(Bytes digest, std::size_t size);

}  // namespace ward::attest
