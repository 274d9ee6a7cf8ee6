#include "apps/ward/output_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ward::cli {
namespace {

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string temporary_beside(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  return folder_of(path) + "/." + name.substr(0, 200) + "." + std::to_string(::getpid()) +
         ".partial";
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path, Readers readers) {
  const mode_t mode = readers == Readers::kOwner ? 0600 : 0666;
  const std::string folder = folder_of(path);
  int fd = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
  if (fd >= 0) return OutputFile(fd, path, {});
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
    return Error(Errc::kUnavailable, "output: the folder is not there or cannot be written");
  std::string temporary = temporary_beside(path);
  fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return Error(Errc::kUnavailable, "output: the folder cannot be written");
  return OutputFile(fd, path, std::move(temporary));
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> OutputFile::write(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == ENOSPC || errno == EDQUOT))
      return Error(Errc::kUnavailable, "output: the disk is full");
    if (n < 0) return Error(Errc::kUnavailable, "output: cannot be written");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> OutputFile::name_it(const std::string& name) const {
  int rc = 0;
  if (temporary_.empty()) {
    const std::string self = "/proc/self/fd/" + std::to_string(fd_);
    rc = ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW);
  } else {
    rc = ::link(temporary_.c_str(), name.c_str());
  }
  if (rc == 0) return {};
  if (errno == EEXIST) return Error(Errc::kDenied, "output: the file exists already");
  return Error(Errc::kUnavailable, "output: the file cannot be named");
}

Result<void> OutputFile::commit(bool replace) {
  if (::fsync(fd_) != 0) return Error(Errc::kUnavailable, "output: cannot be written");
  if (!replace) return name_it(path_);
  if (temporary_.empty()) {
    const std::string name = temporary_beside(path_);
    (void)::unlink(name.c_str());  // of a process of this number that was killed
    WARD_CHECK_OK(name_it(name));
    temporary_ = name;
  }
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0)
    return Error(Errc::kUnavailable, "output: the file cannot be replaced");
  temporary_.clear();
  return {};
}

}  // namespace ward::cli
