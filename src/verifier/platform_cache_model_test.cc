// Random calls, compared with a map of what was kept last.
#include <map>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "verifier/platform_cache.h"
#include "verifier/platform_cache_fixture.h"

namespace ward::verifier {
namespace {

using attest::Window;

// What was kept last of each key; the cache may have forgotten it, but knows nothing else.
struct Model {
  struct Kept {
    std::uint64_t number = 0;
    std::size_t octets = 0;
    Window window;
  };

  std::map<std::uint64_t, Kept> kept;
};

void check_bounds(const PlatformCache& cache, const CacheLimits& limits, const Model& model) {
  const CacheCounts counts = cache.counts();
  ASSERT_LE(counts.platforms, limits.platforms);
  ASSERT_LE(counts.octets, limits.octets);
  ASSERT_LE(counts.platforms, model.kept.size());
  ASSERT_GE(counts.octets, counts.platforms * PlatformCache::entry_octets());
}

void run_model(const CacheLimits& limits, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&random](std::uint64_t n) { return random() % n; };
  int alive = 0;
  PlatformCache cache(limits);
  Model model;
  std::vector<std::pair<attest::PlatformStore::Hold, std::uint64_t>> holds;
  for (std::uint64_t step = 1; step <= 4000; ++step) {
    const std::uint64_t key = below(24);
    const std::uint64_t what = below(100);
    if (what < 40) {
      const auto from = static_cast<std::int64_t>(below(50));
      const Model::Kept kept{step, below(600), {{from}, {from + 30}}};
      if (kept.octets + PlatformCache::entry_octets() <= limits.octets) model.kept[key] = kept;
      cache.keep(key_of(key), std::make_shared<Known>(step, kept.octets, kept.window, &alive));
    } else if (what < 99) {
      const UnixTime now{static_cast<std::int64_t>(below(80))};
      auto hold = cache.find(key_of(key), now);
      const auto number = number_of(hold);
      if (number) {
        ASSERT_TRUE(model.kept.contains(key));
        ASSERT_EQ(number, model.kept.at(key).number);
        ASSERT_TRUE(model.kept.at(key).window.holds(now));
        if (below(3) == 0 && holds.size() < 8) holds.emplace_back(std::move(hold), *number);
      }
    } else {
      cache.clear();
      model.kept.clear();
    }
    for (const auto& [hold, number] : holds)
      ASSERT_EQ(number_of(hold), number);
    if (below(4) == 0) holds.clear();
    check_bounds(cache, limits, model);
    ASSERT_LE(static_cast<std::size_t>(alive), limits.platforms + 8);
  }
  EXPECT_GT(cache.counts().hits, 20U);
  EXPECT_GT(cache.counts().evicted, 100U);
  holds.clear();
  cache.clear();
  EXPECT_EQ(alive, 0);
}

TEST(PlatformCacheModel, never_answers_what_was_not_kept_last_of_that_key_at_that_time) {
  constexpr CacheLimits kLimits[] = {{1, kPlenty}, {2, kPlenty}, {7, kPlenty},
                                     {100, 1200},  {100, 4000},  {5, 2500}};
  for (const CacheLimits& limits : kLimits)
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      SCOPED_TRACE(testing::Message() << limits.platforms << ' ' << limits.octets << ' ' << seed);
      run_model(limits, seed);
    }
}

}  // namespace
}  // namespace ward::verifier
