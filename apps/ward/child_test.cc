#include "apps/ward/child.h"

#include <cerrno>
#include <csignal>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keep/fd.h"

namespace ward::cli {
namespace {

TEST(RunChild, tells_how_it_ended_and_what_it_said) {
  const auto ran = run_child({"/bin/sh", "-c", "echo yes; exit 7"}, {.ms = 60'000});
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->exit, 7);
  EXPECT_EQ(ran->out, "yes\n");
}

TEST(RunChild, ends_what_is_silent_for_too_long) {
  const auto silent = run_child({"/usr/bin/tail", "-f", "/dev/null"}, {.ms = 50});
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code(), Errc::kStale);
}

TEST(RunChild, ends_what_says_much_for_too_long) {
  const auto noisy = run_child({"/bin/sh", "-c", "while :; do echo x; done"}, {.ms = 50});
  ASSERT_FALSE(noisy);
  EXPECT_EQ(noisy.error().code(), Errc::kStale);
}

TEST(RunChild, ends_what_closed_its_output_and_stays) {
  const auto shut = run_child({"/bin/sh", "-c", "exec tail -f /dev/null >/dev/null"}, {.ms = 50});
  ASSERT_FALSE(shut);
  EXPECT_EQ(shut.error().code(), Errc::kStale);
}

TEST(RunChild, ends_when_it_is_told_to) {
  const keep::UniqueFd cancel(::eventfd(0, EFD_CLOEXEC));
  std::jthread told([&] {
    const std::uint64_t one = 1;
    EXPECT_EQ(::write(cancel.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
  });
  const auto ran = run_child({"/usr/bin/tail", "-f", "/dev/null"}, {.cancel = cancel.get()});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code(), Errc::kUnavailable);
}

TEST(RunChild, waits_for_none_that_does_not_end_though_it_was_killed) {
  bool ends = false;
  std::vector<pid_t> asked;
  const auto ended = [&](pid_t child) {
    asked.push_back(child);
    return ends;
  };
  Unended unended(2, 0, ended);
  const std::vector<std::string> silent = {"/usr/bin/tail", "-f", "/dev/null"};
  const Patience patience{.ms = 0, .unended = &unended};
  EXPECT_EQ(run_child(silent, patience).error().code(), Errc::kStale);
  EXPECT_EQ(unended.count(), 1U);
  EXPECT_EQ(run_child(silent, patience).error().code(), Errc::kStale);
  EXPECT_EQ(unended.count(), 2U);
  const auto third = run_child(silent, patience);
  EXPECT_EQ(third.error().code(), Errc::kLimit);
  EXPECT_EQ(third.error().value(), 2U);
  const std::set<pid_t> children(asked.begin(), asked.end());
  ends = true;
  EXPECT_EQ(unended.count(), 0U);
  EXPECT_EQ(run_child({"/bin/true"}, {.ms = 60'000, .unended = &unended})->exit, 0);
  EXPECT_EQ(children.size(), 2U);
  for (const pid_t child : children) {
    EXPECT_EQ(end_of(child), 128 + SIGKILL);
  }
}

TEST(RunChild, reaps_what_was_killed) {
  Unended unended(1);
  const auto silent =
      run_child({"/usr/bin/tail", "-f", "/dev/null"}, {.ms = 50, .unended = &unended});
  EXPECT_EQ(silent.error().code(), Errc::kStale);
  EXPECT_EQ(unended.count(), 0U);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // there is no child left
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace ward::cli
