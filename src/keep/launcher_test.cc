#include "keep/launcher.h"

#include <bit>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keep/deadline.h"
#include "keep/host.h"
#include "keep/keep_init.h"
#include "test/support/keep_fixture.h"

namespace ward::keep {
namespace {

class LauncherTest : public KeepFixture {};

// is_counted is true where a cgroup bounds the keep's memory.
bool is_counted(const Keep& keep) {
  for (const Enforcement& one : keep.enforcement()) {
    if (one.limit == "memory") return one.mechanism.starts_with("cgroup");
  }
  return false;
}

std::string number(std::uint64_t value) { return std::to_string(value); }

// Tests that need a second user, hence root.
class RootTest : public LauncherTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    LauncherTest::SetUp();
  }
};

TEST_F(LauncherTest, agent_has_no_privilege_left) {
  auto keep = start("probe");
  ASSERT_TRUE(keep);
  auto seen = told();
  EXPECT_EQ(seen["pid"], "1");
  EXPECT_EQ(seen["uid"], "1000");
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    EXPECT_EQ(seen[set], "0000000000000000") << set;
  EXPECT_EQ(seen["NoNewPrivs"], "1");
  EXPECT_EQ(seen["Seccomp"], "2");
  EXPECT_EQ(seen["dumpable"], "0");
  EXPECT_NE(seen["set_dumpable"], "0");
  rlimit own{};
  ASSERT_EQ(::getrlimit(RLIMIT_CORE, &own), 0);
  if (own.rlim_max >= kNoCore) {
    EXPECT_EQ(seen["core"], number(kNoCore));
  }
  for (const char* call : {"set_core", "set_core_wide", "prlimit_core"})
    EXPECT_EQ(seen[call], number(EPERM)) << call;
  EXPECT_EQ(seen["get_files"], "0");
  EXPECT_EQ(seen["set_files"], "0");
  EXPECT_EQ(seen["shmget"], is_counted(*keep) ? "0" : number(EPERM));
  EXPECT_EQ(seen["environment"], "0");
  EXPECT_EQ(seen["hostname"], "keep");
  EXPECT_EQ(seen["descriptors"], "0 1 2 3 4 5 6");
}

TEST_F(LauncherTest, agent_sees_measured_files_and_nothing_of_the_host) {
  auto keep = start("probe");
  ASSERT_TRUE(keep);
  auto seen = told();
  EXPECT_EQ(seen["root"], "app data dev in out proc tmp ward");
  EXPECT_EQ(seen["dev"], "null random shm urandom zero");
  EXPECT_EQ(seen["in"], "");
  EXPECT_EQ(seen["data"], "measured");
  EXPECT_EQ(seen["open_passwd"], number(ENOENT));
  EXPECT_EQ(seen["open_work"], number(ENOENT));
  EXPECT_EQ(seen["open_parent"], number(ENOENT));
  EXPECT_EQ(seen["open_cpuinfo"], number(ENOENT));
  EXPECT_EQ(seen["open_self_program"], number(EACCES));
  EXPECT_NE(seen["create_in_root"], "0");
  EXPECT_NE(seen["write_data"], "0");
  EXPECT_EQ(seen["create_in_tmp"], "0");
  EXPECT_EQ(seen["open_null"], "0");
  EXPECT_EQ(seen["open_urandom"], "0");
}

TEST_F(LauncherTest, agent_cannot_make_sockets_trace_mount_or_run_unmeasured_code) {
  auto keep = start("probe");
  ASSERT_TRUE(keep);
  auto seen = told();
  for (const char* call : {"socket_inet", "socket_unix", "ptrace", "unshare", "mount",
                           "memfd_create", "bpf", "keyctl"})
    EXPECT_EQ(seen[call], number(EPERM)) << call;
  EXPECT_NE(seen["clone_user"], "0");
  EXPECT_EQ(seen["exec_tmp"], number(EACCES));
  EXPECT_EQ(seen["mprotect_exec_tmp"], number(EPERM));
  EXPECT_EQ(seen["kill_host"], number(ESRCH));
}

