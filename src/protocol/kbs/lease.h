#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

// The header of a reply that carries a resource which is released for a time alone
// (docs/protocols/kbs.md, "States").
namespace ward::protocol::kbs {

inline constexpr std::string_view kLeaseHeader = "Ward-Lease";
inline constexpr std::size_t kMaxLeaseIdBytes = 64;
inline constexpr std::uint32_t kMaxLeaseSeconds = 366 * 86400;

// LeaseTerm is what the header says: "ID; until=TIME; seconds=N". `until` is by the server's clock;
// `seconds`, from 1 to kMaxLeaseSeconds, is how long the lease lasts from the moment at which it
// was given, for whoever trusts no clock but his own.
struct LeaseTerm {
  std::string id;  // lower-case hexadecimal digits and hyphens, at most kMaxLeaseIdBytes
  UnixTime until;
  std::uint32_t seconds = 0;

  friend bool operator==(const LeaseTerm&, const LeaseTerm&) = default;
};

// write_lease makes the header's value.
[[nodiscard]] std::string write_lease(const LeaseTerm& term);

// parse_lease reads exactly what write_lease writes. kMalformed; kLimit: a life of 0, or a longer
// one than kMaxLeaseSeconds.
[[nodiscard]] Result<LeaseTerm> parse_lease(std::string_view value);

}  // namespace ward::protocol::kbs
