#include "keep/workload.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keep/deadline.h"
#include "keep/fd.h"
#include "keep/keep_init.h"
#include "keep/runtime.h"
#include "keep/sandbox.h"

namespace ward::keep {
namespace {

constexpr int kNotStarted = 127;

// workload_paths lists what the workload may touch: the measured root's own folders one by one,
// because a Landlock rule for "/" would hold for /ward too.
std::vector<std::pair<std::string, std::uint64_t>> workload_paths() {
  std::vector<std::pair<std::string, std::uint64_t>> out = {
      {"/in", kReadOnly},
      {"/out", kScratch},
      {"/tmp", kScratch},
      {"/proc", kReadOnly},
      {"/dev/shm", kScratch},
      {"/dev/null", kReadOnly | kLandlockWriteFile},
      {"/dev/zero", kReadOnly | kLandlockWriteFile},
      {"/dev/random", kReadOnly},
      {"/dev/urandom", kReadOnly},
      {kAgentPath, kLandlockExecute | kLandlockReadFile}};  // ward-keep device
  const std::unique_ptr<DIR, int (*)(DIR*)> root(::opendir("/"), &::closedir);
  if (!root) return out;
  while (const dirent* item = ::readdir(root.get())) {
    const std::string name = item->d_name;
    // Links need no rule: Landlock looks at where they lead.
    if (name == "." || name == ".." || item->d_type == DT_LNK) continue;
    if (name == "ward" || name == "in" || name == "out" || name == "tmp" || name == "proc" ||
        name == "dev") {
      continue;
    }
    out.emplace_back("/" + name, kReadExecute);
  }
  return out;
}

// Everything that the child needs, made before the fork.
struct Prepared {
  std::vector<std::string> environment;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::vector<std::pair<std::string, std::uint64_t>> paths;
  std::vector<PathRule> rules;
};

Prepared prepare(const Manifest& manifest) {
  Prepared out;
  for (const auto& [key, value] : manifest.environment) {
    out.environment.push_back(key);
    out.environment.back().append("=").append(value);
  }
  // NOLINTBEGIN(*-pro-type-const-cast): execve only reads
  for (const std::string& argument : manifest.argv) {
    out.argv.push_back(const_cast<char*>(argument.c_str()));
  }
  for (const std::string& variable : out.environment) {
    out.envp.push_back(const_cast<char*>(variable.c_str()));
  }
  // NOLINTEND(*-pro-type-const-cast)
  out.argv.push_back(nullptr);
  out.envp.push_back(nullptr);
  out.paths = workload_paths();
  for (const auto& [path, access] : out.paths) {
    out.rules.push_back({.path = path.c_str(), .access = access});
  }
  return out;
}

[[noreturn]] void run_child(const WorkloadRequest& request, const Prepared& prepared, int errors) {
  sigset_t none;
  ::sigemptyset(&none);
  (void)::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  // The error pipe stands behind the door and closes by exec; everything else is closed at once.
  constexpr int kErrors = kWorkloadDoorFd + 1;
  const int door = request.door_fd < 0 ? -1 : ::fcntl(request.door_fd, F_DUPFD, kErrors + 1);
  bool ok = ::dup3(errors, kErrors, O_CLOEXEC) == kErrors;
  if (request.door_fd < 0) {
    ::close(kWorkloadDoorFd);
  } else {
    ok = ok && ::dup2(door, kWorkloadDoorFd) == kWorkloadDoorFd;
  }
  if (!ok || ::close_range(kErrors + 1, ~0U, 0) != 0) ::_exit(kNotStarted);
  ok = ::setsid() >= 0 && ::chdir(request.manifest->working_directory.c_str()) == 0;
  ok = ok && enter_landlock(prepared.rules) && enter_seccomp(request.seccomp);
  if (ok) ::execve(prepared.argv[0], prepared.argv.data(), prepared.envp.data());
  const int problem = errno;
  (void)!::write(kErrors, &problem, sizeof problem);
  ::_exit(kNotStarted);
}

// Watch follows the workload to its end.
class Watch {
 public:
  Watch(const WorkloadRequest& request, pid_t child, int signals)
      : request_(request),
        child_(child),
        signals_(signals),
        begin_ms_(monotonic_ms()),
        end_ms_(begin_ms_ + std::int64_t{request.manifest->limits.seconds} * 1000) {}

  RunReport follow() {
    RunReport report;
    bool launcher_gone = false;
    bool ended = false;
    while (!(ended = reap()) && !launcher_gone && !lapsed()) {
      warn();
      const std::int64_t left = end_ms_ - monotonic_ms();
      if (left <= 0) break;
      launcher_gone = !wait_for_event(left);
    }
    const bool over = warned_ || lapsed();
    report.milliseconds = static_cast<std::uint32_t>(monotonic_ms() - begin_ms_);
    report.left_behind = end_all();
    if (over) {
      report.ending = Ending::kLeaseExpired;
    } else if (ended) {
      judge(report);
    } else if (launcher_gone) {
      report.ending = Ending::kInternal;
      report.detail = "the launcher is gone";
    } else {
      report.ending = Ending::kTimeLimit;
    }
    return report;
  }

