#include "attest/platform.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace ward::attest {
namespace {

constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

TEST(Window, without_changes_is_all_time) {
  EXPECT_EQ(window_at({}, UnixTime{5}), (Window{{kFirst}, {kLast}}));
}

TEST(Window, ends_the_second_before_the_next_change_and_begins_with_the_last) {
  const std::vector<UnixTime> changes{{30}, {10}, {20}, {40}};
  EXPECT_EQ(window_at(changes, UnixTime{25}), (Window{{20}, {29}}));
  EXPECT_EQ(window_at(changes, UnixTime{20}), (Window{{20}, {29}}));
  EXPECT_EQ(window_at(changes, UnixTime{29}), (Window{{20}, {29}}));
  EXPECT_EQ(window_at(changes, UnixTime{9}), (Window{{kFirst}, {9}}));
  EXPECT_EQ(window_at(changes, UnixTime{40}), (Window{{40}, {kLast}}));
}

TEST(Window, holds_both_its_ends_and_nothing_beyond) {
  const Window window{{20}, {29}};
  EXPECT_FALSE(window.holds({19}));
  EXPECT_TRUE(window.holds({20}));
  EXPECT_TRUE(window.holds({29}));
  EXPECT_FALSE(window.holds({30}));
}

}  // namespace
}  // namespace ward::attest
