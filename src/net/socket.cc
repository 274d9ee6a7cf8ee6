#include "net/socket.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <netdb.h>
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

// connect_one returns a connected socket, or -1.
int connect_one(const addrinfo& address, int timeout_ms) {
  FileDescriptor fd(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                             address.ai_protocol));
  if (fd.get() < 0) return -1;
  if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS || !wait_for(fd.get(), POLLOUT, timeout_ms)) return -1;
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return -1;
  }
  const int on = 1;
  (void)::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd.release();
}

}  // namespace

std::unique_ptr<protocol::Transport> socket_transport(int fd, int timeout_ms) {
  return socket_transport(fd, [timeout_ms] { return timeout_ms; });
}

std::unique_ptr<protocol::Transport> socket_transport(int fd, std::function<int()> left_ms) {
  return std::make_unique<SocketTransport>(fd, std::move(left_ms));
}

Result<int> tcp_connect_fd(const std::string& host, std::uint16_t port, int timeout_ms) {
  return tcp_connect_fd(host, port, timeout_ms, [](AddressKind) { return true; });
}

Result<int> tcp_connect_fd(const std::string& host, std::uint16_t port, int timeout_ms,
                           const std::function<bool(AddressKind)>& allowed) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return Error(Errc::kUnavailable, "net.tcp: the server's name is not known");
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  bool any = false;
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
    if (!allowed(kind_of(*one->ai_addr))) continue;
    any = true;
    if (const int fd = connect_one(*one, timeout_ms); fd >= 0) return fd;
  }
  if (!any) return Error(Errc::kDenied, "net.tcp: an address that is not connected to");
  return Error(Errc::kUnavailable, "net.tcp: nothing answers at the server's address");
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
