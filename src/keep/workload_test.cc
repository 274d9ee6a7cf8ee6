#include <algorithm>
#include <bit>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keep/output_channel.h"
#include "test/support/echo_device.h"
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
    return report();
  }

  // report reads what the agent says at the end.
  RunReport report() {
    output_inside_.reset();
    NoSink sink;
    auto read = read_outputs(output_.get(), manifest_, 1U << 20U, sink);
    EXPECT_TRUE(read) << read.error().what();
    return read ? *read : RunReport{};
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
  EXPECT_EQ(seen["descriptors"], "0 1 2 3");  // 3: the door to its device
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

TEST_F(WorkloadTest, asks_the_device_through_its_door) {
  launch_command({"device"});
  test::EchoDevice device;
  EXPECT_TRUE(keep_->attend(device, {}));
  EXPECT_EQ(told()["tee"], "sgx");
}

TEST_F(WorkloadTest, streams_that_are_no_good_do_not_take_the_device_away) {
  launch_command({"wild"});
  test::EchoDevice device;
  EXPECT_TRUE(keep_->attend(device, {}));
  EXPECT_EQ(told()["tee"], "sgx");
}

// Of /ward it may execute the one program, which is the device's client; a second agent finds that
// it is not the first process.
TEST_F(WorkloadTest, executes_ward_keep_and_reads_nothing_below_ward) {
  EXPECT_EQ(run({"ward-folder"}).ending, Ending::kDone);
  auto seen = told();
  EXPECT_EQ(seen["execute_keep"], "2");  // the test agent's own exit code: no manifest for it
  EXPECT_EQ(seen["open_keep"], number(EACCES));
  EXPECT_EQ(seen["open_manifest"], number(EACCES));
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

TEST_F(WorkloadTest, filling_the_disk_with_many_files_is_bounded) {
  const RunReport report = run({"fill-with-files"});
  EXPECT_EQ(report.ending, Ending::kDone);
  auto seen = told();
  EXPECT_LE(std::stol(seen["written"]), 16L << 20U);
  EXPECT_GE(std::stol(seen["written"]), 14L << 20U);
}

TEST_F(WorkloadTest, the_number_of_empty_files_is_bounded) {
  const RunReport report = run({"fill-with-empty-files"});
  EXPECT_EQ(report.ending, Ending::kDone);
  auto seen = told();
  EXPECT_LE(std::stol(seen["made"]), 1024 + (16L << 20U) / 4096);
  EXPECT_GE(std::stol(seen["made"]), 1024);
}

TEST_F(WorkloadTest, nothing_of_a_fork_bomb_is_left_on_the_host) {
  EXPECT_GT(run({"fork-bomb"}).left_behind, 8U);
  const pid_t pid = keep_->pid();
  keep_.reset();
  EXPECT_EQ(::kill(pid, 0), -1);
  const std::string name = "ward-keep-" + std::to_string(::getpid()) + "-";
  for (const auto& place : std::filesystem::recursive_directory_iterator(
           "/sys/fs/cgroup", std::filesystem::directory_options::skip_permission_denied))
    EXPECT_FALSE(place.path().filename().string().starts_with(name)) << place.path();
}

TEST_F(WorkloadTest, ends_when_the_launcher_is_gone) {
  launch_command({"pause"});
  char block[16];
  ASSERT_GT(::read(out_[0], block, sizeof block), 0);  // it runs
  // Closing the launcher's end of the device socket is what its death looks like.
  keep_->hang_up();
  const RunReport told = report();
  EXPECT_EQ(told.ending, Ending::kInternal);  // not a limit that the workload never reached
  EXPECT_EQ(told.detail, "the launcher is gone");
  auto status = keep_->wait();
  ASSERT_TRUE(status);
  EXPECT_TRUE(WIFEXITED(*status));
}

// What another user's process can do to `pid`, a bit for each way that succeeds.
constexpr int kOpensMemory = 1;
constexpr int kReadsMemory = 2;
constexpr int kTraces = 4;
constexpr int kOpensRoot = 8;
constexpr int kOpensProgram = 16;

int ways_into(pid_t pid) {
  const std::string proc = "/proc/" + std::to_string(pid);
  int out = 0;
  if (::open((proc + "/mem").c_str(), O_RDONLY) >= 0) out |= kOpensMemory;
  char octet = 0;
  iovec local{.iov_base = &octet, .iov_len = 1};
  iovec remote{.iov_base = std::bit_cast<void*>(std::uintptr_t{0x1000}), .iov_len = 1};
  // EFAULT: it was allowed to read, and nothing is there.
  if (::process_vm_readv(pid, &local, 1, &remote, 1, 0) >= 0 || errno == EFAULT)
    out |= kReadsMemory;
  if (::open((proc + "/root/").c_str(), O_PATH) >= 0) out |= kOpensRoot;
  if (::open((proc + "/exe").c_str(), O_RDONLY) >= 0) out |= kOpensProgram;
  if (::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) == 0) out |= kTraces;
  return out;
}

// as_user runs `body` in a process of the user `uid` and returns what it returns.
int as_user(uid_t uid, const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::setresgid(uid, uid, uid) != 0 || ::setresuid(uid, uid, uid) != 0) ::_exit(99);
    ::_exit(body());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WEXITSTATUS(status);
}

