#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "attest/platform.h"
#include "base/time.h"

// Platforms that were verified, so that the next workload on one costs little more than its own
// signature.
namespace ward::verifier {

// CacheLimits bound what a cache keeps. Both hold at any time; 0 of either keeps nothing.
struct CacheLimits {
  std::size_t platforms = 100'000;
  std::size_t octets = std::size_t{2} << 30;  // Platform::memory() and entry_octets() of each
};

// CacheCounts is what a cache holds now, and what has happened since it was made. A scheme may find
// out anew all the same what was a hit: where another key of the platform signed. Every find() is
// either a hit, a miss or outdated.
struct CacheCounts {
  std::size_t platforms = 0;
  std::size_t octets = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;    // not known
  std::uint64_t outdated = 0;  // known, but not at that time
  std::uint64_t evicted = 0;   // forgotten to make room; not what was replaced or cleared
};

// PlatformCache remembers platforms by key, within bounds. It compares the whole key and the window
// at each find(), and forgets first what was not found for longest (second chance).
//
// While at most kSlots platforms are held at a time, find() takes no lock, allocates nothing, and
// writes to cache lines that no other thread writes to (but for threads whose numbers are kSlots
// apart); beyond that it takes the lock of keep().
// A platform that is held is not freed. What was forgotten while it was held is freed by the first
// keep() or clear() after its release; until then at most kSlots such platforms, and those held
// beyond kSlots, live on beside the limits.
//
// Its own memory: 9 KiB, and from the first keep() on a table of 128 octets for every 2 to 4
// platforms that the limits allow (4 MiB by default). A platform is 10 to 12 KB (`./run bench
// --area platforms`).
//
// Thread safe. Every Hold must have ended when the cache is destroyed. Where memory ends, find()
// and keep() throw std::bad_alloc and have changed nothing.
class PlatformCache final : public attest::PlatformStore {
 public:
  static constexpr std::size_t kSlots = 128;

  // A larger platform is not kept: what its findings say is what its sender wrote.
  static constexpr std::size_t kMostOctets = std::size_t{64} << 10;

  explicit PlatformCache(CacheLimits limits = {});
  PlatformCache(const PlatformCache&) = delete;
  PlatformCache& operator=(const PlatformCache&) = delete;
  ~PlatformCache() override;

  [[nodiscard]] Hold find(const attest::PlatformKey& key, UnixTime now) override;

  // keep does nothing with a platform that is null, or larger than the limits or kMostOctets: what
  // is known of its key then stays. A key is expected to be a digest: its octets choose the place,
  // of which at most 16 are eligible, and where all are taken one of these platforms is forgotten.
  void keep(const attest::PlatformKey& key,
            std::shared_ptr<const attest::Platform> platform) override;

  // clear forgets all platforms. Neither the counts of the past nor the table go.
  void clear();

  [[nodiscard]] CacheCounts counts() const;

  // entry_octets is about what each platform occupies here beside its own memory, the table's share
  // not counted.
  [[nodiscard]] static std::size_t entry_octets();

 private:
  struct Entry;
  struct Set;
  struct Address;
  struct Pin;
  struct Spot;
  using Way = std::atomic<Entry*>;
  using Entries = std::list<std::unique_ptr<Entry>>;

  // Slot is where a thread says which entry must not be freed; free while it holds null. A cache
  // line of its own.
  struct alignas(64) Slot {
    std::atomic<Entry*> held = nullptr;
    // Written by the holder alone.
    std::atomic<std::uint64_t> hits = 0;
    std::atomic<std::uint64_t> outdated = 0;
    // Written by any thread that begins its search for a slot here.
    std::atomic<std::uint64_t> misses = 0;
  };

  void release(std::size_t slot) override;

  [[nodiscard]] std::size_t take(Entry* entry);
  [[nodiscard]] Pin pin(const Way& way);
  [[nodiscard]] Hold answer(const Pin& pin, UnixTime now);
  [[nodiscard]] Hold find_locked(const attest::PlatformKey& key, UnixTime now);

  // These expect mutex_ to be held.
  void make_table();
  [[nodiscard]] Entry* known(const attest::PlatformKey& key) const;
  void make_room(std::size_t octets);
  [[nodiscard]] Spot empty_spot(const Address& address);
  void forget(Entry& entry);
  void retire(Entry& entry);
  void sweep(Entries& freed);

  const CacheLimits limits_;
  const std::size_t sets_;  // a power of two

  std::array<Slot, kSlots> slots_;
  std::atomic<Set*> table_ = nullptr;  // null until the first keep()

  mutable std::mutex mutex_;  // guards all below, and every change of the table
  std::unique_ptr<Set[]> owned_table_;
  Entries queue_;    // what is known; first what is forgotten first
  Entries retired_;  // what was forgotten, until nobody holds it
  std::size_t octets_ = 0;
  CacheCounts past_;  // evicted, and what find_locked() counts
  // Holds beyond kSlots; null where one ended. A shared_ptr, for no slot can speak for them.
  std::vector<std::shared_ptr<const attest::Platform>> more_holds_;
};

}  // namespace ward::verifier
