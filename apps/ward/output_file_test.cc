#include "apps/ward/output_file.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ward::cli {
namespace {

namespace fs = std::filesystem;
using Readers = OutputFile::Readers;

class OutputFileTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ward-output-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }

  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }

  [[nodiscard]] std::string content(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(folder_ / name).rdbuf();
    return out.str();
  }

  // names of what lies in the folder.
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder_))
      out.insert(entry.path().filename().string());
    return out;
  }

  // with_file is an output that is written and not committed.
  [[nodiscard]] OutputFile written(const std::string& name, std::string_view text) const {
    auto out = OutputFile::create(path(name), Readers::kOwner);
    EXPECT_TRUE(out && out->write(as_bytes(text)));
    return *std::move(out);
  }

  fs::path folder_;
};

// refuse_call makes the kernel return `problem` from a call where an argument has a bit of `mask`
// (as a file system without such files does), or where it is not `other_than`.
void refuse_call(std::uint32_t number, std::uint32_t argument, std::uint32_t mask,
                 std::uint32_t other_than, std::uint32_t problem) {
  const auto low_word =
      static_cast<std::uint32_t>(offsetof(seccomp_data, args) + sizeof(std::uint64_t) * argument);
  const std::uint16_t load = BPF_LD | BPF_W | BPF_ABS;
  const std::uint16_t equal = BPF_JMP | BPF_JEQ | BPF_K;
  const std::uint16_t and_mask = BPF_ALU | BPF_AND | BPF_K;
  const std::uint16_t verdict = BPF_RET | BPF_K;
  std::array<sock_filter, 7> filter = {{{load, 0, 0, offsetof(seccomp_data, nr)},
                                        {equal, 0, 3, number},
                                        {load, 0, 0, low_word},
                                        {and_mask, 0, 0, mask},
                                        {equal, 0, 1, other_than},
                                        {verdict, 0, 0, SECCOMP_RET_ALLOW},
                                        {verdict, 0, 0, SECCOMP_RET_ERRNO | problem}}};
  filter[1].jf = 3;  // another call: allowed
  const sock_fprog program{.len = filter.size(), .filter = filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    ::_exit(99);
  }
}

// As on a file system without nameless files.
void forbid_nameless_files() {
  refuse_call(SYS_openat, 2, O_TMPFILE & ~O_DIRECTORY, 0, EOPNOTSUPP);
}

// in_child returns the wait status of a process that runs `what`, and of nothing else.
int in_child(const std::function<void()>& what) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    what();
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

TEST_F(OutputFileTest, what_is_no_regular_file_is_not_replaced) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  OutputFile file = written("pipe", "x");
  const auto committed = file.commit(true);
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code(), Errc::kUnavailable);
  EXPECT_TRUE(fs::is_fifo(path("pipe")));
}

TEST_F(OutputFileTest, exists_only_once_it_is_committed) {
  {
    const OutputFile given_up = written("a", "lost");
    EXPECT_TRUE(names().empty());
  }
  OutputFile kept = written("a", "kept");
  ASSERT_TRUE(kept.commit(false));
  EXPECT_EQ(names(), std::set<std::string>{"a"});
  OutputFile second = written("a", "second");
  const auto refused = second.commit(false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kDenied);
  EXPECT_EQ(content("a"), "kept");
  ASSERT_TRUE(second.commit(true));
  EXPECT_EQ(content("a"), "second");
  EXPECT_EQ(names(), std::set<std::string>{"a"});
}

TEST_F(OutputFileTest, is_the_same_where_a_file_must_have_a_name) {
  const int status = in_child([&] {
    forbid_nameless_files();
    {
      const OutputFile given_up = written("a", "lost");
      if (names().size() != 1) ::_exit(1);
    }
    if (!names().empty()) ::_exit(2);
    OutputFile kept = written("a", "kept");
    if (!kept.commit(false)) ::_exit(3);
    OutputFile second = written("a", "second");
    if (second.commit(false) || content("a") != "kept") ::_exit(4);
    if (!second.commit(true) || content("a") != "second") ::_exit(5);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(names(), std::set<std::string>{"a"});
}

TEST_F(OutputFileTest, a_signal_leaves_nothing_behind) {
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE}) {
    const int status = in_child([&] {
      forbid_nameless_files();
      OutputFile one = written("one", "1");
      const OutputFile moved = std::move(one);
      const OutputFile two = written("two", "2");
      if (names().size() != 2) ::_exit(1);
      (void)::raise(signal);
      ::_exit(2);
    });
    ASSERT_TRUE(WIFSIGNALED(status)) << signal << " " << WEXITSTATUS(status);
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_TRUE(names().empty()) << signal;
  }
}

