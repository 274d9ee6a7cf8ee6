#include "verifier/platform_cache.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <utility>

// How an entry stays alive without a lock (hazard pointers, M. M. Michael, IEEE TPDS 15(6), 2004).
// A reader writes the entry's address into a slot and then reads the table again; a writer takes
// the entry out of the table and then reads all slots. These four accesses are sequentially
// consistent, so there is one order of them: either the reader's second look comes first, then the
// writer sees its slot and frees nothing; or the writer's change does, then the reader sees that
// and lets go before it has read any of the entry. No weaker order excludes that both miss each
// other (the store of each could still wait in its processor while the other's load is done).
//
// What else is ordered: an entry is written before it is stored into the table, and the reader's
// second look reads that store (release, acquire). A slot is emptied with release after the last
// read of the entry, and the writer's look at it acquires that before it frees. Taking a slot
// acquires what its last holder counted. Everything else is a hint or a count: relaxed.
namespace ward::verifier {

using attest::PlatformKey;

// Spot is a place in the table.
struct PlatformCache::Spot {
  Set* set = nullptr;
  std::size_t way = 0;
};

// Entry is a platform in the cache. Only `used` changes once it is in the table.
struct PlatformCache::Entry {
  Entry(const PlatformKey& for_key, std::shared_ptr<const attest::Platform> of, std::size_t size)
      : key(for_key), window(of->window), platform(std::move(of)), octets(size) {}

  const PlatformKey key;
  const attest::Window window;  // the platform's, where the key is
  const std::shared_ptr<const attest::Platform> platform;
  std::atomic<bool> used = false;  // found since it was last spared

