#include "net/socket.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ward::net {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}

  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  FileDescriptor& operator=(FileDescriptor&&) = delete;

  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }

  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// wait_for is true when one of `events` came before the time was over.
bool wait_for(int fd, int events, int timeout_ms) {
  pollfd entry{.fd = fd, .events = static_cast<std::int16_t>(events), .revents = 0};
  int n = 0;
  do {
    n = ::poll(&entry, 1, timeout_ms);
  } while (n < 0 && errno == EINTR);
  return n == 1;
}

class SocketTransport final : public protocol::Transport {
 public:
  SocketTransport(int fd, std::function<int()> left_ms) : fd_(fd), left_ms_(std::move(left_ms)) {}

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    for (;;) {
      if (!wait_for(fd_.get(), POLLIN, left_ms_())) {
        return Error(Errc::kUnavailable, "net.socket: the peer is silent");
      }
      const ssize_t n = ::recv(fd_.get(), into.data(), into.size(), MSG_DONTWAIT);
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR && errno != EAGAIN) {
        return Error(Errc::kUnavailable, "net.socket: receive", static_cast<unsigned>(errno));
      }
    }
  }

  Result<void> write(Bytes octets) override {
    while (!octets.empty()) {
      if (!wait_for(fd_.get(), POLLOUT, left_ms_())) {
        return Error(Errc::kUnavailable, "net.socket: the peer does not take what is sent");
      }
      const ssize_t n =
          ::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n >= 0) {
        octets = octets.subspan(static_cast<std::size_t>(n));
      } else if (errno != EINTR && errno != EAGAIN) {
        return Error(Errc::kUnavailable, "net.socket: send", static_cast<unsigned>(errno));
      }
    }
    return {};
  }

 private:
  FileDescriptor fd_;
  std::function<int()> left_ms_;
};

using Steady = std::chrono::steady_clock;

int ms_until(Steady::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Steady::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

// connect_one returns a connected socket, or -1.
int connect_one(const SocketAddress& address, int timeout_ms,
                const std::function<void(int)>& connecting) {
  FileDescriptor fd(
      ::socket(address.get().sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (fd.get() < 0) return -1;
  if (::connect(fd.get(), &address.get(), address.size) != 0) {
    if (errno != EINPROGRESS) return -1;
    if (connecting) connecting(fd.get());
    if (!wait_for(fd.get(), POLLOUT, timeout_ms)) return -1;
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return -1;
  } else if (connecting) {
    connecting(fd.get());
  }
  const int on = 1;
  (void)::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd.release();
}

// connect_any tries the first of them until `end`. The next has its share of the time left, so that
// one that is silent does not take it all.
Result<int> connect_any(std::span<const SocketAddress> addresses, Steady::time_point end,
                        const std::function<void(int)>& connecting) {
  addresses = addresses.first(std::min(addresses.size(), kMaxAddressesTried));
  for (; !addresses.empty(); addresses = addresses.subspan(1)) {
    const int share = ms_until(end) / static_cast<int>(addresses.size());
    if (const int fd = connect_one(addresses.front(), share, connecting); fd >= 0) return fd;
  }
  return Error(Errc::kUnavailable, "net.tcp: nothing answers at the server's address");
}

}  // namespace

std::unique_ptr<protocol::Transport> socket_transport(int fd, int timeout_ms) {
  return socket_transport(fd, [timeout_ms] { return timeout_ms; });
}

std::unique_ptr<protocol::Transport> socket_transport(int fd, std::function<int()> left_ms) {
  return std::make_unique<SocketTransport>(fd, std::move(left_ms));
}

Result<int> tcp_connect_fd(const std::string& host, std::uint16_t port, int timeout_ms) {
  WARD_TRY(const std::vector<SocketAddress> addresses, addresses_of(host, port));
  return connect_any(addresses, Steady::now() + std::chrono::milliseconds(timeout_ms), {});
}

Result<int> tcp_connect_fd(const std::string& host, std::uint16_t port,
                           const ConnectOptions& options) {
  const auto end = Steady::now() + std::chrono::milliseconds(options.timeout_ms);
  WARD_TRY(std::vector<SocketAddress> addresses,
           options.lookups.find(host, port, end, options.stop));
  std::erase_if(addresses,
                [&](const SocketAddress& one) { return !options.allowed(kind_of(one.get())); });
  if (addresses.empty()) {
    return Error(Errc::kDenied, "net.tcp: an address that is not connected to");
  }
  return connect_any(addresses, end, options.connecting);
}

Result<std::unique_ptr<protocol::Transport>> tcp_connect(const std::string& host,
                                                         std::uint16_t port, int timeout_ms) {
  WARD_TRY(const int fd, tcp_connect_fd(host, port, timeout_ms));
  return socket_transport(fd, timeout_ms);
}

namespace {

// is_base_path is true for "/a/b": what no server reads in two ways.
bool is_base_path(std::string_view path) {
  if (path.size() > kMaxBasePath) return false;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    const bool plain = std::all_of(segment.begin(), segment.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '.' || c == '_' || c == '~' || c == '-';
    });
    if (segment.empty() || segment == "." || segment == ".." || !plain) return false;
    path.remove_prefix(segment.size());
  }
  return true;
}

}  // namespace

Result<Url> parse_https_url(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  if (!text.starts_with(kScheme)) {
    return Error(Errc::kUnsupported, "net.url: a server's address begins with https://");
  }
  text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  Url url;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    url.path = text.substr(slash);
    text = text.substr(0, slash);
    if (!is_base_path(url.path)) return Error(Errc::kMalformed, "net.url: path");
  }
  if (text.starts_with('[')) {  // an IPv6 address
    const auto end = text.find(']');
    if (end == std::string_view::npos) return Error(Errc::kMalformed, "net.url: bracket");
    url.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
  } else {
    url.host = text.substr(0, text.find(':'));
    text.remove_prefix(url.host.size());
  }
  const bool plain = url.host.find_first_of("/?#@[]% \t\r\n") == std::string::npos;
  if (url.host.empty() || url.host.size() > 255 || !plain) {
    return Error(Errc::kMalformed, "net.url: host");
  }
  if (text.empty()) return url;
  text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), url.port);
  if (error != std::errc{} || end != text.data() + text.size() || url.port == 0) {
    return Error(Errc::kMalformed, "net.url: port");
  }
  return url;
}

}  // namespace ward::net
