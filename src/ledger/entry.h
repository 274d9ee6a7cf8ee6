#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace ward::ledger {

// Bounds on an entry, each tested at its value and one above (kLimit).
inline constexpr std::size_t kMaxKindBytes = 64;
inline constexpr std::size_t kMaxNameBytes = 1024;  // actor, subject, names of details
inline constexpr std::size_t kMaxDetails = 64;
inline constexpr std::size_t kMaxLeafBytes = 64U << 10U;

// Entry is one act that the ledger records: who did what to what, and how it ended. All text is
// UTF-8. Never put a secret into it: leaves are for auditors.
struct Entry {
  UnixTime time;
  std::string kind;     // "release", "refusal", "policy.set", "resource.put", ...; a-z 0-9 _ .
  std::string actor;    // who: an administrator's key id, a keep's workload digest; may be empty
  std::string subject;  // on what: "repo/type/tag"; may be empty
  std::vector<std::pair<std::string, std::string>> details;  // names differ

  friend bool operator==(const Entry&, const Entry&) = default;
};

// Leaf is an entry with its place, which is part of the leaf's octets: a leaf that stands at
// another place is found by itself.
struct Leaf {
  std::uint64_t index = 0;
  Entry entry;  // details sorted by name
};

// encode_leaf writes deterministic CBOR (docs/formats/ledger.md). kMalformed: text that is not
// UTF-8, an empty or odd kind, a detail twice, a time before 1970; kLimit.
[[nodiscard]] Result<Buffer> encode_leaf(std::uint64_t index, const Entry& entry);

// parse_leaf is its inverse and accepts nothing that encode_leaf does not write. kMalformed,
// kTruncated, kUnsupported (a later version of the format), kLimit.
[[nodiscard]] Result<Leaf> parse_leaf(Bytes octets);

}  // namespace ward::ledger
