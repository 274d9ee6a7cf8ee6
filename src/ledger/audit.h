#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"

namespace ward::ledger {

// At most this many faults are listed; the audit then stops.
inline constexpr std::size_t kMaxFaults = 100;

enum class FaultKind : std::uint8_t {
  kRemoved,     // no leaf at this place
  kChanged,     // the leaf is not the one that was signed
  kReordered,   // the leaf says that it belongs to another place
  kExtra,       // a leaf behind the end that the head names
  kNode,        // a stored hash of the tree is wrong: proofs would fail
  kCheckpoint,  // a signed checkpoint is missing, not signed by the key, or of another tree
  kHead,        // the head is missing, unreadable or wrong
  kRolledBack,  // a checkpoint that the auditor kept is of a longer or another ledger
};

[[nodiscard]] std::string_view to_text(FaultKind kind);  // "removed", "changed", ...

// Fault is one thing that is wrong, and where. `index` is the leaf's; for kCheckpoint and
// kRolledBack it is the tree's size, for kHead 0.
struct Fault {
  FaultKind kind;
  std::uint64_t index = 0;

  friend bool operator==(const Fault&, const Fault&) = default;
};

// Audit is the result of reading a whole ledger. It is whole where `faults` is empty.
struct Audit {
  std::uint64_t size = 0;  // leaves that the head names
  NodeHash root{};         // computed from the leaves; meaningful where there is no fault
  std::vector<Fault> faults;
  bool more = false;  // kMaxFaults were found; there may be others

  // Who a checkpoint says it was signed by (first_signer), where none that was read is the key's:
  // then the key is probably another service's. Empty otherwise.
  std::string other_signer;
};

// audit reads every leaf, recomputes the tree and compares it with the stored nodes and with the
// signed checkpoint of every size. A leaf that was changed, removed or moved is named. `kept` is a
// checkpoint that the auditor has from before (a signed note): without one, a ledger that was cut
// back to an earlier state as a whole cannot be told from a young one. Errors only where the store
// does not answer, or where `kept` is not signed by `key`.
[[nodiscard]] Result<Audit> audit(store::View& view, const NoteKey& key,
                                  std::optional<std::string_view> kept = std::nullopt);

}  // namespace ward::ledger
