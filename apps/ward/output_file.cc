#include "apps/ward/output_file.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <mutex>
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

// What a signal handler can read: the temporary names that there are. One process has few.
struct NameSlot {
  std::atomic<bool> used = false;
  std::array<char, PATH_MAX> path{};
};

constexpr std::size_t kNameSlots = 64;
std::array<NameSlot, kNameSlots> name_slots;
constexpr auto kEndingSignals = std::to_array<int>({SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE});

// remove_names runs once (SA_RESETHAND); the signal then does what it always does.
void remove_names(int signal) {
  for (const NameSlot& slot : name_slots) {
    if (slot.used.load()) (void)::unlink(slot.path.data());
  }
  (void)::raise(signal);
}

// remove_names_on_signals leaves alone what the caller of this program has it ignore.
void remove_names_on_signals() {
  for (const int signal : kEndingSignals) {
    struct sigaction now {};

    if (::sigaction(signal, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
    now.sa_handler = remove_names;
    now.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigfillset(&now.sa_mask);
    (void)::sigaction(signal, &now, nullptr);
  }
}

int take_slot(const std::string& name) {
  static std::once_flag once;
  std::call_once(once, remove_names_on_signals);
  if (name.size() >= PATH_MAX) return -1;
  // Between finding and taking there is no other thread: output files are of the main one.
  for (std::size_t i = 0; i < name_slots.size(); ++i) {
    NameSlot& slot = name_slots[i];
    if (slot.used.load()) continue;
    std::copy(name.begin(), name.end(), slot.path.begin());
    slot.path[name.size()] = '\0';
    slot.used.store(true);
    return static_cast<int>(i);
  }
  return -1;
}

Result<void> sync_folder(const std::string& path) {
  const int fd = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return {};  // one that may be written and not be read
  const int rc = ::fsync(fd);
  const int problem = errno;
  ::close(fd);
  if (rc == 0 || problem == EINVAL || problem == ENOTSUP) return {};  // not every file system can
  return Error(Errc::kUnavailable, "output: the folder cannot be written to the disk");
}

// SignalsHeld puts the signals off that would end the process between two names.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t ending;
    ::sigemptyset(&ending);
    for (const int signal : kEndingSignals) {
      ::sigaddset(&ending, signal);
    }
    (void)::pthread_sigmask(SIG_BLOCK, &ending, &before_);
  }

  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

  ~SignalsHeld() { (void)::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

PartialName::PartialName(std::string name) : name_(std::move(name)), slot_(take_slot(name_)) {}

PartialName::PartialName(PartialName&& other) noexcept
    : name_(std::exchange(other.name_, {})), slot_(std::exchange(other.slot_, -1)) {}

PartialName& PartialName::operator=(PartialName&& other) noexcept {
  std::swap(name_, other.name_);  // the other's end removes what this one named
  std::swap(slot_, other.slot_);
  return *this;
}

PartialName::~PartialName() {
  if (!name_.empty()) (void)::unlink(name_.c_str());
  release();
}

void PartialName::release() {
  if (slot_ >= 0) name_slots[static_cast<std::size_t>(slot_)].used.store(false);
  slot_ = -1;
  name_.clear();
}

Result<OutputFile> OutputFile::create(const std::string& path, Readers readers) {
  const mode_t mode = readers == Readers::kOwner ? 0600 : 0666;
  const std::string folder = folder_of(path);
  int fd = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
  if (fd >= 0) return OutputFile(fd, path, PartialName());
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) {
    return errno == ENOENT
               ? Error(Errc::kUnavailable, "output: its folder is not there: make it first")
               : Error(Errc::kUnavailable, "output: the folder cannot be written");
  }
  PartialName temporary(temporary_beside(path));
  (void)::unlink(temporary.name().c_str());  // of a process of this number that was killed
  fd = ::open(temporary.name().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return Error(Errc::kUnavailable, "output: the folder cannot be written");
  return OutputFile(fd, path, std::move(temporary));
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)) {}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> OutputFile::write(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == ENOSPC || errno == EDQUOT)) {
      return Error(Errc::kUnavailable, "output: the disk is full");
    }
    if (n < 0) return Error(Errc::kUnavailable, "output: cannot be written");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> OutputFile::link_to(const std::string& name) const {
  int rc = 0;
  if (temporary_.empty() || temporary_.name() == name) {
    const std::string self = "/proc/self/fd/" + std::to_string(fd_);
    rc = ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW);
  } else {
    rc = ::link(temporary_.name().c_str(), name.c_str());
  }
  if (rc == 0) return {};
  if (errno == EEXIST) return Error(Errc::kDenied, "output: the file exists already");
  return Error(Errc::kUnavailable, "output: the file cannot be named");
}

