#include "verifier/platform_cache.h"

#include <iterator>
#include <limits>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "verifier/platform_cache_fixture.h"

namespace ward::verifier {
namespace {

using attest::PlatformKey;
using attest::Window;

TEST(PlatformCache, finds_what_was_kept_and_nothing_else) {
  PlatformCache cache;
  EXPECT_EQ(found(cache, key_of(1)), std::nullopt);
  cache.keep(key_of(1), platform(1));
  cache.keep(key_of(2), platform(2));
  EXPECT_EQ(found(cache, key_of(1)), 1U);
  EXPECT_EQ(found(cache, key_of(2)), 2U);
  EXPECT_EQ(found(cache, key_of(3)), std::nullopt);
}

TEST(PlatformCache, compares_every_octet_of_the_key) {
  PlatformCache cache;
  cache.keep(key_of(1), platform(1));
  for (std::size_t i = 0; i < PlatformKey{}.size(); ++i) {
    PlatformKey other = key_of(1);
    other[i] ^= 0x80;
    EXPECT_EQ(found(cache, other), std::nullopt) << i;
    other[i] ^= 0x81;
    EXPECT_EQ(found(cache, other), std::nullopt) << i;
  }
}

TEST(PlatformCache, tells_keys_apart_that_share_their_place) {
  PlatformCache cache;
  const auto same_place = [](std::uint8_t i) {
    PlatformKey key{};
    key.back() = i;
    return key;
  };
  for (std::uint8_t i = 0; i < 16; ++i)
    cache.keep(same_place(i), platform(i));
  std::size_t hits = 0;
  for (std::uint8_t i = 0; i < 32; ++i) {
    const auto number = found(cache, same_place(i));
    if (number == std::nullopt) continue;
    ++hits;
    EXPECT_EQ(number, i);
  }
  EXPECT_EQ(hits, 8U);
}

TEST(PlatformCache, finds_inside_the_window_only_and_again_when_time_runs_backwards) {
  PlatformCache cache;
  cache.keep(key_of(1), platform_of(100, Window{{20}, {29}}));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(found(cache, key_of(1), {19}), std::nullopt);
    EXPECT_EQ(found(cache, key_of(1), {20}), 0U);
    EXPECT_EQ(found(cache, key_of(1), {29}), 0U);
    EXPECT_EQ(found(cache, key_of(1), {30}), std::nullopt);
    EXPECT_EQ(found(cache, key_of(1), {kLast}), std::nullopt);
    EXPECT_EQ(found(cache, key_of(1), {kFirst}), std::nullopt);
  }
  EXPECT_EQ(cache.counts().outdated, 8U);
}

TEST(PlatformCache, replaces_what_has_the_same_key) {
  int alive = 0;
  PlatformCache cache;
  cache.keep(key_of(1), platform(1, &alive));
  cache.keep(key_of(1), platform(2, &alive));
  EXPECT_EQ(found(cache, key_of(1)), 2U);
  EXPECT_EQ(alive, 1);
  const CacheCounts counts = cache.counts();
  EXPECT_EQ(counts.platforms, 1U);
  EXPECT_EQ(counts.octets, 100 + PlatformCache::entry_octets());
  EXPECT_EQ(counts.evicted, 0U);
}

TEST(PlatformCache, replaces_at_its_bound_without_evicting_another) {
  PlatformCache cache({.platforms = 2, .octets = kPlenty});
  cache.keep(key_of(1), platform(1));
  cache.keep(key_of(2), platform(2));
  cache.keep(key_of(2), platform(3));
  EXPECT_EQ(found(cache, key_of(1)), 1U);
  EXPECT_EQ(found(cache, key_of(2)), 3U);
  EXPECT_EQ(cache.counts().evicted, 0U);
}

TEST(PlatformCache, counts_each_find_once) {
  PlatformCache cache;
  EXPECT_EQ(found(cache, key_of(1)), std::nullopt);
  cache.keep(key_of(1), platform_of(100, Window{{20}, {29}}));
  EXPECT_EQ(found(cache, key_of(1), {25}), 0U);
  EXPECT_EQ(found(cache, key_of(1), {25}), 0U);
  EXPECT_EQ(found(cache, key_of(1), {25}), 0U);
  EXPECT_EQ(found(cache, key_of(1), {30}), std::nullopt);
  EXPECT_EQ(found(cache, key_of(2), {25}), std::nullopt);
  const CacheCounts counts = cache.counts();
  EXPECT_EQ(counts.platforms, 1U);
  EXPECT_EQ(counts.hits, 3U);
  EXPECT_EQ(counts.misses, 2U);
  EXPECT_EQ(counts.outdated, 1U);
  EXPECT_EQ(counts.evicted, 0U);
}

TEST(PlatformCache, clear_forgets_all_and_goes_on) {
  int alive = 0;
  PlatformCache cache;
  cache.clear();
  for (std::uint64_t i = 0; i < 100; ++i)
    cache.keep(key_of(i), platform(i, &alive));
  EXPECT_EQ(alive, 100);
  cache.clear();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(found(cache, key_of(1)), std::nullopt);
  EXPECT_EQ(cache.counts().platforms, 0U);
  EXPECT_EQ(cache.counts().octets, 0U);
  EXPECT_EQ(cache.counts().evicted, 0U);
  cache.keep(key_of(1), platform(1));
  EXPECT_EQ(found(cache, key_of(1)), 1U);
}

TEST(PlatformCache, without_capacity_keeps_nothing) {
  for (const CacheLimits limits :
       {CacheLimits{0, kPlenty}, CacheLimits{10, 0}, CacheLimits{0, 0}}) {
    PlatformCache cache(limits);
    cache.keep(key_of(1), platform(1));
    EXPECT_EQ(found(cache, key_of(1)), std::nullopt);
    EXPECT_EQ(cache.counts().platforms, 0U);
  }
}

TEST(PlatformCache, keeps_no_null) {
  PlatformCache cache;
  cache.keep(key_of(1), nullptr);
  EXPECT_EQ(found(cache, key_of(1)), std::nullopt);
  EXPECT_EQ(cache.counts().platforms, 0U);
}

TEST(PlatformCache, keeps_no_platform_larger_than_its_bound) {
  const std::size_t octets = 1000 + PlatformCache::entry_octets();
  PlatformCache cache({.platforms = 10, .octets = octets});
  cache.keep(key_of(1), platform_of(1001));
  cache.keep(key_of(1), platform_of(std::numeric_limits<std::size_t>::max()));
  EXPECT_EQ(cache.counts().platforms, 0U);
  cache.keep(key_of(1), platform_of(1000));
  EXPECT_EQ(cache.counts().octets, octets);
  cache.keep(key_of(2), platform_of(1001));
  EXPECT_EQ(found(cache, key_of(1)), 0U);  // nothing went to make room for it
  EXPECT_EQ(cache.counts().evicted, 0U);
}

TEST(PlatformCache, keeps_no_platform_that_a_sender_made_large) {
  const std::size_t most = PlatformCache::kMostOctets - PlatformCache::entry_octets();
  PlatformCache cache;
  cache.keep(key_of(1), std::make_shared<const Known>(1, most + 1, kAllTime, nullptr));
  EXPECT_EQ(cache.counts().platforms, 0U);
  cache.keep(key_of(1), std::make_shared<const Known>(1, most, kAllTime, nullptr));
  EXPECT_EQ(cache.counts().platforms, 1U);
}

TEST(PlatformCache, evicts_by_octets_as_many_as_it_takes) {
  const std::size_t each = 1000 + PlatformCache::entry_octets();
  PlatformCache cache({.platforms = 100, .octets = 4 * each});
  for (std::uint64_t i = 0; i < 4; ++i)
    cache.keep(key_of(i), platform_of(1000));
  EXPECT_EQ(cache.counts().evicted, 0U);
  cache.keep(key_of(4), platform_of(1000 + each));
  EXPECT_EQ(cache.counts().octets, 4 * each);
  EXPECT_EQ(cache.counts().evicted, 2U);
  EXPECT_EQ(found(cache, key_of(0)), std::nullopt);
  EXPECT_EQ(found(cache, key_of(1)), std::nullopt);
  EXPECT_EQ(found(cache, key_of(2)), 0U);
  EXPECT_EQ(found(cache, key_of(4)), 0U);
}

TEST(PlatformCache, evicts_the_oldest_and_spares_what_was_found) {
  PlatformCache cache({.platforms = 4, .octets = kPlenty});
  for (std::uint64_t i = 0; i < 4; ++i)
    cache.keep(key_of(i), platform(i));
  EXPECT_EQ(found(cache, key_of(0)), 0U);
  EXPECT_EQ(found(cache, key_of(2)), 2U);
  cache.keep(key_of(4), platform(4));
  cache.keep(key_of(5), platform(5));
  for (const std::uint64_t gone : {1U, 3U})
    EXPECT_EQ(found(cache, key_of(gone)), std::nullopt) << gone;
  for (const std::uint64_t stays : {0U, 2U, 4U, 5U})
    EXPECT_EQ(found(cache, key_of(stays)), stays);
  EXPECT_EQ(cache.counts().evicted, 2U);
}

TEST(PlatformCache, evicts_the_oldest_where_all_were_found) {
  PlatformCache cache({.platforms = 3, .octets = kPlenty});
  for (std::uint64_t i = 0; i < 3; ++i)
    cache.keep(key_of(i), platform(i));
  for (std::uint64_t i = 0; i < 3; ++i)
    EXPECT_EQ(found(cache, key_of(i)), i);
  cache.keep(key_of(3), platform(3));
  cache.keep(key_of(4), platform(4));  // each was spared once only
  EXPECT_EQ(found(cache, key_of(0)), std::nullopt);
  EXPECT_EQ(found(cache, key_of(1)), std::nullopt);
  EXPECT_EQ(found(cache, key_of(2)), 2U);
}

TEST(PlatformCache, where_a_place_is_full_forgets_one_that_was_not_found) {
  PlatformCache cache;
  const auto same_place = [](std::uint64_t i) {
    PlatformKey key{};
    key.at(24) = static_cast<std::uint8_t>(i);
    return key;
  };
  for (std::uint64_t i = 0; i < 8; ++i)
    cache.keep(same_place(i), platform(i));
  EXPECT_EQ(cache.counts().evicted, 0U);
  for (const std::uint64_t i : {0U, 1U, 2U, 3U, 4U, 6U, 7U})
    EXPECT_EQ(found(cache, same_place(i)), i);
  cache.keep(same_place(8), platform(8));
  EXPECT_EQ(cache.counts().evicted, 1U);
  EXPECT_EQ(cache.counts().platforms, 8U);
  EXPECT_EQ(found(cache, same_place(5)), std::nullopt);
  for (const std::uint64_t i : {0U, 1U, 2U, 3U, 4U, 6U, 7U, 8U})
    EXPECT_EQ(found(cache, same_place(i)), i);
  cache.keep(same_place(9), platform(9));  // all were found
  EXPECT_EQ(cache.counts().platforms, 8U);
  EXPECT_EQ(found(cache, same_place(9)), 9U);
}

TEST(PlatformCache, a_held_platform_outlives_its_eviction_and_goes_with_the_next_keep) {
  int alive = 0;
  PlatformCache cache({.platforms = 1, .octets = kPlenty});
  cache.keep(key_of(1), platform(1, &alive));
  {
    const auto hold = cache.find(key_of(1), kNow);
    cache.keep(key_of(2), platform(2, &alive));
    cache.keep(key_of(3), platform(3, &alive));
    EXPECT_EQ(found(cache, key_of(1)), std::nullopt);
    EXPECT_EQ(alive, 2);  // 1 and 3
    EXPECT_EQ(number_of(hold), 1U);
    EXPECT_EQ(cache.counts().platforms, 1U);
  }
  EXPECT_EQ(alive, 2);
  cache.keep(key_of(4), platform(4, &alive));
  EXPECT_EQ(alive, 1);
}

TEST(PlatformCache, a_held_platform_outlives_its_replacement_and_clear) {
  int alive = 0;
  PlatformCache cache;
  cache.keep(key_of(1), platform(1, &alive));
  {
    const auto old = cache.find(key_of(1), kNow);
    cache.keep(key_of(1), platform(2, &alive));
    const auto fresh = cache.find(key_of(1), kNow);
    cache.clear();
    EXPECT_EQ(number_of(old), 1U);
    EXPECT_EQ(number_of(fresh), 2U);
    EXPECT_EQ(alive, 2);
  }
  cache.clear();
  EXPECT_EQ(alive, 0);
}

TEST(PlatformCache, a_hold_that_was_moved_is_released_once) {
  int alive = 0;
  PlatformCache cache;
  cache.keep(key_of(1), platform(1, &alive));
  {
    auto first = cache.find(key_of(1), kNow);
    {
      const auto second = std::move(first);
      cache.clear();
      EXPECT_EQ(number_of(second), 1U);
    }
    cache.clear();
    EXPECT_EQ(alive, 0);
  }
}

TEST(PlatformCache, more_holds_than_slots_are_right_too) {
  constexpr std::size_t kHolds = 3 * PlatformCache::kSlots;
  int alive = 0;
  PlatformCache cache({.platforms = kHolds + 1, .octets = kPlenty});
  for (std::uint64_t i = 0; i < kHolds; ++i)
    cache.keep(key_of(i), platform(i, &alive));
  cache.keep(key_of(kHolds), platform_of(100, Window{{20}, {29}}));
  for (int round = 0; round < 2; ++round) {
    std::list<attest::PlatformStore::Hold> holds;
    for (std::uint64_t i = 1; i < kHolds; ++i)
      holds.push_back(cache.find(key_of(i), kNow));
    EXPECT_EQ(found(cache, key_of(kHolds)), std::nullopt);  // outdated
    EXPECT_EQ(found(cache, key_of(9999)), std::nullopt);
    if (round == 1) cache.clear();
    std::uint64_t i = 1;
    for (const auto& hold : holds)
      EXPECT_EQ(number_of(hold), i++);
    while (holds.size() > 2) {  // not in the order in which they came
      holds.pop_front();
      holds.erase(std::next(holds.begin()));
      holds.pop_back();
    }
  }
  const CacheCounts counts = cache.counts();
  EXPECT_EQ(counts.hits, 2 * (kHolds - 1));
  EXPECT_EQ(counts.outdated, 2U);
  EXPECT_EQ(counts.misses, 2U);
  cache.clear();
  EXPECT_EQ(alive, 0);
}

TEST(PlatformCache, what_is_found_beyond_the_slots_is_spared_too) {
  PlatformCache cache({.platforms = 3, .octets = kPlenty});
  for (std::uint64_t i = 0; i < 3; ++i)
    cache.keep(key_of(i), platform(i));
  std::list<attest::PlatformStore::Hold> holds;
  for (std::size_t i = 0; i < PlatformCache::kSlots; ++i)
    holds.push_back(cache.find(key_of(1), kNow));
  EXPECT_EQ(found(cache, key_of(0)), 0U);
  cache.keep(key_of(3), platform(3));
  EXPECT_EQ(found(cache, key_of(0)), 0U);
  EXPECT_EQ(found(cache, key_of(2)), std::nullopt);
}

TEST(PlatformCache, by_default_remembers_100_000_platforms_at_once) {
  PlatformCache cache;
  for (std::uint64_t i = 0; i < 100'000; ++i)
    cache.keep(key_of(i), platform(i));
  const CacheCounts counts = cache.counts();
  EXPECT_EQ(counts.platforms, 100'000U);
  EXPECT_EQ(counts.evicted, 0U);
  std::size_t wrong = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i)
    if (found(cache, key_of(i)) != i) ++wrong;
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace ward::verifier
