#include "apps/softd/service.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/softd/connection.h"
#include "apps/softd/signals.h"
#include "keep/cgroup.h"
#include "keep/failure.h"
#include "keep/host.h"
#include "keep/launch_channel.h"

namespace ward::softd {
namespace {

// generic is the address as the socket calls take it.
const sockaddr* generic(const sockaddr_un& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

Result<sockaddr_un, keep::Failure> address_of(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof out.sun_path) {
    return keep::Failure{
        .code = Errc::kMalformed,
        .what = "socket path: 1 to " + std::to_string(sizeof out.sun_path - 1) + " octets"};
  }
  std::memcpy(out.sun_path, path.data(), path.size());
  return out;
}

// is_dead is true for a socket that nobody listens to.
bool is_dead(const sockaddr_un& address) {
  struct stat info {};

  if (::lstat(address.sun_path, &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  const keep::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(probe.get(), generic(address), sizeof address) != 0 && errno == ECONNREFUSED;
}

std::optional<Peer> peer_of(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return std::nullopt;
  return Peer{.uid = who.uid, .gid = who.gid};
}

// number_of_this_process keeps clear of a service's slots.
std::uint32_t number_of_this_process() {
  const auto pid = static_cast<std::uint32_t>(::getpid());
  return static_cast<std::uint32_t>(kMaxKeeps) +
         pid % (keep::kKeepUids - static_cast<std::uint32_t>(kMaxKeeps));
}

constexpr int kTidyUpMs = 500;

class Service {
 public:
  Service(keep::UniqueFd listener, const ServiceOptions& options, const soft::Platform& platform)
      : listener_(std::move(listener)), options_(options), platform_(platform) {}

  Result<void, keep::Failure> run() {
    WARD_TRY(signals_, blocked_signals({SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD}));
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return keep::system_failure("pipe", errno);
    lifeline_.reset(ends[0]);
    lifeline_here_.reset(ends[1]);
    tidy_up();
    while (true) {
      const bool full = slot() == children_.size();
      pollfd entries[] = {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                          {.fd = full ? -1 : listener_.get(), .events = POLLIN, .revents = 0}};
      const int ready = ::poll(entries, std::size(entries), untidy_ ? kTidyUpMs : -1);
      if (ready < 0 && errno == EINTR) continue;
      if (ready == 0) tidy_up();
      if (entries[0].revents != 0 && !take_signal()) break;
      if (entries[1].revents == 0) continue;
      WARD_CHECK_OK(accept_one());
      if (child_) return {};
    }
    end_all();
    return {};
  }

 private:
  // Child is a connection's process.
  struct Child {
    pid_t pid = 0;  // 0: none
    uid_t uid = 0;  // of who asked
  };

  // slot is the first that is free; children_.size() where none is. A keep's number is its slot.
  [[nodiscard]] std::size_t slot() const {
    return static_cast<std::size_t>(std::find_if(children_.begin(), children_.end(),
                                                 [](const Child& c) { return c.pid == 0; }) -
                                    children_.begin());
  }

  // take_signal is false for those that end the service.
  bool take_signal() {
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return true;
    if (info.ssi_signo != SIGCHLD) return false;
    for (pid_t pid = 0; (pid = ::waitpid(-1, nullptr, WNOHANG)) > 0;) {
      for (Child& child : children_) {
        if (child.pid == pid) child = {};
      }
    }
    tidy_up();
    return true;
  }

  // tidy_up removes what connections that were killed left of their keeps.
  void tidy_up() { untidy_ = !keep::remove_orphaned_groups(keep::find_cgroups("/proc/self")); }

  [[nodiscard]] bool may_ask(uid_t uid) const {
    return uid == ::geteuid() ||
           std::find(options_.users.begin(), options_.users.end(), uid) != options_.users.end();
  }

  [[nodiscard]] bool has_enough(uid_t uid) const {
    if (uid == ::geteuid()) return false;
    return std::count_if(children_.begin(), children_.end(), [&](const Child& c) {
             return c.pid != 0 && c.uid == uid;
           }) >= static_cast<std::ptrdiff_t>(kMaxKeepsOfOther);
  }

  static void refuse(int socket, Errc code, std::string what) {
    (void)keep::send_event(socket, keep::Failure{.code = code, .what = std::move(what)});
  }

  Result<void, keep::Failure> accept_one() {
    const keep::UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.valid()) return {};  // it went away again
    const auto peer = peer_of(socket.get());
    if (!peer || !may_ask(peer->uid)) {
      refuse(socket.get(), Errc::kDenied,
             "softd: this user may not start keeps here (softd --allow-user)");
      return {};
    }
    if (has_enough(peer->uid)) {
      refuse(socket.get(), Errc::kLimit,
             "softd: " + std::to_string(kMaxKeepsOfOther) +
                 " keeps of this user are there already; wait until one has ended");
      return {};
    }
    const std::size_t number = slot();
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
      (void)keep::send_event(socket.get(), keep::system_failure("softd: new process", errno));
      return {};
    }
    children_[number] = {.pid = pid, .uid = peer->uid};
    if (pid != 0) return {};
    child_ = true;
    listener_.reset();
    lifeline_here_.reset();
    // Until a keep is being built: opening sources as another user undoes it, hence the lifeline.
    (void)::prctl(PR_SET_PDEATHSIG, SIGTERM);
    unblock_signals();
    if (::getppid() != parent) return {};
    serve_connection({.socket = socket.get(),
                      .lifeline = lifeline_.get(),
                      .peer = *peer,
                      .number = static_cast<std::uint32_t>(number),
                      .agent = options_.agent},
                     platform_);
    return {};
  }

  void end_all() {
    (void)::unlink(options_.socket_path.c_str());
    listener_.reset();
    for (const Child& child : children_) {
      if (child.pid != 0) (void)::kill(child.pid, SIGTERM);
    }
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
  }

  keep::UniqueFd listener_;
  const ServiceOptions& options_;
  const soft::Platform& platform_;
  keep::UniqueFd signals_;
  keep::UniqueFd lifeline_;       // connections watch this end
  keep::UniqueFd lifeline_here_;  // nobody but this process holds it
  bool untidy_ = false;
  std::array<Child, kMaxKeeps> children_{};
  bool child_ = false;  // this is a connection's process
};

}  // namespace

Result<keep::UniqueFd, keep::Failure> listen_at(const ServiceOptions& options) {
  WARD_TRY(const sockaddr_un address, address_of(options.socket_path));
  const std::string& path = options.socket_path;
  if (is_dead(address)) (void)::unlink(path.c_str());
  keep::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return keep::system_failure("socket", errno);
  const mode_t before = ::umask(options.users.empty() ? 0177 : 0111);
  const int bound = ::bind(fd.get(), generic(address), sizeof address);
  const int problem = errno;
  (void)::umask(before);
  if (bound != 0) return keep::system_failure(path, problem);
  if (::listen(fd.get(), SOMAXCONN) != 0) return keep::system_failure(path, errno);
  return fd;
}

Result<void, keep::Failure> serve(keep::UniqueFd listener, const ServiceOptions& options,
                                  const soft::Platform& platform) {
  return Service(std::move(listener), options, platform).run();
}

Result<void, keep::Failure> serve_one(int socket, const std::string& agent,
                                      const soft::Platform& platform) {
  serve_connection({.socket = socket,
                    .lifeline = -1,  // the socket is: whoever started this process holds it
                    .peer = {.uid = ::geteuid(), .gid = ::getegid()},
                    .number = number_of_this_process(),
                    .agent = agent},
                   platform);
  return {};
}

}  // namespace ward::softd
