#include "keep/frame.h"

#include <cerrno>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ward::keep {
namespace {

// ready waits for `events`; without a deadline the call that follows waits itself.
bool ready(int fd, int events, const Deadline* deadline) {
  if (deadline == nullptr) return true;
  pollfd entry{.fd = fd, .events = static_cast<std::int16_t>(events), .revents = 0};
  int n = 0;
  do {
    n = ::poll(&entry, 1, deadline->left_ms());
  } while (n < 0 && errno == EINTR);
  return n == 1;
}

}  // namespace

bool wait_readable(int fd, const Deadline* deadline) { return ready(fd, POLLIN, deadline); }

Result<void> read_exact(int fd, std::span<std::uint8_t> out, const Deadline* deadline) {
  while (!out.empty()) {
    if (!wait_readable(fd, deadline)) {
      return Error(Errc::kUnavailable, "keep: nothing came within the time limit");
    }
    const ssize_t n = ::read(fd, out.data(), out.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error(Errc::kUnavailable, "keep: read", static_cast<std::uint64_t>(errno));
    if (n == 0) return Error(Errc::kTruncated, "keep: end of stream");
    out = out.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::optional<std::uint8_t>> read_octet(int fd) {
  std::uint8_t octet = 0;
  while (true) {
    const ssize_t n = ::read(fd, &octet, 1);
    if (n == 1) return std::optional<std::uint8_t>(octet);
    if (n == 0) return std::optional<std::uint8_t>();
    if (errno == ECONNRESET) return std::optional<std::uint8_t>();
    if (errno != EINTR) {
      return Error(Errc::kUnavailable, "keep: read", static_cast<std::uint64_t>(errno));
    }
  }
}

Result<void> write_exact(int fd, Bytes bytes, const Deadline* deadline) {
  // With a deadline poll() does the waiting, and send() must not.
  const int flags = MSG_NOSIGNAL | (deadline == nullptr ? 0 : MSG_DONTWAIT);
  while (!bytes.empty()) {
    if (!ready(fd, POLLOUT, deadline)) {
      return Error(Errc::kUnavailable, "keep: nothing was taken within the time limit");
    }
    ssize_t n = ::send(fd, bytes.data(), bytes.size(), flags);
    if (n < 0 && errno == ENOTSOCK) n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && (errno == EINTR || (errno == EAGAIN && deadline != nullptr))) continue;
    if (n <= 0) return Error(Errc::kUnavailable, "keep: write", static_cast<std::uint64_t>(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace ward::keep
