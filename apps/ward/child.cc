#include "apps/ward/child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keep/fd.h"

namespace ward::cli {
namespace {

constexpr int kNotStarted = 127;
constexpr int kSignalled = 128;

// Outputs are where a program's stdout and stderr go.
struct Outputs {
  int out;
  int err;
};

// become turns the new process into the program. Only calls that are safe between fork and exec.
[[noreturn]] void become(char* const* argv, const Outputs& outputs, pid_t starter) {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != starter) ::_exit(kNotStarted);
  ::dup2(outputs.err, STDERR_FILENO);
  ::dup2(outputs.out, STDOUT_FILENO);
  ::execv(argv[0], argv);
  ::_exit(kNotStarted);
}

std::uint64_t number() { return static_cast<std::uint64_t>(errno); }

// pass_on writes to our stderr what a program said to its.
void pass_on(int said) {
  std::array<char, 4096> part{};
  if (::lseek(said, 0, SEEK_SET) != 0) return;
  for (;;) {
    const ssize_t n = ::read(said, part.data(), part.size());
    if (n <= 0) return;
    if (::write(STDERR_FILENO, part.data(), static_cast<std::size_t>(n)) < 0) return;
  }
}

Result<pid_t> start(std::vector<std::string>& words, const Outputs& outputs) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  const pid_t starter = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return Error(Errc::kUnavailable, "a process cannot be started", number());
  if (child == 0) become(argv.data(), outputs, starter);
  return child;
}

}  // namespace

int end_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return kNotStarted;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
}

Result<pid_t> start_child(std::vector<std::string> words) {
  return start(words, {STDERR_FILENO, STDERR_FILENO});
}

Result<Ran> run_child(std::vector<std::string> words) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Error(Errc::kUnavailable, "a process cannot be started", number());
  }
  const keep::UniqueFd read_end(ends[0]);
  keep::UniqueFd write_end(ends[1]);
  const keep::UniqueFd said(::memfd_create("ward-stderr", MFD_CLOEXEC));
  if (!said.valid()) {
    return Error(Errc::kUnavailable, "no memory for what it says", number());
  }
  WARD_TRY(const pid_t child, start(words, {write_end.get(), said.get()}));
  write_end.reset();
  Ran out;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t n = ::read(read_end.get(), part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    out.out.append(part.data(), static_cast<std::size_t>(n));
  }
  out.exit = end_of(child);
  if (out.exit != 0) pass_on(said.get());
  return out;
}

std::string sibling(const std::string& name) {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / name;
}

}  // namespace ward::cli
