#include "base/time.h"

#include <gtest/gtest.h>

namespace ward {
namespace {

TEST(Rfc3339, KnownTimes) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z")->seconds, 0);
  EXPECT_EQ(parse_rfc3339("2024-02-29T23:59:59Z")->seconds, 1709251199);
  EXPECT_EQ(parse_rfc3339("2024-02-29T23:59:59.999Z")->seconds, 1709251199);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z")->seconds, -1);
}

TEST(Rfc3339, RoundTrips) {
  for (const std::int64_t s : {0L, -1L, 1709251199L, 4102444800L, 253402300799L, -62167219200L}) {
    EXPECT_EQ(parse_rfc3339(format_rfc3339({s}))->seconds, s);
  }
}

TEST(Rfc3339, ADayIsItsFirstOrItsLastSecond) {
  EXPECT_EQ(parse_day("2024-02-29")->seconds, 1709164800);
  EXPECT_EQ(end_of_day("2024-02-29")->seconds, 1709251199);
  EXPECT_EQ(parse_day("2024-02-29T23:59:59Z")->seconds, 1709251199);
  EXPECT_EQ(end_of_day("2024-02-29T00:00:00Z")->seconds, 1709164800);
  for (const char* bad : {"", "2023-02-29", "2024-2-1", "20240201", "tomorrow"}) {
    EXPECT_FALSE(parse_day(bad)) << bad;
    EXPECT_FALSE(end_of_day(bad)) << bad;
  }
}

TEST(Rfc3339, RefusesOtherForms) {
  for (const char* bad :
       {"", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:60Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00+00:00",
        "2024-01-01 00:00:00Z", "2024-01-01t00:00:00z", "2024-1-01T00:00:00Z",
        "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00ZZ", "2024-13-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
  }
}

}  // namespace
}  // namespace ward
