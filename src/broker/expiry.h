#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "broker/broker.h"
#include "store/store.h"

// Ends: a resource, a reference value or a lease whose time is over is told by a leaf of the ledger
// of its own, `expiry.resource`, `expiry.refval` or `expiry.lease`, exactly once: the leaf is
// written in the transaction that takes the note of the end away (docs/protocols/events.md).
namespace ward::broker {

inline constexpr std::string_view kEndTable = "kbs.end";  // the time in sixteen digits, a digest

// So many leaves of each kind are written at one time, so that no request waits for long.
inline constexpr std::size_t kEndsAtOnce = 64;

// Ends is what can end and has a note: leases are their own (lease.h).
enum class Ends : std::uint8_t { kResource, kReferenceValue };

// note_end writes down that `name` ends at `end`: "repository/type/tag", or the id of a reference
// value. A note that is there already stays. Errors of the store.
[[nodiscard]] Result<void> note_end(store::Transaction& tx, Ends what, std::string_view name,
                                    UnixTime end);

// record_ends writes the leaves of what has ended by `now`, at most kEndsAtOnce of each kind, and
// returns how many. What was deleted, or got another end, meanwhile has none. It writes nothing
// where nothing has ended. Notes and leases have a transaction each: where one fails, the other is
// done. Errors of ledger::append and the store.
[[nodiscard]] Result<std::size_t> record_ends(const Service& service, UnixTime now);

// note_all_ends writes the notes of all resources and reference values for a store that an earlier
// version wrote, which had none. After note_corrected it writes those again that lie behind the
// right time, and the leases too: what a clock in the future told too early has its end still.
// Each once: then it does nothing. Errors of the store.
[[nodiscard]] Result<void> note_all_ends(const Service& service, UnixTime now);

// note_corrected says to the next note_all_ends that the ledger's clock was set back to `now` by
// the leaf at `index`. Errors of the store.
[[nodiscard]] Result<void> note_corrected(store::Transaction& tx, std::uint64_t index,
                                          UnixTime now);

// is_damage is true where an error says that a row was changed, and not that the store failed.
[[nodiscard]] bool is_damage(const Error& error);

// DamagedRow is a row that cannot be read; borrowed.
struct DamagedRow {
  std::string_view table;
  std::string_view key;
};

// forget_damaged takes the row away with a leaf `expiry.damaged`, so that it stands in nobody's
// way. Errors of ledger::append and the store.
[[nodiscard]] Result<void> forget_damaged(store::Transaction& tx, const Keys& keys,
                                          const DamagedRow& row, UnixTime now);

}  // namespace ward::broker
