#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"

namespace ward::bench {

// Many is what a relying party sees of many platforms that it remembers.
struct Many {
  std::uint64_t first_ns = 0;  // processor time of a platform's first appraisal, collateral known
  std::uint64_t known_ns = 0;  // of its next, in another order
  std::uint64_t found = 0;     // how many of those found the platform remembered
  std::size_t counted = 0;     // octets a platform, as the cache counts
  std::size_t allocated = 0;   // octets a platform, as malloc counts
};

// remember_many makes `count` SGX platforms, each with a quoting enclave that was vouched for anew,
// and has each appraised twice by one relying party with room for all. kMalformed where one is not
// accepted.
[[nodiscard]] Result<Many> remember_many(std::size_t count);

}  // namespace ward::bench
