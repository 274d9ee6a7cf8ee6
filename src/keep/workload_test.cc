#include <cerrno>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "keep/output_channel.h"
#include "test/support/keep_fixture.h"

namespace ward::keep {
namespace {

class NoSink final : public OutputSink {
 public:
  Result<void> begin(const std::string& /*name*/) override { return {}; }

  Result<void> data(Bytes /*octets*/) override { return {}; }

  Result<void> end() override { return {}; }
};

// A keep whose agent runs the probe as the workload and reports.
class WorkloadTest : public KeepFixture {
 protected:
  void SetUp() override {
    KeepFixture::SetUp();
    agent_ = WARD_KEEP_AGENT;
  }

  void launch_command(const std::vector<std::string>& command) {
    manifest_.argv.insert(manifest_.argv.end(), command.begin(), command.end());
    auto keep = launch(request());
    ASSERT_TRUE(keep) << keep.error().what;
    keep_ = *std::move(keep);
  }

  RunReport run(const std::vector<std::string>& command) {
    launch_command(command);
    output_inside_.reset();
    NoSink sink;
    auto report = read_outputs(output_.get(), manifest_, 1U << 20U, sink);
    EXPECT_TRUE(report) << report.error().what();
    return report ? *report : RunReport{};
  }

  std::unique_ptr<Keep> keep_;
};

std::string number(int value) { return std::to_string(value); }

TEST_F(WorkloadTest, returns_its_status) {
  const RunReport report = run({"exit", "0"});
  EXPECT_EQ(report.ending, Ending::kDone);
  EXPECT_EQ(report.left_behind, 0U);
}

TEST_F(WorkloadTest, a_failing_program_is_told_from_a_killed_one) {
  const RunReport report = run({"exit", "42"});
  EXPECT_EQ(report.ending, Ending::kWorkloadFailed);
  EXPECT_EQ(report.status, 42U);
}

TEST_F(WorkloadTest, sees_less_than_the_agent) {
  manifest_.environment = {{"A", "1"}, {"B", "2"}};
  run({"probe"});
  auto seen = told();
  EXPECT_EQ(seen["descriptors"], "0 1 2");
  EXPECT_EQ(seen["environment"], "2");
  EXPECT_EQ(seen["root"], "errno " + number(EACCES));
  EXPECT_EQ(seen["data"], "measured");
  EXPECT_EQ(seen["dumpable"], "0");
  EXPECT_EQ(seen["CapEff"], "0000000000000000");
  EXPECT_EQ(seen["socket_inet"], number(EPERM));
  EXPECT_EQ(seen["socket_unix"], number(EPERM));
  EXPECT_EQ(seen["ptrace"], number(EPERM));
  EXPECT_EQ(seen["exec_tmp"], number(EACCES));
  EXPECT_EQ(seen["create_in_tmp"], "0");
  EXPECT_EQ(seen["signal_first"], number(EPERM));
}

TEST_F(WorkloadTest, a_program_that_does_not_start_is_named_by_errno) {
  manifest_.working_directory = "/nowhere";
  const RunReport report = run({"exit", "0"});
  EXPECT_EQ(report.ending, Ending::kWorkloadNotStarted);
  EXPECT_EQ(report.status, static_cast<unsigned>(ENOENT));
}

TEST_F(WorkloadTest, children_left_behind_are_ended_and_counted) {
  const RunReport report = run({"leave-children"});
  EXPECT_EQ(report.ending, Ending::kDone);
  EXPECT_GE(report.left_behind, 3U);
  EXPECT_LE(report.left_behind, 6U);  // where each had time to fork
  ASSERT_TRUE(keep_->wait());
}

TEST_F(WorkloadTest, time_runs_out_for_one_that_ignores_signals) {
  manifest_.limits.seconds = 1;
  const RunReport report = run({"ignore-signals"});
  EXPECT_EQ(report.ending, Ending::kTimeLimit);
  auto status = keep_->wait();
  ASSERT_TRUE(status);
  EXPECT_TRUE(WIFEXITED(*status));
}

TEST_F(WorkloadTest, a_fork_bomb_is_bounded_reported_and_gone) {
  const RunReport report = run({"fork-bomb"});
  EXPECT_EQ(report.ending, Ending::kDone);
  EXPECT_GT(report.left_behind, 8U);
  EXPECT_LE(report.left_behind, manifest_.limits.processes + 2);
}

TEST_F(WorkloadTest, filling_memory_is_bounded_and_reported) {
  const RunReport report = run({"fill-memory"});
  if (report.ending == Ending::kWorkloadKilled) {
    EXPECT_EQ(report.status, static_cast<unsigned>(SIGKILL));
  } else {
    EXPECT_EQ(report.ending, Ending::kDone);  // mmap failed at the process's own limit
    EXPECT_LE(std::stol(told()["blocks"]), 16);
  }
}

TEST_F(WorkloadTest, filling_the_disk_is_bounded) {
  const RunReport report = run({"fill-disk"});
  EXPECT_EQ(report.ending, Ending::kWorkloadKilled);  // SIGXFSZ of the file's own limit
  EXPECT_EQ(report.status, static_cast<unsigned>(SIGXFSZ));
}

TEST_F(WorkloadTest, ends_when_the_launcher_is_gone) {
  launch_command({"pause"});
  char block[16];
  ASSERT_GT(::read(out_[0], block, sizeof block), 0);  // it runs
  // Closing the launcher's end of the device socket is what its death looks like.
  ASSERT_EQ(::shutdown(keep_->device_fd(), SHUT_RDWR), 0);
  auto status = keep_->wait();
  ASSERT_TRUE(status);
  EXPECT_TRUE(WIFEXITED(*status));
}

}  // namespace
}  // namespace ward::keep