TEST_F(OutputFileTest, a_signal_that_the_caller_ignores_stays_ignored) {
  const int status = in_child([&] {
    (void)::signal(SIGHUP, SIG_IGN);  // nohup
    forbid_nameless_files();
    OutputFile one = written("one", "1");
    (void)::raise(SIGHUP);
    ::_exit(one.commit(false) ? 0 : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(OutputFileTest, its_name_is_made_durable_too) {
  const int status = in_child([&] {
    const int next = ::dup(0);
    ::close(next);
    OutputFile file = written("a", "text");
    // The file is the lowest descriptor that was free: fsync of any other fails.
    refuse_call(SYS_fsync, 0, 0xffffffffU, static_cast<std::uint32_t>(next), EIO);
    const auto done = file.commit(false);
    ::_exit(!done && done.error().code() == Errc::kUnavailable ? 0 : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(OutputFileTest, together_means_all_or_none) {
  OutputFile a = written("a", "1");
  OutputFile b = written("b", "2");
  write("b", "mine");
  auto done = commit_together({&a, &b}, false);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().path, path("b"));
  EXPECT_EQ(done.error().error.code(), Errc::kDenied);
  EXPECT_EQ(names(), std::set<std::string>{"b"});
  EXPECT_EQ(content("b"), "mine");
  fs::remove(path("b"));
  fs::create_directory(path("b"));
  done = commit_together({&a, &b}, true);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().path, path("b"));
  EXPECT_FALSE(fs::exists(path("a")));
  fs::remove(path("b"));
  ASSERT_TRUE(commit_together({&a, &b}, true));
  EXPECT_EQ(names(), (std::set<std::string>{"a", "b"}));
}

TEST_F(OutputFileTest, a_name_is_taken_back_when_a_later_one_cannot_be_given) {
  fs::create_directory(path("other"));
  OutputFile a = written("a", "1");
  OutputFile b = written("other/b", "2");
  fs::remove(path("other"));
  const auto done = commit_together({&a, &b}, false);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().path, path("other/b"));
  EXPECT_EQ(done.error().error.code(), Errc::kUnavailable);
  EXPECT_TRUE(names().empty());
}

TEST_F(OutputFileTest, what_was_replaced_is_there_again_when_a_later_name_cannot_be_given) {
  write("a", "old a");
  write("b", "old b");
  OutputFile a = written("a", "1");
  OutputFile b = written("b", "2");
  const auto done = commit_after({&a, &b}, true, [&] {
    fs::remove(path("b"));
    return fs::create_directory(path("b"));
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().path, path("b"));
  EXPECT_EQ(content("a"), "old a");
  EXPECT_TRUE(fs::is_directory(path("b")));
}

TEST_F(OutputFileTest, nothing_is_named_where_what_comes_first_fails) {
  write("a", "old a");
  for (const bool replace : {true, false}) {
    OutputFile file = written(replace ? "a" : "b", "1");
    EXPECT_FALSE(commit_after({&file}, replace, [] { return false; }));
  }
  EXPECT_EQ(names(), std::set<std::string>{"a"});
  EXPECT_EQ(content("a"), "old a");
}

TEST_F(OutputFileTest, nothing_is_left_of_what_was_replaced) {
  write("a", "old a");
  {
    OutputFile file = written("a", "1");
    ASSERT_TRUE(file.commit(true));
  }
  EXPECT_EQ(names(), std::set<std::string>{"a"});
  EXPECT_EQ(content("a"), "1");
}

}  // namespace
}  // namespace ward::cli
