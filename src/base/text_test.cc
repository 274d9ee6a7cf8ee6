#include "base/text.h"

#include <gtest/gtest.h>

namespace ward {
namespace {

TEST(Text, JoinPutsTheTextBetweenEveryTwo) {
  EXPECT_EQ(join({}), "");
  EXPECT_EQ(join({"a"}), "a");
  EXPECT_EQ(join({"a", "", "c"}), "a, , c");
  EXPECT_EQ(join({"", "b"}, "; "), "; b");
}

TEST(Text, SameWordDisregardsTheCaseOfAsciiLettersAlone) {
  EXPECT_TRUE(same_word("", ""));
  EXPECT_TRUE(same_word("Milan-9", "mILAN-9"));
  EXPECT_FALSE(same_word("milan", "milan "));
  EXPECT_FALSE(same_word("[", "{"));  // 32 apart
  EXPECT_FALSE(same_word("\xc4", "\xe4"));
}

}  // namespace
}  // namespace ward
