#include "keep/frame.h"

#include <cerrno>

#include <sys/socket.h>
#include <unistd.h>

namespace ward::keep {

Result<void> read_exact(int fd, std::span<std::uint8_t> out) {
  while (!out.empty()) {
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
    if (errno != EINTR)
      return Error(Errc::kUnavailable, "keep: read", static_cast<std::uint64_t>(errno));
  }
}

Result<void> write_exact(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == ENOTSOCK) n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Error(Errc::kUnavailable, "keep: write", static_cast<std::uint64_t>(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace ward::keep
