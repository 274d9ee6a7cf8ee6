#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::codec {

// PemBlock is one encapsulated object of RFC 7468.
struct PemBlock {
  std::string label;  // "CERTIFICATE"
  Buffer der;
};

// At most this many blocks are read from one text.
inline constexpr std::size_t kMaxPemBlocks = 64;

// At most this many characters are read: a CRL of 8 MiB in base64 with line ends fits.
inline constexpr std::size_t kMaxPemBytes = 12U << 20U;

// parse_pem reads the blocks of a text (RFC 7468, lax about explanatory text between blocks, blanks
// and line ends, strict about labels and base64). A trailing NUL, as SGX certification data
// carries, is accepted; any other NUL is not. kMalformed for a block that does not end, does not
// decode or is empty, kLimit, and kTruncated where there is no block at all.
[[nodiscard]] Result<std::vector<PemBlock>> parse_pem(std::string_view text);

// to_pem writes one block with lines of 64 characters.
[[nodiscard]] std::string to_pem(std::string_view label, Bytes der);

}  // namespace ward::codec
