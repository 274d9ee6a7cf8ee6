#include "apps/ward/keep_service.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

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
  for (std::string& word : words)
    argv.push_back(word.data());
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
  if (socket_path.size() >= sizeof address.sun_path)
    return keep::Failure{.code = Errc::kMalformed, .what = socket_path + ": path too long"};
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  keep::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return keep::system_failure("socket", errno);
  if (::connect(fd.get(), generic(address), sizeof address) != 0)
    return keep::system_failure("softd at " + socket_path, errno);
  return KeepService(std::move(fd), 0);
}

Result<KeepService, keep::Failure> KeepService::start(const std::string& device_dir,
                                                      const std::string& agent) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return keep::system_failure("socket pair", errno);
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

std::string default_socket() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string folder = ::geteuid() == 0 || runtime == nullptr ? "/run" : runtime;
  return folder + "/ward/softd.sock";
}

}  // namespace ward::cli
