#include "apps/wardd/end_clock.h"

#include <utility>

#include <gtest/gtest.h>

namespace ward::wardd {
namespace {

constexpr std::int64_t kDay_s = 86400;
constexpr UnixTime kStart{1700000000};

UnixTime later(std::int64_t seconds) { return {kStart.seconds + seconds}; }

EndClock::Steady steady(std::int64_t seconds) {
  return EndClock::Steady(std::chrono::seconds(1000 + seconds));
}

using Newest = std::optional<UnixTime>;

bool believes(EndClock& clock, UnixTime now, EndClock::Steady steady, Newest newest) {
  return clock.believes(now, steady, [&] { return newest; });
}

bool at_start(std::int64_t ahead_s, Newest newest) {
  EndClock clock;
  return believes(clock, later(ahead_s), steady(0), newest);
}

TEST(EndClock, does_not_believe_a_start_far_ahead_of_the_ledger) {
  for (const auto& [ahead, want] : {std::pair<std::int64_t, bool>{0, true},
                                    {kEndsAhead_s, true},
                                    {kEndsAhead_s + 1, false},
                                    {365 * kDay_s, false},
                                    {-365 * kDay_s, true}}) {
    EXPECT_EQ(at_start(ahead, kStart), want) << ahead;
  }
  EXPECT_TRUE(at_start(365 * kDay_s, std::nullopt));
}

TEST(EndClock, that_was_not_believed_is_when_somebody_wrote_by_it) {
  EndClock clock;
  const UnixTime now = later(60 * kDay_s);
  EXPECT_FALSE(believes(clock, now, steady(0), kStart));
  EXPECT_FALSE(believes(clock, now, steady(3600), kStart));
  EXPECT_TRUE(believes(clock, now, steady(3601), now));
  EXPECT_TRUE(believes(clock, {now.seconds + 60}, steady(3661), now));
}

TEST(EndClock, that_was_set_right_is_believed) {
  EndClock clock;
  EXPECT_FALSE(believes(clock, later(365 * kDay_s), steady(0), kStart));
  EXPECT_TRUE(believes(clock, later(5), steady(5), kStart));
}

TEST(EndClock, of_a_service_that_nobody_asks_goes_on_with_the_steady_one) {
  EndClock clock;
  for (std::int64_t day = 0; day < 400; ++day) {
    EXPECT_TRUE(believes(clock, later(day * kDay_s), steady(day * kDay_s), kStart)) << day;
  }
}

TEST(EndClock, that_leaps_while_the_service_runs_is_not_believed_before_a_request_wrote_by_it) {
  EndClock clock;
  EXPECT_TRUE(believes(clock, kStart, steady(0), kStart));
  EXPECT_TRUE(believes(clock, later(kEndsJump_s + 1), steady(1), kStart));
  // Within the days that a start may lie ahead, and outside.
  for (const std::int64_t leap : {2 * kDay_s, 365 * kDay_s}) {
    const std::int64_t at = kEndsJump_s + 2 + leap;
    EXPECT_FALSE(believes(clock, later(at), steady(2), kStart)) << leap;
    EXPECT_FALSE(believes(clock, later(at + 10), steady(12), kStart)) << leap;
  }
  EXPECT_TRUE(believes(clock, later(2 * kDay_s), steady(20), later(2 * kDay_s - 5)));
}

TEST(EndClock, that_went_back_is_believed) {
  EndClock clock;
  EXPECT_TRUE(believes(clock, later(kDay_s), steady(0), kStart));
  EXPECT_TRUE(believes(clock, kStart, steady(1), kStart));
  EXPECT_FALSE(believes(clock, later(kDay_s), steady(2), kStart));
}

}  // namespace
}  // namespace ward::wardd
