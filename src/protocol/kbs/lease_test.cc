#include "protocol/kbs/lease.h"

#include <gtest/gtest.h>

namespace ward::protocol::kbs {
namespace {

constexpr std::string_view kGood =
    "00000000692b8a3c-5d1f0c6e2a9b4477; until=2026-11-30T01:02:20Z; seconds=3600";

TEST(KbsLease, reads_what_it_writes) {
  const auto term = parse_lease(kGood);
  ASSERT_TRUE(term);
  EXPECT_EQ(term->id, "00000000692b8a3c-5d1f0c6e2a9b4477");
  EXPECT_EQ(format_rfc3339(term->until), "2026-11-30T01:02:20Z");
  EXPECT_EQ(term->seconds, 3600U);
  EXPECT_EQ(write_lease(*term), kGood);
}

struct Case {
  const char* name;
  const char* value;
  Errc want;
};

constexpr Case kCases[] = {
    {"empty", "", Errc::kMalformed},
    {"without_seconds", "0a; until=2026-11-30T01:02:20Z", Errc::kMalformed},
    {"without_id", "; until=2026-11-30T01:02:20Z; seconds=1", Errc::kMalformed},
    {"id_of_others", "lease; until=2026-11-30T01:02:20Z; seconds=1", Errc::kMalformed},
    {"long_id",
     "00000000000000000000000000000000000000000000000000000000000000000; "
     "until=2026-11-30T01:02:20Z; seconds=1",
     Errc::kMalformed},
    {"no_time", "0a; until=tomorrow; seconds=1", Errc::kMalformed},
    {"fraction", "0a; until=2026-11-30T01:02:20.5Z; seconds=1", Errc::kMalformed},
    {"other_order", "0a; seconds=1; until=2026-11-30T01:02:20Z", Errc::kMalformed},
    {"no_digits", "0a; until=2026-11-30T01:02:20Z; seconds=", Errc::kMalformed},
    {"sign", "0a; until=2026-11-30T01:02:20Z; seconds=-1", Errc::kMalformed},
    {"leading_zero", "0a; until=2026-11-30T01:02:20Z; seconds=01", Errc::kMalformed},
    {"too_many_digits", "0a; until=2026-11-30T01:02:20Z; seconds=11111111111", Errc::kMalformed},
    {"behind_it", "0a; until=2026-11-30T01:02:20Z; seconds=1; x", Errc::kMalformed},
    {"zero", "0a; until=2026-11-30T01:02:20Z; seconds=0", Errc::kLimit},
    {"too_long", "0a; until=2026-11-30T01:02:20Z; seconds=31622401", Errc::kLimit},
};

class KbsLeaseRefusal : public testing::TestWithParam<Case> {};

TEST_P(KbsLeaseRefusal, names_the_error) {
  const auto term = parse_lease(GetParam().value);
  ASSERT_FALSE(term);
  EXPECT_EQ(term.error().code(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(KbsLease, KbsLeaseRefusal, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(KbsLease, lasts_at_most_the_longest) {
  EXPECT_TRUE(parse_lease("0a; until=2026-11-30T01:02:20Z; seconds=31622400"));
}

TEST(KbsLease, truncated_is_refused_or_shorter) {
  for (std::size_t n = 0; n < kGood.size(); ++n) {
    const auto part = parse_lease(kGood.substr(0, n));
    EXPECT_TRUE(!part || part->seconds < 3600U) << n;
  }
}

}  // namespace
}  // namespace ward::protocol::kbs