  // The writer's.
  const std::size_t octets;
  Spot spot;
  Entries::iterator place;
};

namespace {

constexpr std::size_t kWays = 8;

std::size_t saturating_sum(std::size_t a, std::size_t b) {
  return a > std::numeric_limits<std::size_t>::max() - b ? std::numeric_limits<std::size_t>::max()
                                                         : a + b;
}

// home is where this thread begins to look for a free slot. Threads that were started one after the
// other are far apart: processors fetch neighbouring cache lines in pairs.
std::size_t home() {
  static std::atomic<std::size_t> threads = 0;
  thread_local std::size_t number = 0;
  if (number == 0) number = threads.fetch_add(1, std::memory_order_relaxed) + 1;
  return number * 37 % PlatformCache::kSlots;
}

void count(std::atomic<std::uint64_t>& own) {
  own.store(own.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

// Set is where a few keys may be. A hint is a part of the key, so that a search looks at no entry
// but the right one; it may be older or newer than the entry beside it, which find() then misses or
// tells by its key.
struct alignas(64) PlatformCache::Set {
  std::array<std::atomic<std::uint64_t>, kWays> hints{};
  std::array<Way, kWays> ways{};
};

// Address is where a key may be: in either of two sets, of which keep() takes the emptier one. So
// 100,000 random keys fit (with one set each, about 200 would not).
struct PlatformCache::Address {
  Address(const PlatformKey& key, std::size_t of) {
    const auto words = std::bit_cast<std::array<std::uint64_t, 4>>(key);
    sets = {words[0] & (of - 1), words[1] & (of - 1)};
    hint = words[2];
  }

  std::array<std::size_t, 2> sets{};
  std::uint64_t hint = 0;
};

// Pin is an entry that its slot keeps from being freed. Without an entry no slot is taken; slot is
// kSlots where none was free.
struct PlatformCache::Pin {
  Entry* entry = nullptr;
  std::size_t slot = 0;
};

std::size_t PlatformCache::entry_octets() {
  // The list's node holds three pointers; malloc adds a word to each of the two.
  return sizeof(Entry) + 3 * sizeof(void*) + 2 * sizeof(std::size_t);
}

// At most half of the ways are ever taken, for the emptier of two sets to have room.
PlatformCache::PlatformCache(CacheLimits limits)
    : limits_(limits),
      sets_(std::bit_ceil(std::min(limits.platforms, limits.octets / entry_octets()) / (kWays / 2) +
                          1)) {}

PlatformCache::~PlatformCache() = default;

// take is the slot that now holds the entry, or kSlots.
std::size_t PlatformCache::take(Entry* entry) {
  const std::size_t first = home();
  for (std::size_t i = 0; i < kSlots; ++i) {
    const std::size_t slot = (first + i) % kSlots;
    Entry* free = nullptr;
    if (slots_[slot].held.compare_exchange_strong(free, entry, std::memory_order_seq_cst,
                                                  std::memory_order_relaxed)) {
      return slot;
    }
  }
  return kSlots;
}

PlatformCache::Pin PlatformCache::pin(const Way& way) {
  for (;;) {
    // An address only: nothing is read through it before the second look.
    Entry* const entry = way.load(std::memory_order_relaxed);
    if (entry == nullptr) return {};
    const std::size_t slot = take(entry);
    if (slot == kSlots) return {nullptr, kSlots};
    if (way.load(std::memory_order_seq_cst) == entry) return {entry, slot};
    release(slot);
  }
}

PlatformCache::Hold PlatformCache::find(const PlatformKey& key, UnixTime now) {
  Set* const table = table_.load(std::memory_order_acquire);
  const Address address(key, sets_);
  for (std::size_t i = 0; table != nullptr && i < address.sets.size(); ++i) {
    const Set& set = table[address.sets[i]];
    for (std::size_t w = 0; w < kWays; ++w) {
      if (set.hints[w].load(std::memory_order_relaxed) != address.hint) continue;
      const Pin found = pin(set.ways[w]);
      if (found.slot == kSlots) return find_locked(key, now);
      if (found.entry == nullptr) continue;
      if (found.entry->key == key) return answer(found, now);
      release(found.slot);
    }
  }
  slots_[home()].misses.fetch_add(1, std::memory_order_relaxed);
  return {};
}

PlatformCache::Hold PlatformCache::answer(const Pin& pin, UnixTime now) {
  Slot& slot = slots_[pin.slot];
  if (!pin.entry->window.holds(now)) {
    count(slot.outdated);
    release(pin.slot);
    return {};
  }
  count(slot.hits);
  // Written once between two looks of the writer, so that hits share the entry's line.
  std::atomic<bool>& used = pin.entry->used;
  if (!used.load(std::memory_order_relaxed)) used.store(true, std::memory_order_relaxed);
  return {*pin.entry->platform, *this, pin.slot};
}

// find_locked is find() where all slots are taken.
PlatformCache::Hold PlatformCache::find_locked(const PlatformKey& key, UnixTime now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Entry* const entry = known(key);
  if (entry == nullptr) {
    ++past_.misses;
    return {};
  }
  if (!entry->window.holds(now)) {
    ++past_.outdated;
    return {};
  }
  auto place = std::find(more_holds_.begin(), more_holds_.end(), nullptr);
  if (place == more_holds_.end()) place = more_holds_.emplace(place);
  *place = entry->platform;
  ++past_.hits;
  entry->used.store(true, std::memory_order_relaxed);
  return {**place, *this, kSlots + static_cast<std::size_t>(place - more_holds_.begin())};
}

void PlatformCache::release(std::size_t slot) {
  if (slot < kSlots) {
    slots_[slot].held.store(nullptr, std::memory_order_release);
    return;
  }
  std::shared_ptr<const attest::Platform> last;  // destroyed after the lock
  const std::lock_guard<std::mutex> lock(mutex_);
  last.swap(more_holds_[slot - kSlots]);
  while (!more_holds_.empty() && more_holds_.back() == nullptr) {
    more_holds_.pop_back();
  }
}

void PlatformCache::keep(const PlatformKey& key, std::shared_ptr<const attest::Platform> platform) {
  if (platform == nullptr || limits_.platforms == 0) return;
  const std::size_t octets = saturating_sum(platform->memory(), entry_octets());
  if (octets > std::min(limits_.octets, kMostOctets)) return;
  Entries fresh;
  fresh.push_back(std::make_unique<Entry>(key, std::move(platform), octets));
  Entry& entry = *fresh.front();
  entry.place = fresh.begin();

  Entries freed;  // destroyed after the lock: platforms may be large
  const std::lock_guard<std::mutex> lock(mutex_);
  make_table();
  Entry* const old = known(key);
  if (old != nullptr) retire(*old);  // stays in the table until it is replaced
  make_room(octets);
  const Address address(key, sets_);
  entry.spot = old != nullptr ? old->spot : empty_spot(address);
  entry.spot.set->hints[entry.spot.way].store(address.hint, std::memory_order_relaxed);
  entry.spot.set->ways[entry.spot.way].store(&entry, std::memory_order_seq_cst);
  queue_.splice(queue_.end(), fresh);
  octets_ += octets;
  sweep(freed);
}

void PlatformCache::clear() {
  Entries freed;
  const std::lock_guard<std::mutex> lock(mutex_);
  while (!queue_.empty()) {
    forget(*queue_.front());
  }
  sweep(freed);
}

CacheCounts PlatformCache::counts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  CacheCounts out = past_;
  out.platforms = queue_.size();
  out.octets = octets_;
  for (const Slot& slot : slots_) {
    out.hits += slot.hits.load(std::memory_order_relaxed);
    out.misses += slot.misses.load(std::memory_order_relaxed);
    out.outdated += slot.outdated.load(std::memory_order_relaxed);
  }
  return out;
}

void PlatformCache::make_table() {
  if (owned_table_ != nullptr) return;
  owned_table_ = std::make_unique<Set[]>(sets_);
  table_.store(owned_table_.get(), std::memory_order_release);
}

PlatformCache::Entry* PlatformCache::known(const PlatformKey& key) const {
  if (owned_table_ == nullptr) return nullptr;
  const Address address(key, sets_);
  for (const std::size_t number : address.sets) {
    for (const Way& way : owned_table_[number].ways) {
      Entry* const entry = way.load(std::memory_order_relaxed);
      if (entry != nullptr && entry->key == key) return entry;
    }
  }
  return nullptr;
}

// make_room forgets until one platform of so many octets fits. What was found since it was last
// looked at is spared once; each is looked at once, so that readers cannot keep the writer here.
void PlatformCache::make_room(std::size_t octets) {
  while (queue_.size() >= limits_.platforms || octets_ > limits_.octets - octets) {
    for (std::size_t n = queue_.size(); n > 0; --n) {
      std::atomic<bool>& used = queue_.front()->used;
      if (!used.load(std::memory_order_relaxed)) break;
      used.store(false, std::memory_order_relaxed);
      queue_.splice(queue_.end(), queue_, queue_.begin());
    }
    forget(*queue_.front());
    ++past_.evicted;
  }
}

// empty_spot is one for the key of that address. Where both sets are full, one of their platforms
// is forgotten, if possible one that was not found lately.
PlatformCache::Spot PlatformCache::empty_spot(const Address& address) {
  Spot out;
  std::size_t most_free = 0;
  Entry* least = nullptr;
  for (const std::size_t number : address.sets) {
    Set& set = owned_table_[number];
    Spot empty;
    std::size_t free = 0;
    for (std::size_t w = 0; w < kWays; ++w) {
      Entry* const entry = set.ways[w].load(std::memory_order_relaxed);
      if (entry == nullptr) {
        empty = {&set, w};
        ++free;
      } else if (least == nullptr || (least->used.load(std::memory_order_relaxed) &&
                                      !entry->used.load(std::memory_order_relaxed))) {
        least = entry;
      }
    }
    if (free <= most_free) continue;
    most_free = free;
    out = empty;
  }
  if (most_free == 0 && least != nullptr) {
    out = least->spot;
    forget(*least);
    ++past_.evicted;
  }
  return out;
}

// forget takes an entry out of the table. It may still be held.
void PlatformCache::forget(Entry& entry) {
  entry.spot.set->ways[entry.spot.way].store(nullptr, std::memory_order_seq_cst);
  retire(entry);
}

void PlatformCache::retire(Entry& entry) {
  octets_ -= entry.octets;
  retired_.splice(retired_.end(), queue_, entry.place);
}

// sweep moves to `freed` what is retired and not held.
void PlatformCache::sweep(Entries& freed) {
  if (retired_.empty()) return;
  std::array<Entry*, kSlots> held{};
  std::transform(slots_.begin(), slots_.end(), held.begin(),
                 [](const Slot& slot) { return slot.held.load(std::memory_order_seq_cst); });
  std::sort(held.begin(), held.end(), std::less<>());
  for (auto next = retired_.begin(); next != retired_.end();) {
    const auto one = next++;
    if (!std::binary_search(held.begin(), held.end(), one->get(), std::less<>())) {
      freed.splice(freed.end(), retired_, one);
    }
  }
}

}  // namespace ward::verifier