TEST_F(LauncherTest, a_file_beside_the_measured_ones_does_not_exist_inside) {
  auto before = measure(request());
  ASSERT_TRUE(before);
  write("sitecustomize.py", "import os  # changed");
  auto after = measure(request());
  ASSERT_TRUE(after);
  EXPECT_EQ(before->workload, after->workload);
  auto keep = start("probe");
  ASSERT_TRUE(keep);
  EXPECT_EQ(keep->measured().workload, before->workload);
  EXPECT_EQ(told()["root"].find("sitecustomize"), std::string::npos);
}

TEST_F(LauncherTest, a_changed_file_changes_the_measurement) {
  auto before = measure(request());
  ASSERT_TRUE(before);
  write("a.txt", "Measured");
  auto after = measure(request());
  ASSERT_TRUE(after);
  EXPECT_NE(before->workload, after->workload);
  EXPECT_EQ(before->runtime, after->runtime);
}

TEST_F(LauncherTest, a_file_with_another_digest_than_the_manifest_says_is_refused) {
  manifest_.files[1].sha256 = crypto::sha256(as_bytes("other"));
  auto keep = launch(request());
  ASSERT_FALSE(keep);
  EXPECT_EQ(keep.error().code, Errc::kUntrusted);
}

TEST_F(LauncherTest, a_link_out_of_the_root_folder_leads_nowhere) {
  std::filesystem::create_symlink("/etc/passwd", folder_ / "link");
  manifest_.files[1].source = "link";
  auto keep = launch(request());
  ASSERT_FALSE(keep);
  EXPECT_EQ(keep.error().code, Errc::kUnavailable) << keep.error().what;
}

TEST_F(LauncherTest, a_device_is_not_a_source) {
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  manifest_.files[1].source = "fifo";
  auto keep = launch(request());
  ASSERT_FALSE(keep);
  EXPECT_EQ(keep.error().code, Errc::kDenied) << keep.error().what;
}

TEST_F(LauncherTest, a_program_that_can_be_read_is_no_entry_point) {
  manifest_.files[0].mode = FileMode::kScript;
  auto keep = launch(request());
  ASSERT_FALSE(keep);
  EXPECT_EQ(keep.error().code, Errc::kMalformed);
}

TEST_F(LauncherTest, an_elf_program_that_can_be_read_is_refused) {
  manifest_.files.push_back(
      {.path = "/app/other", .source = "probe", .mode = FileMode::kScript, .sha256 = {}});
  const auto refused = measure(request());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kMalformed);
  EXPECT_EQ(refused.error().what,
            "file /app/other: an ELF program with mode 0555 is dumpable when it runs; give it mode "
            "0111, or 0444 where it is a library");
  manifest_.files.back().mode = FileMode::kProgram;
  EXPECT_TRUE(measure(request()));
  write("script", "#!/app/probe");
  manifest_.files.back() = {
      .path = "/app/other", .source = "script", .mode = FileMode::kScript, .sha256 = {}};
  EXPECT_TRUE(measure(request()));
}

TEST_F(LauncherTest, an_unreadable_agent_is_named) {
  LaunchRequest wanted = request();
  wanted.agent = "/nowhere/ward-keep";
  auto keep = launch(wanted);
  ASSERT_FALSE(keep);
  EXPECT_EQ(keep.error().code, Errc::kUnavailable);
  EXPECT_EQ(keep.error().what, "agent /nowhere/ward-keep: No such file or directory");
}

TEST_F(RootTest, reads_sources_with_the_rights_of_the_one_who_asked) {
  ASSERT_EQ(::chmod((folder_ / "a.txt").c_str(), 0600), 0);
  LaunchRequest wanted = request();
  wanted.reader = FileReader{.uid = 65534, .gid = 65534};
  auto keep = launch(wanted);
  ASSERT_FALSE(keep);
  EXPECT_EQ(keep.error().code, Errc::kDenied) << keep.error().what;
  EXPECT_TRUE(launch(request()));
}

