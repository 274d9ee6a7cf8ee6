#include "apps/ward/keep_service.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/ward/cli.h"
#include "apps/ward/keep_cli.h"
#include "keep/cgroup.h"
#include "keep/failure.h"

namespace ward::cli {
namespace {

// generic is the address as the socket calls take it.
const sockaddr* generic(const sockaddr_un& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

constexpr int kChildFd = 3;

// spawn starts softd with `socket` as its descriptor kChildFd. 0 and an errno where it cannot.
std::pair<pid_t, int> spawn(std::vector<std::string> words, int socket) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, socket, kChildFd);
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  char* const no_environment[] = {nullptr};
  pid_t pid = 0;
  const int problem =
      ::posix_spawn(&pid, argv.front(), &actions, nullptr, argv.data(), no_environment);
  ::posix_spawn_file_actions_destroy(&actions);
  return {problem == 0 ? pid : 0, problem};
}

}  // namespace

Result<KeepService, keep::Failure> KeepService::at(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) {
    return keep::Failure{.code = Errc::kMalformed, .what = socket_path + ": path too long"};
  }
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  keep::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return keep::system_failure("socket", errno);
  if (::connect(fd.get(), generic(address), sizeof address) != 0) {
    return keep::Failure{
        .code = Errc::kUnavailable,
        .what = "softd at " + socket_path + ": " + std::generic_category().message(errno)};
  }
  return KeepService(std::move(fd), 0);
}

Result<KeepService, keep::Failure> KeepService::start(const std::string& device_dir,
                                                      const std::string& agent) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return keep::system_failure("socket pair", errno);
  }
  keep::UniqueFd here(ends[0]);
  const keep::UniqueFd there(ends[1] == kChildFd ? ::fcntl(ends[1], F_DUPFD_CLOEXEC, kChildFd + 1)
                                                 : ends[1]);
  std::vector<std::string> words = {program_beside("softd"), "--device", device_dir, "--connection",
                                    std::to_string(kChildFd)};
  if (!agent.empty()) words.insert(words.end(), {"--agent", agent});
  const auto [pid, problem] = spawn(words, there.get());
  if (pid == 0) return keep::system_failure(words.front(), problem);
  return KeepService(std::move(here), pid);
}

Result<KeepService, keep::Failure> KeepService::of(const std::string& device_dir,
                                                   const std::string& agent,
                                                   const std::string& socket_path) {
  if (!device_dir.empty()) return start(device_dir, agent);
  return at(socket_path.empty() ? default_socket() : socket_path);
}

Result<keep::LaunchStarted, keep::Failure> KeepService::await_start() const {
  auto event = keep::receive_event(fd_.get());
  if (!event && pid_ != 0) {
    siginfo_t how{};
    const bool refused = ::waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOWAIT) == 0 &&
                         how.si_code == CLD_EXITED && how.si_status == kRefused;
    return keep::Failure{.code = refused ? Errc::kDenied : Errc::kUnavailable,
                         .what = "this run's own softd ended; what it said stands above"};
  }
  if (!event) {
    auto failure = keep::library_failure("softd went away", event.error());
    // Whether the stream ended or was reset depends on who was faster.
    if (failure.code == Errc::kTruncated) failure.code = Errc::kUnavailable;
    return failure;
  }
  if (auto* failure = std::get_if<keep::Failure>(&*event)) return std::move(*failure);
  auto* out = std::get_if<keep::LaunchStarted>(&*event);
  if (out == nullptr) {
    return keep::Failure{.code = Errc::kInternal, .what = "softd: an end without a beginning"};
  }
  return std::move(*out);
}

keep::Failure KeepService::await_end() const {
  auto event = keep::receive_event(fd_.get());
  if (event && std::holds_alternative<keep::Failure>(*event)) {
    return std::get<keep::Failure>(*event);
  }
  std::string how = "the keep ended without a report";
  if (event && std::holds_alternative<keep::LaunchEnded>(*event)) {
    const auto& ended = std::get<keep::LaunchEnded>(*event);
    how += (ended.signalled ? ": signal " : ": status ") + std::to_string(ended.number);
  }
  return {.code = Errc::kUnavailable, .what = how};
}

KeepService::KeepService(KeepService&& other) noexcept
    : fd_(std::move(other.fd_)), pid_(std::exchange(other.pid_, 0)) {}

KeepService::~KeepService() {
  fd_.reset();
  if (pid_ == 0) return;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  // One that was killed has not tidied up.
  if (WIFSIGNALED(status)) (void)keep::remove_orphaned_groups(keep::find_cgroups("/proc/self"));
}

Result<void, keep::Failure> stream_pair(keep::UniqueFd& here, keep::UniqueFd& there) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return keep::system_failure("socket pair", errno);
  }
  here.reset(ends[0]);
  there.reset(ends[1]);
  return {};
}

std::string service_hint(const std::string& device_dir, const std::string& socket_path) {
  if (!device_dir.empty()) return "";
  const std::string socket = socket_path.empty() ? default_socket() : socket_path;
  if (::access(socket.c_str(), W_OK) != 0 && errno == EACCES) {
    return "ask softd's owner to start it with --allow-user " + std::to_string(::geteuid()) +
           ", or give --device DIR";
  }
  return "start softd, name its socket with --softd, or give --device DIR";
}

std::string default_socket() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string folder = ::geteuid() == 0 || runtime == nullptr ? "/run" : runtime;
  return folder + "/ward/softd.sock";
}

}  // namespace ward::cli
