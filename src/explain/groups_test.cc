#include "explain/groups.h"

#include <gtest/gtest.h>

namespace ward::explain {
namespace {

using attest::NotDone;
using attest::Outcome;

constexpr attest::CheckInfo kQuote{"x.quote.signature", "", "", ""};
constexpr attest::CheckInfo kCrl{"x.crl.present", "", "", ""};
constexpr attest::CheckInfo kSize{"x.quote.size", "", "", ""};

TEST(Groups, TheEvidenceIsFirstAndNothingIsLeftOut) {
  Explanation e;
  e.work.materials = {{.object = "report"}, {.object = "crl"}, {.object = "log"}};
  e.appraisal.checks = {{.info = &kQuote, .outcome = Outcome::kPassed},
                        {.info = &kCrl, .not_done = NotDone::kAbsent},
                        {.info = &kSize, .outcome = Outcome::kFailed}};
  const std::vector<Group> groups = groups_of(e);
  std::vector<std::string> objects;
  for (const Group& group : groups)
    objects.push_back(group.object);
  EXPECT_EQ(objects, (std::vector<std::string>{"report", "quote", "crl", "log"}));
  EXPECT_EQ(groups[1].checks.size(), 2U);
  EXPECT_EQ(groups[2].materials, std::vector<const attest::Material*>{&e.work.materials[1]});
  const Counts counts = counts_of(groups[1].checks);
  EXPECT_EQ(counts.passed, 1U);
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(counts.not_done, 0U);
}

TEST(Groups, AProblemFailedOrLacksWhatItNeeds) {
  EXPECT_FALSE(is_problem({.outcome = Outcome::kPassed}));
  EXPECT_TRUE(is_problem({.outcome = Outcome::kFailed}));
  EXPECT_TRUE(is_problem({.not_done = NotDone::kAbsent}));
  EXPECT_FALSE(is_problem({.not_done = NotDone::kBlocked}));
}

TEST(Groups, IdsThatNobodyComparedAreNotShown) {
  EXPECT_EQ(verified_ids({{"A", true}, {"B", false}, {"C", true}}), "A, C");
  EXPECT_EQ(verified_ids({}), "");
  EXPECT_EQ(joined("", "b"), "b");
  EXPECT_EQ(joined("a", ""), "a");
  EXPECT_EQ(count(1, "day", "days"), "1 day");
  EXPECT_EQ(count(0, "day", "days"), "0 days");
}

}  // namespace
}  // namespace ward::explain