TEST_F(LauncherTest, tree_takes_every_file_below_a_folder) {
  std::filesystem::create_directories(folder_ / "tree/deep");
  write("tree/x.py", "1");
  write("tree/deep/y.py", "2");
  std::filesystem::create_symlink("x.py", folder_ / "tree/z.py");
  manifest_.trees = {{.path = "/lib", .source = "tree"}};
  auto first = measure(request());
  ASSERT_TRUE(first);
  auto parsed = parse_canonical(first->canonical);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->root.files.size(), 4U);
  EXPECT_EQ(parsed->root.files[2].path, "/lib/deep/y.py");
  EXPECT_EQ(parsed->root.files[3].path, "/lib/x.py");
  ASSERT_EQ(parsed->root.links.size(), 1U);
  EXPECT_EQ(parsed->root.links[0], (LinkEntry{.path = "/lib/z.py", .target = "x.py"}));
  write("tree/deep/sitecustomize.py", "3");
  auto second = measure(request());
  ASSERT_TRUE(second);
  EXPECT_NE(first->workload, second->workload);
}

TEST_F(LauncherTest, a_destroyed_keep_leaves_no_process) {
  auto keep = start("pause");
  ASSERT_TRUE(keep);
  const pid_t pid = keep->pid();
  ASSERT_EQ(::kill(pid, 0), 0);
  keep.reset();
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST_F(RootTest, another_user_cannot_read_or_trace_it) {
  auto keep = start("pause");
  ASSERT_TRUE(keep);
  char block[16];
  ASSERT_GT(::read(out_[0], block, sizeof block), 0);  // it runs
  const pid_t pid = keep->pid();
  const pid_t other = ::fork();
  if (other == 0) {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(9);
    const std::string proc = "/proc/" + std::to_string(pid);
    if (::open((proc + "/mem").c_str(), O_RDONLY) >= 0) ::_exit(1);
    if (::open((proc + "/root/data/a").c_str(), O_RDONLY) >= 0) ::_exit(2);
    if (::open((proc + "/environ").c_str(), O_RDONLY) >= 0) ::_exit(3);
    if (::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) == 0) ::_exit(4);
    iovec local{.iov_base = block, .iov_len = 1};
    iovec remote{.iov_base = std::bit_cast<void*>(std::uintptr_t{0x400000}), .iov_len = 1};
    if (::process_vm_readv(pid, &local, 1, &remote, 1, 0) >= 0 || errno != EPERM) ::_exit(5);
    if (::kill(pid, SIGKILL) == 0) ::_exit(6);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(RootTest, even_a_process_with_the_same_user_id_cannot_trace_it) {
  auto keep = start("pause");
  ASSERT_TRUE(keep);
  char block[16];
  ASSERT_GT(::read(out_[0], block, sizeof block), 0);

  struct stat info {};

  ASSERT_EQ(::stat(("/proc/" + std::to_string(keep->pid()) + "/task").c_str(), &info), 0);
  const HostIds ids = host_ids(0);
  const pid_t pid = keep->pid();
  const pid_t other = ::fork();
  if (other == 0) {
    for (uid_t uid = ids.uid; uid < ids.uid + 64; ++uid) {
      const pid_t one = ::fork();
      if (one == 0) {
        if (::setresgid(uid, uid, uid) != 0 || ::setresuid(uid, uid, uid) != 0) ::_exit(9);
        if (::open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY) >= 0) ::_exit(1);
        ::_exit(::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) == 0 ? 2 : 0);
      }
      int status = 0;
      ::waitpid(one, &status, 0);
      if (WEXITSTATUS(status) != 0) ::_exit(WEXITSTATUS(status));
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

class HostileTest : public LauncherTest {};

TEST_F(HostileTest, a_keep_that_does_not_end_is_ended) {
  LaunchRequest wanted = request();
  wanted.longest_ms = 100;
  auto keep = launch(wanted);
  ASSERT_TRUE(keep);
  ASSERT_EQ(::write(relay_.get(), "ignore-signals", 14), 14);
  auto status = (*keep)->wait();
  ASSERT_TRUE(status);
  ASSERT_TRUE(WIFSIGNALED(*status));
  EXPECT_EQ(WTERMSIG(*status), SIGKILL);
}

TEST(LongestRun, grows_with_what_a_manifest_allows) {
  Manifest manifest;
  manifest.limits.seconds = 10;
  const std::int64_t least = longest_run_ms(manifest);
  EXPECT_EQ(least, 10'000 + 3 * kReleaseLimitMs);
  manifest.inputs.resize(2);
  EXPECT_EQ(longest_run_ms(manifest), least + 2 * kReleaseLimitMs);
  manifest.limits.disk_bytes = 3 * kSlowestBytesPerSecond;
  EXPECT_EQ(longest_run_ms(manifest), least + 2 * kReleaseLimitMs + 6000);
}

TEST_F(HostileTest, a_fork_bomb_is_bounded_and_gone_afterwards) {
  auto keep = start("fork-bomb");
  ASSERT_TRUE(keep);
  auto seen = told();
  ASSERT_TRUE(seen.contains("forked"));
  EXPECT_LE(std::stol(seen["forked"]), 34);
  auto status = keep->wait();
  ASSERT_TRUE(status);
  EXPECT_TRUE(WIFEXITED(*status));
}

TEST_F(HostileTest, filling_memory_ends_the_process_that_does_it) {
  auto keep = start("fill-memory");
  ASSERT_TRUE(keep);
  auto seen = told();
  auto status = keep->wait();
  ASSERT_TRUE(status);
  // Either the cgroup's limit killed it, or mmap failed at the process's own limit.
  if (WIFEXITED(*status)) {
    EXPECT_EQ(WEXITSTATUS(*status), 0);
    EXPECT_LE(std::stol(seen["blocks"]), 16);
  } else {
    EXPECT_EQ(WTERMSIG(*status), SIGKILL);
  }
}

TEST_F(HostileTest, filling_shared_memory_ends_the_process_that_does_it) {
  auto keep = start("fill-shared-memory");
  ASSERT_TRUE(keep);
  auto seen = told();
  auto status = keep->wait();
  ASSERT_TRUE(status);
  if (WIFEXITED(*status)) {
    EXPECT_EQ(WEXITSTATUS(*status), 0);
    EXPECT_LE(std::stol(seen["blocks"]), (256 + 16 + 64) / 16);
  } else {
    EXPECT_EQ(WTERMSIG(*status), SIGKILL);
  }
}

TEST_F(HostileTest, filling_the_disk_stops_at_the_limit) {
  auto keep = start("fill-disk");
  ASSERT_TRUE(keep);
  auto seen = told();
  ASSERT_TRUE(seen.contains("written"));
  EXPECT_LE(std::stol(seen["written"]), 16L << 20U);
  EXPECT_GE(std::stol(seen["written"]), 14L << 20U);
}

TEST_F(HostileTest, children_left_behind_end_with_the_first_process) {
  auto keep = start("leave-children");
  ASSERT_TRUE(keep);
  auto seen = told();  // returns only when nobody holds the pipe any more
  EXPECT_EQ(seen["left"], "3");
  EXPECT_TRUE(keep->wait());
}

TEST_F(HostileTest, ignoring_every_signal_does_not_help_against_kill) {
  auto keep = start("ignore-signals");
  ASSERT_TRUE(keep);
  char block[16];
  ASSERT_GT(::read(out_[0], block, sizeof block), 0);
  keep->kill();
  auto status = keep->wait();
  ASSERT_TRUE(status);
  EXPECT_EQ(WTERMSIG(*status), SIGKILL);
}

TEST_F(HostileTest, every_limit_names_what_enforces_it) {
  auto keep = start("pause");
  ASSERT_TRUE(keep);
  std::map<std::string, std::string> by;
  for (const Enforcement& entry : keep->enforcement())
    by[entry.limit] = entry.mechanism;
  for (const char* limit : {"memory", "processes", "disk", "files", "users", "swap"})
    EXPECT_FALSE(by[limit].empty()) << limit;
}

}  // namespace
}  // namespace ward::keep
