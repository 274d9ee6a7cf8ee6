#include "server/log.h"

#include <vector>

#include <gtest/gtest.h>

namespace ward::server {
namespace {

class HandClock final : public Clock {
 public:
  [[nodiscard]] UnixTime now() const override { return time; }

  UnixTime time{1700000000};
};

TEST(LimitedLog, leaves_lines_of_one_event_out_and_says_how_many) {
  HandClock clock;
  std::vector<std::string> seen;
  const Log log = limited_log(
      [&](std::string_view event, std::initializer_list<Field> fields) {
        std::string line(event);
        for (const auto& [name, value] : fields)
          line += " " + value;
        seen.push_back(line);
      },
      clock);
  for (std::size_t i = 0; i < kLinesPerInterval + 7; ++i)
    log("admin.refused", {});
  EXPECT_EQ(seen.size(), kLinesPerInterval);
  log("started", {});  // another event has its own number
  EXPECT_EQ(seen.back(), "started");
  clock.time.seconds += kLogInterval_s - 1;
  log("admin.refused", {});
  EXPECT_EQ(seen.back(), "started");
  clock.time.seconds += 1;
  log("admin.refused", {{"reason", "x"}});
  ASSERT_EQ(seen.size(), kLinesPerInterval + 3);
  EXPECT_EQ(seen[seen.size() - 2], "log.left_out admin.refused 8");
  EXPECT_EQ(seen.back(), "admin.refused x");
  clock.time.seconds -= 1000;  // set back: a new interval, nothing was left out
  log("admin.refused", {});
  EXPECT_EQ(seen.back(), "admin.refused");
  EXPECT_EQ(seen.size(), kLinesPerInterval + 4);
}

}  // namespace
}  // namespace ward::server
