// What the launcher reads, writes and maps while it starts a keep and serves it.
#include <thread>

#include <unistd.h>

#include "test/support/agent_fixture.h"
#include "test/support/process_memory.h"
#include "test/support/syscall_observer.h"

namespace ward::keep {
namespace {

class LauncherOctetsTest : public KeepTest {
 protected:
  struct Watched {
    RunReport report;
    test::Transfers moved;
  };

  // watch runs the job with a launcher of its own process (launch_program.cc) under observation.
  Watched watch() {
    write("manifest.toml", to_toml(manifest_));
    Relay relay(relay_.get(), broker_.port());
    for (const int fd : {relay_inside_.get(), output_inside_.get()})
      EXPECT_EQ(::fcntl(fd, F_SETFD, 0), 0);  // the launcher inherits these two
    int hold[2];
    EXPECT_EQ(::pipe2(hold, O_CLOEXEC), 0);  // it stays until this closes
    Watched out;
    std::thread outputs;
    const auto in_parent = [&] {
      relay_inside_.reset();
      output_inside_.reset();
      outputs = std::thread([&] {
        auto report = read_outputs(output_.get(), manifest_, 1U << 24U, sink_);
        if (report) out.report = *report;
        ::close(hold[1]);
      });
    };
    out.moved = test::observe(
        {WARD_KEEP_LAUNCH, folder_ / "manifest.toml", folder_, agent_,
         std::to_string(relay_inside_.get()), std::to_string(output_inside_.get())},
        [&] { ::dup2(hold[0], STDIN_FILENO); }, in_parent);
    if (outputs.joinable()) outputs.join();
    ::close(hold[0]);
    return out;
  }

  [[nodiscard]] bool shows_key(const test::Transfers& moved) const {
    return test::holds(moved.octets, broker_.key().first(16)) ||
           test::holds(moved.octets, broker_.key().last(16));
  }
};

TEST_F(LauncherOctetsTest, the_launcher_moves_neither_plaintext_nor_key) {
  const Watched watched = watch();
  ASSERT_EQ(watched.report.ending, Ending::kDone) << watched.report.detail;
  ASSERT_EQ(watched.moved.exit, 0);
  EXPECT_TRUE(watched.moved.unseen.empty()) << *watched.moved.unseen.begin();
  EXPECT_FALSE(shows(watched.moved.octets, secret_));
  EXPECT_FALSE(shows_key(watched.moved));
  // The observer was there: the manifest, a measured file, the keep's question to the device.
  EXPECT_TRUE(test::holds(watched.moved.octets, as_bytes(manifest_.broker->url)));
  EXPECT_TRUE(test::holds(watched.moved.octets, as_bytes("measured")));
  EXPECT_TRUE(test::holds(watched.moved.octets, as_bytes("{\"quote\":\"")));
}

TEST_F(LauncherOctetsTest, the_same_observer_finds_both_where_the_launcher_is_given_them) {
  write("plain.csv", secret_);
  write("key", std::string(as_text(broker_.key())));
  manifest_.files.push_back({.path = "/data/plain.csv", .source = "plain.csv"});
  manifest_.files.push_back({.path = "/data/key", .source = "key"});
  const Watched watched = watch();
  ASSERT_EQ(watched.moved.exit, 0);
  EXPECT_TRUE(shows(watched.moved.octets, secret_));
  EXPECT_TRUE(shows_key(watched.moved));
}

}  // namespace
}  // namespace ward::keep
