#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "codec/json_write.h"
#include "ledger/entry.h"
#include "store/store.h"

// Events: each leaf of the ledger is one, and nothing else is. So nothing is told that is not
// recorded, none is lost, and an event's place in the stream is its leaf's index
// (docs/protocols/events.md).
namespace ward::broker {

// Bounds on one page: leaves that are looked at, and octets of those that are given.
inline constexpr std::size_t kMaxEventsScanned = 1000;
inline constexpr std::size_t kMaxEventsBytes = 512U << 10U;
inline constexpr std::size_t kMaxEventKinds = 16;  // in one filter

// Kinds is a filter: a leaf's kind is named whole ("policy.set"), or by its first word, up to the
// first point ("policy"). Empty: all.
using Kinds = std::vector<std::string>;

// parse_kinds reads "release,policy.set"; nullopt where a name is empty, longer than a kind, not of
// a-z 0-9 _ and points, or there are more than kMaxEventKinds.
[[nodiscard]] std::optional<Kinds> parse_kinds(std::string_view text);

// names is true where the filter has the kind.
[[nodiscard]] bool names(const Kinds& kinds, std::string_view kind);

// repository_told is the repository that an event is about, empty where it is about none: a release
// or refusal of a resource, an act on it, its lease, or the end of either; an act on its results
// policy. Nothing else, whatever its subject looks like.
[[nodiscard]] std::string_view repository_told(const ledger::Entry& entry);

// may_see is true where an event is the actor's to see: an administrator and an auditor see all, an
// owner those about his repositories.
[[nodiscard]] bool may_see(const Actor& actor, const ledger::Entry& entry);

// Event is one leaf.
struct Event {
  std::uint64_t index = 0;
  Buffer leaf;  // its octets
  ledger::Entry entry;
};

// write_event writes its members into the object that is open in `w`, as the ledger's entries have
// them. Errors of ledger::write_entry.
[[nodiscard]] Result<void> write_event(codec::JsonWriter& w, const Event& event);

// event_id names an event for ever and everywhere: "evt_<index>_<16 digits of the leaf's hash>".
[[nodiscard]] std::string event_id(const Event& event);

// EventPage is a part of the stream.
struct EventPage {
  std::vector<Event> events;
  std::uint64_t next = 0;  // the first index that was not looked at
  bool more = false;       // the ledger goes on there
};

// EventSelection is what is looked for; borrowed.
struct EventSelection {
  std::uint64_t from = 0;        // the first index
  const Kinds& kinds;            // by kind
  const Actor* actor = nullptr;  // nullptr: whatever it is about
};

// read_events reads at most `limit` (1 or more) events of the selection, looking at no more than
// kMaxEventsScanned leaves. kMalformed: the store holds no ledger.
[[nodiscard]] Result<EventPage> read_events(store::View& view, const EventSelection& selection,
                                            std::size_t limit);

// EventPlace is where a reader begins.
struct EventPlace {
  enum class At : std::uint8_t { kBeginning, kBehind, kNewest, kSince };
  At at = At::kBeginning;
  std::uint64_t index = 0;  // kBehind: the last that he has
  // kSince: the first at this time or later, found by halving: exact while the ledger's times
  // follow each other, which they do not around a clock that was corrected.
  UnixTime since;
};

// Events is the stream as its readers ask for it. Safe from several threads.
class Events {
 public:
  explicit Events(const Service& service) : service_(service) {}

  // begin is the index that a place stands for. 403, and a leaf, for whoever may read no events: a
  // verifier's owner.
  [[nodiscard]] Answer<std::uint64_t> begin(const Actor& actor, const EventPlace& place,
                                            UnixTime now) const;

  // read gives what the actor may see from `from` on.
  [[nodiscard]] Answer<EventPage> read(const Actor& actor, std::uint64_t from, const Kinds& kinds,
                                       std::size_t limit) const;

 private:
  const Service& service_;
};

}  // namespace ward::broker