Result<void> OutputFile::prepare(bool replace) {
  if (::fsync(fd_) != 0) return Error(Errc::kUnavailable, "output: cannot be written");

  struct stat info {};

  const bool taken = ::lstat(path_.c_str(), &info) == 0;
  if (!replace) {
    if (taken) return Error(Errc::kDenied, "output: the file exists already");
    return {};
  }
  if (taken && S_ISDIR(info.st_mode)) {
    return Error(Errc::kUnavailable, "output: the file cannot be replaced: it is a folder");
  }
  // Root would otherwise have a file where /dev/null was.
  if (taken && !S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode)) {
    return Error(Errc::kUnavailable, "output: the file cannot be replaced: it is no regular file");
  }
  if (!temporary_.empty()) return {};
  temporary_ = PartialName(temporary_beside(path_));
  (void)::unlink(temporary_.name().c_str());  // of a process of this number that was killed
  return link_to(temporary_.name());
}

Result<void> OutputFile::name(bool replace) {
  if (!replace) return link_to(path_);

  struct stat info {};

  const bool taken = ::lstat(path_.c_str(), &info) == 0;
  if (taken && S_ISDIR(info.st_mode)) {
    return Error(Errc::kUnavailable, "output: the file cannot be replaced: it is a folder");
  }
  const char* from = temporary_.name().c_str();
  // What is replaced is kept under the temporary name until all is well.
  exchanged_ = taken && ::renameat2(AT_FDCWD, from, AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0;
  if (exchanged_) return {};
  if (std::rename(from, path_.c_str()) != 0) {
    return Error(Errc::kUnavailable, "output: the file cannot be replaced");
  }
  temporary_.release();
  return {};
}

void OutputFile::take_back() {
  if (!exchanged_) {
    (void)::unlink(path_.c_str());
  } else if (std::rename(temporary_.name().c_str(), path_.c_str()) == 0) {
    temporary_.release();
  }
}

Result<void> OutputFile::commit(bool replace) {
  if (const auto done = commit_together({this}, replace); !done) return done.error().error;
  return {};
}

Result<void, CommitFailure> commit_together(const std::vector<OutputFile*>& files, bool replace) {
  return commit_after(files, replace, [] { return true; });
}

Result<void, CommitFailure> commit_after(const std::vector<OutputFile*>& files, bool replace,
                                         const std::function<bool()>& first) {
  for (OutputFile* file : files) {
    if (const auto ready = file->prepare(replace); !ready) {
      return CommitFailure{.path = file->path_, .error = ready.error()};
    }
  }
  if (!first()) return CommitFailure{{}, Error(Errc::kUnavailable, "output: given up")};
  const SignalsHeld held;
  std::vector<OutputFile*> named;
  const auto failed = [&](const OutputFile& file, const Error& error) {
    for (OutputFile* one : named) {
      one->take_back();
    }
    return CommitFailure{.path = file.path_, .error = error};
  };
  for (OutputFile* file : files) {
    if (const auto done = file->name(replace); !done) return failed(*file, done.error());
    named.push_back(file);
  }
  for (const OutputFile* file : files) {
    if (const auto synced = sync_folder(file->path_); !synced) return failed(*file, synced.error());
  }
  for (OutputFile* file : files) {
    file->temporary_ = PartialName();
  }
  return {};
}
}  // namespace ward::cli
