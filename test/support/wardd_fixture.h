#pragma once

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/wardd/init.h"
#include "server/files.h"
#include "test/support/program.h"
#include "test/support/vectors.h"

// For transcripts over the real programs: command, stdout, stderr, exit code.
namespace ward::wardd {

using test::ProgramResult;
using test::run_program;

inline const std::string kBin = WARD_BIN;
inline constexpr std::int64_t kDay_s = 86400;

// now reads the clock; the tests define it.
UnixTime now();

// Running is a wardd that has said that it started.
class Running {
 public:
  // `before` are words before the command: prlimit and its options.
  Running(std::vector<std::string> before, const std::string& config) {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    std::vector<std::string> argv = std::move(before);
    for (const std::string& word : {kBin + "/wardd", std::string("--config"), config}) {
      argv.push_back(word);
    }
    pid_ = ::fork();
    if (pid_ == 0) {
      std::vector<char*> pointers;
      for (std::string& one : argv) {
        pointers.push_back(one.data());
      }
      pointers.push_back(nullptr);
      ::dup2(pipe[1], STDERR_FILENO);
      ::execvp(pointers[0], pointers.data());
      ::_exit(127);
    }
    ::close(pipe[1]);
    log_ = pipe[0];
    read_until("\"event\":\"started\"");
    drain_ = std::jthread([this] { read_until(""); });
  }

  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  ~Running() {
    if (pid_ > 0) stop();
  }

  // stop ends it and returns its exit status.
  int stop() {
    ::kill(pid_, SIGTERM);
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    drain_.join();
    ::close(log_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  [[nodiscard]] bool started() const { return !started_.empty(); }

  // started_line is what it logged then.
  [[nodiscard]] const std::string& started_line() const { return started_; }

  // lines_before are what it logged before that.
  [[nodiscard]] const std::string& lines_before() const { return before_; }

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  // Reads lines until one holds `mark`; to the end where it is empty.
  void read_until(std::string_view mark) {
    std::string text;
    char c = 0;
    while (::read(log_, &c, 1) == 1) {
      text.push_back(c);
      if (mark.empty() || c != '\n') continue;
      if (text.find(mark) != std::string::npos) {
        const std::size_t last = text.rfind('\n', text.size() - 2) + 1;
        before_ = text.substr(0, last);
        started_ = text.substr(last);
        return;
      }
    }
    EXPECT_TRUE(mark.empty()) << text;
  }

  pid_t pid_ = -1;
  int log_ = -1;
  std::string before_;
  std::string started_;
  std::jthread drain_;
};

class Wardd : public testing::Test {
 protected:
  Wardd() : folder_(std::filesystem::temp_directory_path() / "wardd-test-XXXXXX") {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    InitOptions options;
    options.folder = folder_ + "/service";
    options.listen = "127.0.0.1:0";
    crypto::SystemRng rng;
    auto made = initialise(options, now(), rng);
    EXPECT_TRUE(made);
    if (made) made_ = *std::move(made);
  }

  ~Wardd() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string file(const std::string& name) const {
    return folder_ + "/service/" + name;
  }

  void write(const std::string& name, std::string_view text) const {
    ASSERT_TRUE(server::replace_file(file(name), as_bytes(text)));
  }

  [[nodiscard]] std::string url() const {
    std::string address = test::read_text(file("wardd.address"));
    address.pop_back();
    return "https://" + address;
  }

  // ward runs an administration command as the first administrator.
  [[nodiscard]] ProgramResult ward(std::vector<std::string> words, const std::string& at,
                                   const std::string& input = {}) const {
    words.insert(words.begin(), kBin + "/ward");
    for (const std::string& word :
         {std::string("--server"), at, std::string("--admin"), made_.admin_key,
          std::string("--server-key"), made_.server_spki}) {
      words.push_back(word);
    }
    return run_program(words, input);
  }

  // one_line is true for exactly one line for people, beginning as ours do.
  static bool one_line(const std::string& err, std::string_view program) {
    return err.starts_with(std::string(program) + ": error: ") &&
           std::count(err.begin(), err.end(), '\n') == 1;
  }

  std::string folder_;
  Made made_;
};

}  // namespace ward::wardd
