#include "net/relay.h"

#include <array>
#include <cerrno>
#include <span>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ward::net {
namespace {

constexpr std::size_t kBlock = std::size_t{64} << 10U;

// Direction carries octets one way, with one block between the two sockets.
class Direction {
 public:
  // wanted says what to wait for at either end.
  [[nodiscard]] std::int16_t wanted_from() const { return ended_ || left() > 0 ? 0 : POLLIN; }

  [[nodiscard]] std::int16_t wanted_to() const { return left() > 0 ? POLLOUT : 0; }

  [[nodiscard]] bool ended() const { return ended_ && left() == 0; }

  [[nodiscard]] std::uint64_t carried() const { return carried_; }

  [[nodiscard]] Result<void> receive(int from) {
    const ssize_t n = ::recv(from, block_.data(), block_.size(), MSG_DONTWAIT);
    if (n > 0) {
      begin_ = 0;
      end_ = static_cast<std::size_t>(n);
    } else if (n == 0) {
      ended_ = true;
    } else if (errno != EINTR && errno != EAGAIN) {
      return Error(Errc::kUnavailable, "net.relay: receive", static_cast<unsigned>(errno));
    }
    return {};
  }

  [[nodiscard]] Result<void> send(int to) {
    const ssize_t n = ::send(to, block_.data() + begin_, left(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      begin_ += static_cast<std::size_t>(n);
      carried_ += static_cast<std::uint64_t>(n);
    } else if (errno != EINTR && errno != EAGAIN) {
      return Error(Errc::kUnavailable, "net.relay: send", static_cast<unsigned>(errno));
    }
    return {};
  }

 private:
  [[nodiscard]] std::size_t left() const { return end_ - begin_; }

  std::array<std::uint8_t, kBlock> block_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t carried_ = 0;
  bool ended_ = false;
};

// Descriptor closes what it owns.
struct Descriptor {
  explicit Descriptor(int value) : fd(value) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }

  int fd;
};

// wait is false when the stop came.
bool wait(std::span<pollfd> entries, int stop_fd) {
  entries.back() = {.fd = stop_fd, .events = POLLIN, .revents = 0};
  while (::poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
  }
  return entries.back().revents == 0;
}

// entry_of leaves a socket out of which nothing is wanted: poll would report its end over and over.
pollfd entry_of(int fd, int events) {
  return {.fd = events != 0 ? fd : -1, .events = static_cast<std::int16_t>(events), .revents = 0};
}

bool ready(const pollfd& entry, std::int16_t event) {
  return (entry.events & event) != 0 && (entry.revents & (event | POLLHUP | POLLERR)) != 0;
}

Result<Relayed> carry(int inside, int server, int stop_fd) {
  Direction out;
  Direction in;
  while (!out.ended() && !in.ended()) {
    std::array<pollfd, 3> entries{};
    entries[0] = entry_of(inside, out.wanted_from() | in.wanted_to());
    entries[1] = entry_of(server, in.wanted_from() | out.wanted_to());
    if (!wait(entries, stop_fd)) break;
    if (ready(entries[0], POLLIN)) WARD_CHECK_OK(out.receive(inside));
    if (ready(entries[1], POLLIN)) WARD_CHECK_OK(in.receive(server));
    if (ready(entries[0], POLLOUT)) WARD_CHECK_OK(in.send(inside));
    if (ready(entries[1], POLLOUT)) WARD_CHECK_OK(out.send(server));
  }
  return Relayed{.to_server = out.carried(), .from_server = in.carried()};
}

Result<Relayed> relay_until(int inside, const Url& server, int timeout_ms, int stop_fd) {
  std::array<pollfd, 2> entries{{{.fd = inside, .events = POLLIN, .revents = 0}}};
  if (!wait(entries, stop_fd)) return Relayed{};
  std::uint8_t octet = 0;
  if (::recv(inside, &octet, 1, MSG_PEEK) <= 0) return Relayed{};  // it never asked
  WARD_TRY(const int fd, tcp_connect_fd(server.host, server.port, timeout_ms));
  const Descriptor owned(fd);
  return carry(inside, fd, stop_fd);
}

}  // namespace

Result<Relayed> relay(int inside, const Url& server, int timeout_ms, const std::stop_token& stop) {
  const Descriptor stopped(::eventfd(0, EFD_CLOEXEC));
  if (stopped.fd < 0) return Error(Errc::kUnavailable, "net.relay: event");
  const std::stop_callback tell(stop, [&] {
    const std::uint64_t one = 1;
    (void)!::write(stopped.fd, &one, sizeof one);
  });
  auto result = relay_until(inside, server, timeout_ms, stopped.fd);
  (void)::shutdown(inside, SHUT_RDWR);
  return result;
}

}  // namespace ward::net