// child_of finds the one child of a process.
pid_t child_of(pid_t parent) {
  for (const auto& place : std::filesystem::directory_iterator("/proc")) {
    const std::string name = place.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(place.path() / "status");
    std::ostringstream text;
    text << file.rdbuf();
    if (text.str().find("\nPPid:\t" + std::to_string(parent) + "\n") != std::string::npos)
      return std::stoi(name);
  }
  return -1;
}

// user_of reads the user from a process's status; its files belong to root while it is undumpable.
uid_t user_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; file >> word;) {
    uid_t uid = 0;
    if (word == "Uid:" && file >> uid) return uid;
  }
  return 0;
}

// The exec of a program makes a process dumpable, unless its file cannot be read by who runs it.
class ExecutedTest : public WorkloadTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    WorkloadTest::SetUp();
  }

  // workload starts the probe, which stays, and returns its process and its user.
  std::pair<pid_t, uid_t> workload() {
    launch_command({"pause"});
    char block[16];
    EXPECT_GT(::read(out_[0], block, sizeof block), 0);  // it runs
    const pid_t pid = child_of(keep_->pid());
    return {pid, user_of(pid)};
  }
};

TEST_F(ExecutedTest, a_program_in_a_keep_is_not_read_or_traced_by_another_user) {
  const auto [pid, uid] = workload();
  ASSERT_GT(pid, 0);
  ASSERT_NE(uid, 65534U);
  EXPECT_EQ(as_user(65534, [pid = pid] { return ways_into(pid); }), 0);
}

TEST_F(ExecutedTest, not_even_by_a_process_with_its_own_user_id) {
  const auto [pid, uid] = workload();
  ASSERT_GT(pid, 0);
  ASSERT_NE(uid, 0U);
  EXPECT_EQ(as_user(uid, [pid = pid] { return ways_into(pid); }), 0);
}

TEST_F(ExecutedTest, the_same_observer_gets_into_a_program_that_its_user_may_read) {
  const pid_t plain = ::fork();
  if (plain == 0) {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(99);
    ::dup2(out_[1], 1);
    const std::string path = folder_ / "probe";
    ::execl(path.c_str(), path.c_str(), "pause", nullptr);
    ::_exit(98);
  }
  char block[16];
  EXPECT_GT(::read(out_[0], block, sizeof block), 0);  // it runs
  EXPECT_EQ(as_user(65534, [plain] { return ways_into(plain); }),
            kOpensMemory | kReadsMemory | kTraces | kOpensRoot | kOpensProgram);
  ::kill(plain, SIGKILL);
  int status = 0;
  EXPECT_EQ(::waitpid(plain, &status, 0), plain);
}

}  // namespace
}  // namespace ward::keep
