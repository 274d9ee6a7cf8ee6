#include "broker/events.h"

#include <algorithm>
#include <array>
#include <utility>

#include "broker/policy.h"
#include "ledger/ledger.h"

namespace ward::broker {
namespace {

constexpr std::string_view kResults = "results/";
constexpr std::size_t kIdDigits = 16;  // of a leaf's hash

bool is_kind(std::string_view text) {
  return !text.empty() && text.size() <= ledger::kMaxKindBytes &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") == std::string_view::npos;
}

// first_since is the first index whose entry is not before `since`, by halving: entries follow each
// other in time but for what the ledger lets a clock step back.
Result<std::uint64_t> first_since(store::View& view, std::uint64_t size, UnixTime since) {
  std::uint64_t low = 0;
  std::uint64_t high = size;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    WARD_TRY(const Buffer octets, ledger::read_leaf(view, middle));
    WARD_TRY(const ledger::Leaf leaf, ledger::parse_leaf(octets));
    if (leaf.entry.time < since) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace

std::optional<Kinds> parse_kinds(std::string_view text) {
  Kinds out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    if (!is_kind(one) || out.size() == kMaxEventKinds) return std::nullopt;
    out.emplace_back(one);
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
    if (text.empty()) return std::nullopt;
  }
  return out;
}

bool names(const Kinds& kinds, std::string_view kind) {
  const std::string_view word = kind.substr(0, kind.find('.'));
  return kinds.empty() || std::ranges::any_of(kinds, [&](const std::string& one) {
           return one == kind || one == word;
         });
}

std::string_view repository_told(const ledger::Entry& entry) {
  const std::string_view subject = entry.subject;
  const auto first = subject.find('/');
  if (first == std::string_view::npos) return {};
  if (entry.kind.starts_with("policy.")) {
    const bool results =
        subject.starts_with(kResults) && subject.find('/', first + 1) == subject.npos;
    return results ? subject.substr(kResults.size()) : std::string_view();
  }
  // A name of another kind may look as a path does: only of these it is one.
  constexpr auto kOfResources =
      std::to_array<std::string_view>({"release", "refusal", "expiry.resource", "expiry.lease"});
  const bool of_resource = entry.kind.starts_with("resource.") ||
                           entry.kind.starts_with("lease.") ||
                           std::ranges::find(kOfResources, entry.kind) != kOfResources.end();
  if (!of_resource || subject.find(' ') != std::string_view::npos) return {};
  const auto second = subject.find('/', first + 1);  // "repository/type/tag"
  const bool path =
      second != std::string_view::npos && subject.find('/', second + 1) == std::string_view::npos;
  return path ? subject.substr(0, first) : std::string_view();
}

bool may_see(const Actor& actor, const ledger::Entry& entry) {
  if (actor.role == Role::kAdministrator || actor.role == Role::kAuditor) return true;
  const std::string_view repository = repository_told(entry);
  return !repository.empty() && manages(actor, repository);
}

Result<void> write_event(codec::JsonWriter& w, const Event& event) {
  return ledger::write_entry(w, event.index, event.leaf);
}

std::string event_id(const Event& event) {
  return "evt_" + std::to_string(event.index) + "_" +
         to_hex(ledger::leaf_hash(event.leaf)).substr(0, kIdDigits);
}

Result<EventPage> read_events(store::View& view, const EventSelection& selection,
                              std::size_t limit) {
  WARD_TRY(const ledger::Head head, ledger::read_head(view));
  EventPage out;
  out.next = selection.from;
  std::size_t octets = 0;
  for (std::size_t seen = 0; seen < kMaxEventsScanned && out.next < head.size; ++seen) {
    if (out.events.size() == limit || octets > kMaxEventsBytes) break;
    WARD_TRY(Buffer leaf, ledger::read_leaf(view, out.next));
    WARD_TRY(ledger::Leaf parsed, ledger::parse_leaf(leaf));
    const std::uint64_t index = out.next++;
    if (parsed.index != index) return Error(Errc::kMalformed, "broker.events: a leaf's place");
    if (!names(selection.kinds, parsed.entry.kind)) continue;
    if (selection.actor != nullptr && !may_see(*selection.actor, parsed.entry)) continue;
    octets += leaf.size();
    out.events.push_back({index, std::move(leaf), std::move(parsed.entry)});
  }
  out.more = out.next < head.size;
  return out;
}

Answer<std::uint64_t> Events::begin(const Actor& actor, const EventPlace& place,
                                    UnixTime now) const {
  const bool may = actor.role == Role::kAdministrator || actor.role == Role::kAuditor ||
                   actor.role == Role::kOwner;
  WARD_CHECK_OK(allow(service_, actor, may, "events", now));
  std::uint64_t from = 0;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const ledger::Head head, ledger::read_head(view));
    switch (place.at) {
      case EventPlace::At::kBeginning:
        from = 0;
        return {};
      case EventPlace::At::kBehind:
        // Nobody is told of places that the ledger has not come to.
        from = std::min(place.index, head.size) + (place.index < head.size ? 1 : 0);
        return {};
      case EventPlace::At::kNewest:
        from = head.size;
        return {};
      case EventPlace::At::kSince:
        WARD_TRY(from, first_since(view, head.size, place.since));
        return {};
    }
    return Error(Errc::kInternal, "broker.events: place");
  });
  if (!done) return unavailable(done.error());
  return from;
}

Answer<EventPage> Events::read(const Actor& actor, std::uint64_t from, const Kinds& kinds,
                               std::size_t limit) const {
  EventPage out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(out, read_events(view, {.from = from, .kinds = kinds, .actor = &actor}, limit));
    return {};
  });
  if (!done) return unavailable(done.error());
  return out;
}

}  // namespace ward::broker
