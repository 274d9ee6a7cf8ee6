#include "server/files.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_error.h"

namespace ward::server {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }

  // close returns false where the system could not keep what was written.
  [[nodiscard]] bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

std::uint64_t number() { return static_cast<std::uint64_t>(errno); }

// read_into reads exactly out.size() octets.
Result<void> read_into(int fd, std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t n = ::read(fd, out.data(), out.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Error(Errc::kUnavailable, "file: read", number());
    out = out.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::size_t> size_of(int fd, std::size_t max, mode_t forbidden) {
  struct stat status {};

  if (fd < 0 || ::fstat(fd, &status) != 0) return file_error(errno);
  if (S_ISDIR(status.st_mode)) return file_error(EISDIR);
  if (!S_ISREG(status.st_mode)) return file_error(ENXIO);
  if ((status.st_mode & forbidden) != 0) {
    return Error(Errc::kDenied, "group or others may read a secret (chmod 600)");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > max) return Error(Errc::kLimit, "larger than ward reads: octets", size);
  return size;
}

}  // namespace

Result<Buffer> read_file(const std::string& path, std::size_t max) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  WARD_TRY(const std::size_t size, size_of(fd.get(), max, 0));
  Buffer out(size);
  WARD_CHECK_OK(read_into(fd.get(), out));
  return out;
}

Result<SecretBytes> read_secret_file(const std::string& path, std::size_t max) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  WARD_TRY(const std::size_t size, size_of(fd.get(), max, S_IRWXG | S_IRWXO));
  SecretBytes out(size);
  WARD_CHECK_OK(read_into(fd.get(), out.expose_mut()));
  return out;
}

Result<void> write_all(int fd, Bytes octets) {
  while (!octets.empty()) {
    const ssize_t n = ::write(fd, octets.data(), octets.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error(Errc::kUnavailable, "file: write", number());
    octets = octets.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return Error(Errc::kUnavailable, "file: folder", number());
  // Some file systems have nothing to bring to a disk and say so.
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS) {
    return Error(Errc::kUnavailable, "file: sync of the folder", number());
  }
  return {};
}

Result<void> write_new_file(const std::string& path, Bytes octets) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd.get() < 0) {
    return Error(errno == EEXIST ? Errc::kStale : Errc::kUnavailable, "file: create", number());
  }
  Result<void> done = write_all(fd.get(), octets);
  if (done && ::fsync(fd.get()) != 0) done = Error(Errc::kUnavailable, "file: sync", number());
  if (!fd.close() && done) done = Error(Errc::kUnavailable, "file: close", number());
  if (done) done = sync_folder_of(path);
  if (!done) ::unlink(path.c_str());
  return done;
}

Result<void> replace_file(const std::string& path, Bytes octets) {
  const std::string temporary = path + ".new-" + std::to_string(::getpid());
  WARD_CHECK_OK(write_new_file(temporary, octets));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const Error error(Errc::kUnavailable, "file: rename", number());
    ::unlink(temporary.c_str());
    return error;
  }
  return sync_folder_of(path);
}

}  // namespace ward::server
