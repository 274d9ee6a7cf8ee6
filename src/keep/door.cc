#include "keep/door.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>

namespace ward::keep {

Result<UniqueFd, Failure> enter_door(int door) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return system_failure("socket pair", errno);
  UniqueFd here(ends[0]);
  const UniqueFd there(ends[1]);
  char knock = 'd';
  iovec part{.iov_base = &knock, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int handed = there.get();
  std::memcpy(CMSG_DATA(header), &handed, sizeof handed);
  ssize_t n = 0;
  do {
    n = ::sendmsg(door, &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n != 1)
    return Failure{.code = Errc::kUnavailable,
                   .what = std::string("descriptor ") + std::to_string(door) +
                           " is no door to a device: " + std::strerror(errno)};
  return here;
}

}  // namespace ward::keep
