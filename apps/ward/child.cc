#include "apps/ward/child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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

// Watch waits for a descriptor as long as patience goes.
class Watch {
 public:
  explicit Watch(const Patience& patience)
      : patience_(patience), until_(Clock::now() + std::chrono::milliseconds(patience.ms)) {}

  // wait is an error where patience ends before `fd` is readable.
  [[nodiscard]] Result<void> wait(int fd) const {
    while (true) {
      std::array<pollfd, 2> fds{{{fd, POLLIN, 0}, {patience_.cancel, POLLIN, 0}}};
      const int left = left_ms();
      const int n = ::poll(fds.data(), fds.size(), left);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Error(Errc::kUnavailable, "poll failed", number());
      if (fds[1].revents != 0) return Error(Errc::kUnavailable, "it was cancelled");
      if (n == 0 || left == 0) return Error(Errc::kStale, "it took too long");
      if (fds[0].revents != 0) return {};
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] int left_ms() const {
    if (patience_.ms < 0) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, patience_.ms));
  }

  const Patience patience_;
  const Clock::time_point until_;
};

// read_all reads what the child says, and waits for its end.
Result<void> read_all(int from, pid_t child, const Watch& watch, std::string& out) {
  std::array<char, 4096> part{};
  while (true) {
    WARD_CHECK_OK(watch.wait(from));
    const ssize_t n = ::read(from, part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    out.append(part.data(), static_cast<std::size_t>(n));
  }
  const keep::UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (!process.valid()) return Error(Errc::kUnavailable, "a process cannot be watched", number());
  return watch.wait(process.get());
}

}  // namespace

int end_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return kNotStarted;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
}

bool Unended::has_ended(pid_t child) {
  pid_t reaped = 0;
  do {
    reaped = ::waitpid(child, nullptr, WNOHANG);
  } while (reaped < 0 && errno == EINTR);
  return reaped != 0;
}

std::size_t Unended::count() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::erase_if(children_, [this](pid_t child) { return ended_(child); });
  return children_.size();
}

void Unended::leave(pid_t child) {
  const keep::UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (process.valid()) (void)Watch({.ms = grace_ms_}).wait(process.get());
  if (ended_(child)) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  children_.push_back(child);
}

Result<pid_t> start_child(std::vector<std::string> words) {
  return start(words, {STDERR_FILENO, STDERR_FILENO});
}

Result<Ran> run_child(std::vector<std::string> words, const Patience& patience) {
  const std::size_t left = patience.unended == nullptr ? 0 : patience.unended->count();
  if (left > 0 && left >= patience.unended->most()) {
    return Error(Errc::kLimit, "programs that were killed have not ended", left);
  }
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
  const auto whole = read_all(read_end.get(), child, Watch(patience), out.out);
  if (!whole) {
    (void)::kill(child, SIGKILL);
    if (patience.unended != nullptr) {
      patience.unended->leave(child);
    } else {
      (void)end_of(child);
    }
    return whole.error();
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
