#include "apps/wardd/store_lock.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace ward::wardd {

Result<StoreLock, Failure> StoreLock::take(const std::string& store) {
  const std::string path = store + ".lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return failed(Error(Errc::kUnavailable, "file: create", static_cast<std::uint64_t>(errno)),
                  path);
  }
  StoreLock lock(fd);
  int done = 0;
  do {
    done = ::flock(fd, LOCK_EX | LOCK_NB);
  } while (done != 0 && errno == EINTR);
  if (done == 0) return lock;
  if (errno == EWOULDBLOCK) {
    return Failure{kCouldNotTell, store + ": another wardd uses this store; end it first", ""};
  }
  return failed(Error(Errc::kUnavailable, "file: lock", static_cast<std::uint64_t>(errno)), path);
}

StoreLock::StoreLock(StoreLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

StoreLock::~StoreLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace ward::wardd