 private:
  // lapsed is true once the warrant has ended.
  [[nodiscard]] bool lapsed() const {
    return request_.warrant != nullptr &&
           request_.warrant->now_ms() >= request_.warrant->term().end_ms;
  }

  // warn tells the workload once that it ends, and sets the timer for what comes next.
  void warn() {
    if (request_.warrant == nullptr) return;
    if (!warned_ && request_.warrant->close()) {
      warned_ = true;
      (void)::kill(-1, SIGTERM);
    }
    const Warrant::Term term = request_.warrant->term();
    request_.warrant->set_timer(warned_ ? term.end_ms : term.warn_ms);
  }

  // wait_for_event returns false when the launcher is gone.
  [[nodiscard]] bool wait_for_event(std::int64_t left_ms) const {
    const Warrant* warrant = request_.warrant;
    pollfd fds[4] = {
        {.fd = signals_, .events = POLLIN, .revents = 0},
        {.fd = request_.hangup_fd, .events = 0, .revents = 0},
        {.fd = warrant != nullptr ? warrant->timer_fd() : -1, .events = POLLIN, .revents = 0},
        // Once the workload is told, no news changes anything.
        {.fd = warrant != nullptr && !warned_ ? warrant->changed_fd() : -1,
         .events = POLLIN,
         .revents = 0}};
    const int n = ::poll(fds, 4, static_cast<int>(std::min<std::int64_t>(left_ms, 1 << 30)));
    if (n > 0 && (fds[1].revents & (POLLHUP | POLLERR)) != 0) return false;
    if (n > 0 && (fds[0].revents & POLLIN) != 0) {
      signalfd_siginfo info{};
      (void)!::read(signals_, &info, sizeof info);
    }
    return true;
  }

  // reap takes whoever has ended; true once the workload has.
  bool reap() {
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (pid == child_) status_ = status;
    }
    return status_.has_value();
  }

  // end_all kills and reaps everything in the pid namespace but this process, and counts it.
  std::uint32_t end_all() {
    std::uint32_t count = 0;
    while (true) {
      (void)::kill(-1, SIGKILL);  // a process forked meanwhile is met in the next round
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, 0);
      if (pid < 0 && errno == EINTR) continue;
      if (pid < 0) return count;
      if (pid == child_) {
        status_ = status;
      } else {
        ++count;
      }
    }
  }

  void judge(RunReport& report) const {
    const int status = status_.value_or(0);
    if (WIFEXITED(status)) {
      report.status = static_cast<std::uint32_t>(WEXITSTATUS(status));
      report.ending = report.status == 0 ? Ending::kDone : Ending::kWorkloadFailed;
    } else {
      report.status = static_cast<std::uint32_t>(WTERMSIG(status));
      report.ending = Ending::kWorkloadKilled;
    }
  }

  const WorkloadRequest& request_;
  pid_t child_;
  int signals_;
  std::int64_t begin_ms_;
  std::int64_t end_ms_;
  std::optional<int> status_;
  bool warned_ = false;
};

}  // namespace

Result<RunReport> run_workload(const WorkloadRequest& request) {
  if (::getpid() != 1) return Error(Errc::kInternal, "keep.workload: not the first process");
  const Prepared prepared = prepare(*request.manifest);
  sigset_t child_ended;
  ::sigemptyset(&child_ended);
  ::sigaddset(&child_ended, SIGCHLD);
  if (::pthread_sigmask(SIG_BLOCK, &child_ended, nullptr) != 0) {
    return Error(Errc::kInternal, "keep.workload: signals");
  }
  const UniqueFd signals(::signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK));
  int errors[2];
  if (!signals.valid() || ::pipe2(errors, O_CLOEXEC) != 0) {
    return Error(Errc::kInternal, "keep.workload: descriptors");
  }
  const UniqueFd read_end(errors[0]);
  UniqueFd write_end(errors[1]);
  const pid_t child = ::fork();
  if (child == 0) run_child(request, prepared, write_end.get());
  if (child < 0) {
    return Error(Errc::kInternal, "keep.workload: fork", static_cast<std::uint64_t>(errno));
  }
  write_end.reset();
  RunReport report = Watch(request, child, signals.get()).follow();
  int problem = 0;
  if (::read(read_end.get(), &problem, sizeof problem) == static_cast<ssize_t>(sizeof problem)) {
    report.ending = Ending::kWorkloadNotStarted;
    report.status = static_cast<std::uint32_t>(problem);
  }
  return report;
}

}  // namespace ward::keep
