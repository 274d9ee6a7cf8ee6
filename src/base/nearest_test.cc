#include "base/nearest.h"

#include <gtest/gtest.h>

namespace ward {
namespace {

struct Case {
  const char* name;
  const char* word;
  const char* want;
};

TEST(Nearest, finds_what_was_meant_and_nothing_far) {
  const std::vector<std::string> names = {"verify",   "inspect", "seal",         "secret",
                                          "--policy", "--json",  "--collateral", "--at"};
  constexpr Case kCases[] = {{"one_letter_less", "verfy", "verify"},
                             {"one_letter_more", "verifyy", "verify"},
                             {"wrong_letter", "inspekt", "inspect"},
                             {"two_swapped", "sael", "seal"},
                             {"beginning", "insp", "inspect"},
                             {"option", "--jsno", "--json"},
                             {"option_with_one_dash", "-json", "--json"},
                             {"option_begun", "--collat", "--collateral"},
                             {"two_in_a_long_word", "--colateraal", "--collateral"},
                             {"two_in_a_short_word", "slea", ""},
                             {"nothing_like_it", "frobnicate", ""},
                             {"empty", "", ""},
                             {"dashes", "--", ""}};
  for (const Case& c : kCases)
    EXPECT_EQ(nearest(c.word, names), c.want) << c.name;
  EXPECT_EQ(nearest(std::string(1000, 'x'), names), "");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace ward
