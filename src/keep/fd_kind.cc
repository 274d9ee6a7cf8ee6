#include "keep/fd_kind.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace ward::keep {
namespace {

// kind_of is the type bits of the mode; 0 for what has none (eventfd, epoll, pidfd and their like).
mode_t kind_of(int fd) {
  struct stat info {};

  return ::fstat(fd, &info) == 0 ? info.st_mode & S_IFMT : 0;
}

bool is_open_for_writing(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_RDONLY;
}

bool is_null_device(int fd) {
  struct stat info {};

  return ::fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == ::makedev(1, 3);
}

// option is a socket's option as a number; -1 where there is none.
int option(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

bool is_folder(int fd) { return kind_of(fd) == S_IFDIR; }

bool is_unix_stream(int fd) {
  return option(fd, SO_DOMAIN) == AF_UNIX && option(fd, SO_TYPE) == SOCK_STREAM &&
         option(fd, SO_ACCEPTCONN) == 0;
}

bool is_connected_unix_stream(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  void* at = &peer;
  return is_unix_stream(fd) && ::getpeername(fd, static_cast<sockaddr*>(at), &size) == 0;
}

bool is_pipe_in(int fd) { return kind_of(fd) == S_IFIFO && is_open_for_writing(fd); }

bool takes_text(int fd) {
  if (is_unix_stream(fd) || is_pipe_in(fd)) return true;
  if (!is_open_for_writing(fd)) return false;
  return kind_of(fd) == S_IFREG || ::isatty(fd) == 1 || is_null_device(fd);
}

}  // namespace ward::keep
