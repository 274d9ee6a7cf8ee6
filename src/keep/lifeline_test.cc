// A keep, or what has been built of one, ends with its launcher.
#include <algorithm>
#include <chrono>
#include <filesystem>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "keep/cgroup.h"
#include "test/support/keep_fixture.h"

namespace ward::keep {
namespace {

constexpr std::uint32_t kNumber = 4711;

class LifelineTest : public KeepFixture {
 protected:
  LaunchRequest numbered() const {
    LaunchRequest out = request();
    out.number = kNumber;
    return out;
  }

  // in_child runs `launcher` in a process of its own, which alone holds what a keep is given.
  template <class Launcher>
  pid_t in_child(const Launcher& launcher) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      launcher();
      for (;;)
        ::pause();
    }
    ::close(out_[1]);
    out_[1] = -1;
    return pid;
  }

  // next is what comes out of the keep: "" once its last process is gone. Patient, not forever.
  std::string next() {
    pollfd entry{.fd = out_[0], .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, 30'000) != 1) return "nothing: somebody still holds the pipe";
    char block[256];
    const ssize_t n = ::read(out_[0], block, sizeof block);
    return {block, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }

  // expect_no_group: what is left is removed by who cares for it, once it is empty.
  static void expect_no_group(pid_t launcher) {
    const auto places = find_cgroups("/proc/self");
    for (int i = 0; i < 600 && !remove_orphaned_groups(places); ++i)
      (void)::poll(nullptr, 0, 50);
    for (const CgroupPlace& place : places)
      EXPECT_FALSE(std::filesystem::exists(place.folder / group_name(launcher, kNumber)));
  }
};

TEST_F(LifelineTest, a_keep_is_killed_when_its_launcher_is) {
  const pid_t launcher = in_child([this] {
    auto keep = launch(numbered());
    if (!keep || ::write(relay_.get(), "pause", 5) != 5) ::_exit(1);
    (void)keep->release();
  });
  EXPECT_EQ(next(), "ignoring=1\n");  // it ignores every signal that can be ignored
  ASSERT_EQ(::kill(launcher, SIGKILL), 0);
  ASSERT_EQ(::waitpid(launcher, nullptr, 0), launcher);
  EXPECT_EQ(next(), "");
  expect_no_group(launcher);
}

TEST_F(LifelineTest, what_is_being_built_ends_when_its_launcher_does) {
  int calls = 0;
  const pid_t launcher = in_child([&] {
    LaunchRequest wanted = numbered();
    wanted.given_up = [&calls] {
      if (++calls == 3) (void)::raise(SIGKILL);  // files are being copied
      return false;
    };
    (void)launch(wanted);
    ::_exit(1);
  });
  int status = 0;
  ASSERT_EQ(::waitpid(launcher, &status, 0), launcher);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(next(), "");
  expect_no_group(launcher);
}

TEST_F(LifelineTest, a_launch_is_given_up_at_every_point) {
  for (int point = 1;; ++point) {
    int calls = 0;
    LaunchRequest wanted = numbered();
    wanted.given_up = [&] { return ++calls == point; };
    const auto keep = launch(wanted);
    if (calls < point) {
      EXPECT_TRUE(keep);
      EXPECT_GT(point, 3);
      break;
    }
    ASSERT_FALSE(keep) << point;
    EXPECT_EQ(keep.error().code, Errc::kUnavailable);
    EXPECT_EQ(keep.error().what, "given up before the keep had started");
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process is left";
    for (const CgroupPlace& place : find_cgroups("/proc/self"))
      EXPECT_FALSE(std::filesystem::exists(place.folder / group_name(::getpid(), kNumber)));
  }
}

}  // namespace
}  // namespace ward::keep
