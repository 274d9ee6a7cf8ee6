#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace ward::tcg {

// Algorithm is a hash of TPM_ALG_ID (TPM 2.0 Library, Part 2, table 9) that ward can compute. Logs
// may name others, such as SM3: those are carried, not computed.
enum class Algorithm : std::uint16_t {
  kSha1 = 0x0004,
  kSha256 = 0x000b,
  kSha384 = 0x000c,
  kSha512 = 0x000d,
};

// known_algorithm is nullopt for an id that ward cannot compute.
[[nodiscard]] std::optional<Algorithm> known_algorithm(std::uint16_t id);

[[nodiscard]] std::size_t digest_size(Algorithm algorithm);  // octets

[[nodiscard]] const char* to_text(Algorithm algorithm);  // "sha384"

[[nodiscard]] Buffer digest(Algorithm algorithm, Bytes data);

}  // namespace ward::tcg
