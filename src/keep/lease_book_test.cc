#include "keep/lease_book.h"

#include <gtest/gtest.h>

namespace ward::keep {
namespace {

constexpr std::int64_t kBegan = 1'000'000;
constexpr std::int64_t kGrace = 5'000;
constexpr std::uint32_t kHour = 3600;
constexpr std::int64_t kHour_ms = 3'600'000;

LeaseBook one(std::uint32_t seconds, std::uint8_t jitter = 0, std::int64_t grace_ms = kGrace) {
  LeaseBook book(1, grace_ms);
  book.released(0, kBegan, seconds, jitter);
  return book;
}

TEST(LeaseBook, a_key_for_good_is_never_due_and_never_ends) {
  LeaseBook book(2, kGrace);
  book.released(0, kBegan, std::nullopt, 7);
  EXPECT_EQ(book.next_ms(), kNever_ms);
  EXPECT_EQ(book.end_ms(), kNever_ms);
  EXPECT_EQ(book.warn_ms(), kNever_ms);
  EXPECT_EQ(book.first(), std::nullopt);
  EXPECT_TRUE(book.due(kNever_ms - 1).empty());
}

TEST(LeaseBook, a_lease_counts_from_the_beginning_of_its_request) {
  EXPECT_EQ(one(kHour).end_ms(), kBegan + kHour_ms);
}

TEST(LeaseBook, is_due_between_three_eighths_and_a_half) {
  EXPECT_EQ(one(kHour, 0).next_ms(), kBegan + kHour_ms / 2);
  EXPECT_EQ(one(kHour, 128).next_ms(), kBegan + kHour_ms / 2 - kHour_ms / 16);
  EXPECT_GT(one(kHour, 255).next_ms(), kBegan + 3 * kHour_ms / 8);
  const LeaseBook book = one(kHour);
  EXPECT_TRUE(book.due(book.next_ms() - 1).empty());
  EXPECT_EQ(book.due(book.next_ms()), std::vector<std::size_t>{0});
}

TEST(LeaseBook, the_grace_is_at_most_a_quarter_of_the_lease) {
  EXPECT_EQ(one(kHour).warn_ms(), kBegan + kHour_ms - kGrace);
  EXPECT_EQ(one(8).warn_ms(), kBegan + 6'000);
  EXPECT_EQ(one(kHour, 0, 0).warn_ms(), kBegan + kHour_ms);
}

TEST(LeaseBook, pauses_grow_to_their_bound_and_a_renewal_forgets_them) {
  LeaseBook book = one(kHour);
  std::int64_t now = book.next_ms();
  for (const std::int64_t pause : {112'500, 225'000, 450'000, 450'000}) {
    book.missed(0, now, 0);
    EXPECT_EQ(book.next_ms(), now + pause);
    now = book.next_ms();
  }
  book.missed(0, now, 255);
  EXPECT_GT(book.next_ms(), now + 450'000);
  EXPECT_LT(book.next_ms(), now + 450'000 + 450'000 / 4);
  book.released(0, now, kHour, 0);
  EXPECT_EQ(book.next_ms(), now + kHour_ms / 2);
  book.missed(0, book.next_ms(), 0);
  EXPECT_EQ(book.next_ms(), now + kHour_ms / 2 + 112'500);
}

TEST(LeaseBook, pauses_of_a_year_and_of_a_second_are_bounded) {
  LeaseBook year = one(366 * 86400);
  for (int i = 0; i < 10; ++i)
    year.missed(0, kBegan, 0);
  EXPECT_EQ(year.next_ms(), kBegan + kLongestPause_ms);
  LeaseBook second = one(1);
  second.missed(0, kBegan, 0);
  EXPECT_EQ(second.next_ms(), kBegan + kShortestPause_ms);
}

TEST(LeaseBook, no_attempt_goes_beyond_the_warning) {
  const LeaseBook book = one(kHour);
  EXPECT_EQ(book.attempt_ms(kBegan), kHour_ms / 4);
  EXPECT_EQ(book.attempt_ms(book.warn_ms() - 10), 10);
  EXPECT_EQ(book.attempt_ms(book.warn_ms()), 0);
  EXPECT_EQ(book.attempt_ms(book.end_ms() + 10), 0);
  EXPECT_EQ(one(4).attempt_ms(kBegan), kShortestAttempt_ms);
}

TEST(LeaseBook, the_first_of_several_leases_ends_the_keep_and_each_is_due_on_its_own) {
  LeaseBook book(3, kGrace);
  book.released(0, kBegan, kHour, 0);
  book.released(1, kBegan, std::nullopt, 0);
  book.released(2, kBegan + 10, 60, 0);
  EXPECT_EQ(book.end_ms(), kBegan + 10 + 60'000);
  EXPECT_EQ(book.first(), 2U);
  EXPECT_EQ(book.due(kBegan + 10 + 30'000), std::vector<std::size_t>{2});
  EXPECT_EQ(book.due(kBegan + kHour_ms / 2), (std::vector<std::size_t>{0, 2}));
  book.released(2, kBegan + 30'000, std::nullopt, 0);  // its owner took the bound away
  EXPECT_EQ(book.first(), 0U);
}

TEST(LeaseBook, the_newest_word_holds_also_where_it_is_shorter) {
  LeaseBook book = one(kHour);
  book.released(0, kBegan + 10, 60, 0);
  EXPECT_EQ(book.end_ms(), kBegan + 10 + 60'000);
}

TEST(LeaseBook, a_suspended_machine_finds_its_lease_over) {
  const LeaseBook book = one(60);
  const std::int64_t resumed = kBegan + kHour_ms;  // as CLOCK_BOOTTIME counts
  EXPECT_GE(resumed, book.end_ms());
  EXPECT_EQ(book.attempt_ms(resumed), 0);
}

}  // namespace
}  // namespace ward::keep
