#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ward {

// Diag says what is wrong in a document that a person writes (policy, manifest, configuration, JSON
// collateral): where, and what was expected there. It may quote the document, so it is never used
// for secrets.
struct Diag {
  std::uint32_t line = 0;    // from 1; 0 when the position is not known
  std::uint32_t column = 0;  // from 1, in octets
  std::string path;          // of the value, "resources[2].tag"; empty for the document itself
  std::string expected;      // what should have been there, a phrase for a person
};

// diag_at computes line and column of octet `offset` of `document`.
[[nodiscard]] Diag diag_at(Bytes document, std::size_t offset, std::string_view path,
                           std::string_view expected);

// to_text writes "line 3, column 7: resources[2].tag: expected a string".
[[nodiscard]] std::string to_text(const Diag& diag);

}  // namespace ward
