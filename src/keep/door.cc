#include "keep/door.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/socket.h>

#include "keep/fd_kind.h"
#include "keep/fd_message.h"

namespace ward::keep {
namespace {

constexpr std::uint8_t kRelayed = 'r';

bool stream_pair(UniqueFd& here, UniqueFd& there) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
  here.reset(ends[0]);
  there.reset(ends[1]);
  return true;
}

}  // namespace

Result<UniqueFd, Failure> enter_door(int door) {
  UniqueFd here;
  UniqueFd there;
  if (!stream_pair(here, there)) return system_failure("socket pair", errno);
  const int handed = there.get();
  if (!send_with_fds(door, 'd', {&handed, 1})) {
    return Failure{.code = Errc::kUnavailable,
                   .what = std::string("descriptor ") + std::to_string(door) +
                           " is no door to a device: " + std::generic_category().message(errno)};
  }
  return here;
}

Result<UniqueFd> enter_relay(int relay) {
  UniqueFd here;
  UniqueFd there;
  const int flags = ::fcntl(relay, F_GETFL);
  if (flags < 0 || ::fcntl(relay, F_SETFL, flags | O_NONBLOCK) != 0 || !stream_pair(here, there)) {
    return Error(Errc::kUnavailable, "keep.relay: no stream", static_cast<unsigned>(errno));
  }
  const int handed = there.get();
  if (!send_with_fds(relay, kRelayed, {&handed, 1})) {
    return Error(Errc::kUnavailable, "keep.relay: nobody takes a stream",
                 static_cast<unsigned>(errno));
  }
  return here;
}

Result<UniqueFd> receive_relayed(int relay) {
  std::uint8_t octet = 0;
  iovec part{.iov_base = &octet, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxSentFds * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n = 0;
  do {
    n = ::recvmsg(relay, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n <= 0) return Error(Errc::kTruncated, "keep.relay: the keep has ended");
  std::vector<UniqueFd> fds = descriptors_of(message);
  if (octet != kRelayed || fds.size() != 1 || (message.msg_flags & MSG_CTRUNC) != 0 ||
      !is_connected_unix_stream(fds.front().get())) {
    return Error(Errc::kMalformed, "keep.relay: no stream");
  }
  return std::move(fds.front());
}

}  // namespace ward::keep
