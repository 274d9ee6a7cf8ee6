#include "keep/door.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <sys/socket.h>

#include "keep/fd_message.h"

namespace ward::keep {

Result<UniqueFd, Failure> enter_door(int door) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_failure("socket pair", errno);
  }
  UniqueFd here(ends[0]);
  const UniqueFd there(ends[1]);
  const int handed = there.get();
  if (!send_with_fds(door, 'd', {&handed, 1})) {
    return Failure{.code = Errc::kUnavailable,
                   .what = std::string("descriptor ") + std::to_string(door) +
                           " is no door to a device: " + std::generic_category().message(errno)};
  }
  return here;
}

}  // namespace ward::keep
