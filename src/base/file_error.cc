#include "base/file_error.h"

#include <cerrno>

namespace ward {

Error file_error(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return Error(Errc::kUnavailable, "no such file");
    case EACCES:
    case EPERM:
      return Error(Errc::kUnavailable, "this user may not read it");
    case EISDIR:
      return Error(Errc::kUnavailable, "is a folder, not a file");
    case ENXIO:  // a socket, or a pipe that nobody writes to
      return Error(Errc::kUnavailable, "is not a regular file");
    default:
      return Error(Errc::kUnavailable, "cannot be read: errno", static_cast<std::uint64_t>(number));
  }
}

}  // namespace ward
