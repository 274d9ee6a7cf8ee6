#include "apps/wardd/turns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::wardd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Turns, go_on_behind_who_came_last) {
  EXPECT_THAT(in_turn({"b", "a", "c"}, ""), ElementsAre("a", "b", "c"));
  EXPECT_THAT(in_turn({"a", "b", "c"}, "a"), ElementsAre("b", "c", "a"));
  EXPECT_THAT(in_turn({"a", "b", "c"}, "c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(in_turn({"a", "c"}, "b"), ElementsAre("c", "a"));
  EXPECT_THAT(in_turn({}, "b"), IsEmpty());
}

// The default tenant's name is empty: it stands first, and waits for its turn as all do.
TEST(Turns, of_the_default_tenant_come_as_all_others_do) {
  EXPECT_THAT(in_turn({"", "a"}, ""), ElementsAre("a", ""));
}

TEST(Turns, of_more_than_there_are_places_come_to_each) {
  std::vector<std::string> names;
  for (char c = 'a'; c <= 'p'; ++c)
    names.emplace_back(1, c);
  std::string last;
  std::string seen;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 8; ++i) {
      last = in_turn(names, last).front();
      seen += last;
    }
  }
  EXPECT_EQ(seen, "abcdefghijklmnop");
}

}  // namespace
}  // namespace ward::wardd
