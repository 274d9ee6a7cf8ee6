#include "keep/isolation_check.h"

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace ward::keep {
namespace {

constexpr const char* kIsolated =
    "Name:\tkeep\nPid:\t1\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
    "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\n"
    "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";

TEST(IsolationCheck, all_fences_stand) { EXPECT_EQ(missing_isolation(kIsolated), ""); }

TEST(IsolationCheck, names_each_fence_that_does_not) {
  for (const auto& [from, to, want] :
       {std::array{"Pid:\t1", "Pid:\t7", "Pid is 7"},
        std::array{"CapEff:\t0000000000000000", "CapEff:\t0000000000000001",
                   "CapEff is 0000000000000001"},
        std::array{"CapBnd:\t0000000000000000", "CapBnd:\t000001ffffffffff",
                   "CapBnd is 000001ffffffffff"},
        std::array{"NoNewPrivs:\t1", "NoNewPrivs:\t0", "NoNewPrivs is 0"},
        std::array{"Seccomp:\t2", "Seccomp:\t0", "Seccomp is 0"},
        std::array{"Seccomp:\t2\n", "", "Seccomp is absent"}}) {
    std::string text = kIsolated;
    text.replace(text.find(from), std::string_view(from).size(), to);
    EXPECT_EQ(missing_isolation(text), want);
  }
  EXPECT_EQ(missing_isolation(""), "Pid is absent");
}

}  // namespace
}  // namespace ward::keep
