#pragma once

#include <cstdint>

// Counts what this program allocates: C++'s own and OpenSSL's allocations.
namespace ward::bench {

// Allocations are those of all threads between start and stop.
struct Allocations {
  std::int64_t calls = 0;
  std::int64_t octets = 0;  // as the allocator rounds them up
  std::int64_t peak = 0;    // the most that was held at a time, of these
};

// count_openssl makes OpenSSL allocate where it is counted. Before its first allocation, or it has
// no effect.
void count_openssl();

void start_counting();
[[nodiscard]] Allocations stop_counting();

}  // namespace ward::bench
