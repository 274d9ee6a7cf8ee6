// Many threads and a cache that is far too small: what is held is neither freed nor another's.
#include <array>
#include <atomic>
#include <latch>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "verifier/platform_cache.h"
#include "verifier/platform_cache_fixture.h"

namespace ward::verifier {
namespace {

using attest::PlatformKey;

// Canary is filled from its key while it lives, and with something else when it is freed.
class Canary final : public attest::Platform {
 public:
  Canary(std::uint64_t key, std::atomic<int>& alive) : alive_(alive) {
    window = kAllTime;
    fill(key);
    alive_.fetch_add(1, std::memory_order_relaxed);
  }

  Canary(const Canary&) = delete;
  Canary& operator=(const Canary&) = delete;

  ~Canary() override {
    fill(~std::uint64_t{0});
    alive_.fetch_sub(1, std::memory_order_relaxed);
  }

  [[nodiscard]] std::size_t memory() const override { return sizeof(*this); }

  [[nodiscard]] bool sings(std::uint64_t key) const {
    for (const volatile std::uint64_t& word : words_)
      if (word != key) return false;
    return true;
  }

 private:
  // Through volatile, for a compiler may leave out what is written to an object that ends.
  void fill(std::uint64_t with) {
    for (volatile std::uint64_t& word : words_)
      word = with;
  }

  std::array<std::uint64_t, 16> words_{};
  std::atomic<int>& alive_;
};

bool right(const attest::PlatformStore::Hold& hold, std::uint64_t key) {
  return static_cast<const Canary*>(hold.get())->sings(key);
}

// Relaxed: another order would order what TSan is to find unordered.
void tally(std::atomic<std::uint64_t>& count) { count.fetch_add(1, std::memory_order_relaxed); }

struct Hammer {
  std::atomic<int> alive = 0;
  PlatformCache cache;
  std::vector<PlatformKey> keys;
  std::atomic<std::uint64_t> hits = 0;
  std::atomic<std::uint64_t> finds = 0;
  std::atomic<std::uint64_t> wrong = 0;

  Hammer(const CacheLimits& limits, std::uint64_t count) : cache(limits) {
    for (std::uint64_t i = 0; i < count; ++i)
      keys.push_back(key_of(i));
  }

  void keep(std::uint64_t key) { cache.keep(keys[key], std::make_shared<Canary>(key, alive)); }

  // look checks a platform, and that it still sings after others have kept theirs.
  bool look(std::uint64_t key, bool linger) {
    tally(finds);
    const auto hold = cache.find(keys[key], kNow);
    if (hold.get() == nullptr) return false;
    tally(hits);
    if (!right(hold, key)) tally(wrong);
    if (linger) {
      std::this_thread::yield();
      keep(key);  // replaces what is held
      if (!right(hold, key)) tally(wrong);
    }
    return true;
  }

  void run(std::uint64_t seed, int rounds) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < rounds; ++i) {
      const std::uint64_t key = random() % keys.size();
      const std::uint64_t what = random() % 64;
      if (what == 0) {
        cache.clear();
      } else if (what < 8) {
        keep(key);
      } else if (!look(key, what < 16) && what < 32) {
        keep(key);
      }
    }
  }
};

void hammer(Hammer& shared, std::size_t count, int rounds) {
  std::latch ready(static_cast<std::ptrdiff_t>(count));
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < count; ++t) {
      threads.emplace_back([&shared, &ready, t, rounds] {
        ready.arrive_and_wait();
        shared.run(t, rounds);
      });
    }
  }
  const CacheCounts counts = shared.cache.counts();
  EXPECT_EQ(shared.wrong, 0U);
  EXPECT_GT(shared.hits, 0U);
  EXPECT_EQ(counts.hits, shared.hits);
  EXPECT_EQ(counts.hits + counts.misses, shared.finds);
  shared.cache.clear();
  EXPECT_EQ(shared.alive, 0);
}

TEST(PlatformCacheThreads, nothing_held_is_freed_or_anothers_while_nearly_all_is_evicted) {
  Hammer shared({.platforms = 2, .octets = kPlenty}, 4);
  hammer(shared, 12, 10'000);
}

TEST(PlatformCacheThreads, nothing_held_is_freed_or_anothers_while_octets_evict) {
  Hammer shared({.platforms = 1000, .octets = 5 * (sizeof(Canary) + PlatformCache::entry_octets())},
                16);
  hammer(shared, 8, 10'000);
}

TEST(PlatformCacheThreads, nothing_held_is_freed_or_anothers_while_all_slots_are_taken) {
  Hammer shared({.platforms = 3, .octets = kPlenty}, 4);
  shared.keep(0);
  {
    std::vector<attest::PlatformStore::Hold> holds;  // all slots but two
    for (std::size_t i = 0; i + 2 < PlatformCache::kSlots; ++i)
      holds.push_back(shared.cache.find(shared.keys[0], kNow));
    shared.finds += holds.size();
    shared.hits += holds.size();
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < 8; ++t)
      threads.emplace_back([&shared, t] { shared.run(t, 4000); });
    threads.clear();
    for (const auto& hold : holds)
      EXPECT_TRUE(right(hold, 0));
  }
  EXPECT_EQ(shared.wrong, 0U);
  hammer(shared, 2, 1000);
}

// More threads than slots, all of which hold the same platform at once.
TEST(PlatformCacheThreads, two_hundred_hold_one_platform_at_once) {
  constexpr std::ptrdiff_t kThreads = 200;
  Hammer shared({.platforms = 2, .octets = kPlenty}, 2);
  shared.keep(0);
  std::latch held(kThreads);
  std::latch replaced(1);
  std::atomic<int> sang = 0;
  {
    std::vector<std::jthread> threads;
    for (std::ptrdiff_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        const auto hold = shared.cache.find(shared.keys[0], kNow);
        held.count_down();
        replaced.wait();
        if (hold.get() != nullptr && right(hold, 0)) ++sang;
      });
    }
    held.wait();
    shared.keep(0);
    shared.cache.clear();
    replaced.count_down();
  }
  EXPECT_EQ(sang, kThreads);
  EXPECT_EQ(shared.cache.counts().hits, static_cast<std::uint64_t>(kThreads));
  shared.cache.clear();
  EXPECT_EQ(shared.alive, 0);
}

}  // namespace
}  // namespace ward::verifier
