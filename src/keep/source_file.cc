#include "keep/source_file.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "keep/failure.h"

namespace ward::keep {
namespace {

// statfs(2), and the sources of the kernel for those that it does not list. What is not here is
// refused: kernel views outnumber these, and there are new ones every year.
constexpr auto kOrdinary = std::to_array<std::uint64_t>({
    0xef53,      // ext2, ext3, ext4
    0x58465342,  // xfs
    0x9123683e,  // btrfs
    0x01021994,  // tmpfs
    0x858458f6,  // ramfs: an initial root
    0x794c7630,  // overlay
    0x2fc12fc1,  // zfs
    0xca451a4e,  // bcachefs
    0xf2f52010,  // f2fs
    0x73717368,  // squashfs
    0xe0f5e1e2,  // erofs
    0x28cd3d45,  // cramfs
    0x52654973,  // reiserfs
    0x3153464a,  // jfs
    0x9660,      // iso9660
    0x15013346,  // udf
    0x4d44,      // vfat
    0x2011bab0,  // exfat
    0x7366746e,  // ntfs3
    0x65735546,  // fuse and virtiofs
    0x01021997,  // 9p
    0x6969,      // nfs
    0xff534d42,  // cifs
    0xfe534d42,  // smb3
    0x00c36400,  // ceph
    0x47504653,  // gpfs
    0x0bd00bd0,  // lustre
    0xf15f,      // ecryptfs
    0x61756673,  // aufs
});

// WithoutFilePowers takes from the calling thread what overrides the rights to files, for as long
// as it lives. The kernel does so by itself where root becomes another, and not where a launcher
// has capabilities under another user id.
class WithoutFilePowers {
 public:
  explicit WithoutFilePowers(bool wanted) {
    if (!wanted || ::syscall(SYS_capget, &header_, before_.data()) != 0) {
      ok_ = !wanted;
      return;
    }
    constexpr std::uint32_t kPowers = (1U << CAP_DAC_OVERRIDE) | (1U << CAP_DAC_READ_SEARCH);
    if ((before_[0].effective & kPowers) == 0) return;
    Sets without = before_;
    without[0].effective &= ~kPowers;
    active_ = ok_ = ::syscall(SYS_capset, &header_, without.data()) == 0;
  }

  WithoutFilePowers(const WithoutFilePowers&) = delete;
  WithoutFilePowers& operator=(const WithoutFilePowers&) = delete;

  ~WithoutFilePowers() {
    if (active_) (void)::syscall(SYS_capset, &header_, before_.data());
  }

  [[nodiscard]] bool ok() const { return ok_; }

 private:
  using Sets = std::array<__user_cap_data_struct, 2>;

  __user_cap_header_struct header_{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  Sets before_{};
  bool active_ = false;
  bool ok_ = true;
};

// AsReader gives the calling thread the reader's rights to files for as long as it lives: his user
// and group, and none of the launcher's other groups or powers.
class AsReader {
 public:
  explicit AsReader(const std::optional<FileReader>& reader)
      : powers_(reader.has_value() && reader->uid != 0),
        active_(reader.has_value() && reader->uid != ::geteuid()) {
    if (!active_) return;
    const int count = ::getgroups(0, nullptr);
    groups_.resize(static_cast<std::size_t>(std::max(count, 0)));
    ok_ = count >= 0 && ::getgroups(count, groups_.data()) == count &&
          ::syscall(SYS_setgroups, 0, nullptr) == 0;  // of this thread only
    old_gid_ = static_cast<gid_t>(::setfsgid(reader->gid));
    old_uid_ = static_cast<uid_t>(::setfsuid(reader->uid));
    // Both return who one was before: an id that is none changes nothing.
    ok_ = ok_ && static_cast<gid_t>(::setfsgid(kNobody)) == reader->gid &&
          static_cast<uid_t>(::setfsuid(kNobody)) == reader->uid;
  }

  AsReader(const AsReader&) = delete;
  AsReader& operator=(const AsReader&) = delete;

  ~AsReader() {
    if (!active_) return;
    ::setfsuid(old_uid_);
    ::setfsgid(old_gid_);
    (void)::syscall(SYS_setgroups, groups_.size(), groups_.data());
  }

  [[nodiscard]] bool ok() const { return ok_ && powers_.ok(); }

 private:
  static constexpr unsigned kNobody = ~0U;

  WithoutFilePowers powers_;  // given back last
  bool active_;
  bool ok_ = true;
  uid_t old_uid_ = 0;
  gid_t old_gid_ = 0;
  std::vector<gid_t> groups_;
};

Failure no_rights(const std::string& source) {
  return {.code = Errc::kUnavailable,
          .what = "source " + source + ": the launcher cannot take the asker's rights"};
}

UniqueFd open_below(const LaunchRequest& request, const std::string& source, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return UniqueFd(
      static_cast<int>(::syscall(SYS_openat2, request.root_fd, source.c_str(), &how, sizeof how)));
}

Result<void, Failure> need_ordinary(int fd, const std::string& source) {
  struct statfs about {};

  if (::fstatfs(fd, &about) != 0) return system_failure("source " + source, errno);
  if (is_ordinary(static_cast<std::uint64_t>(about.f_type))) return {};
  return Failure{
      .code = Errc::kDenied,
      .what = "source " + source +
              ": not on an ordinary file system (a view of the kernel?); copy it to one"};
}

}  // namespace

bool is_ordinary(std::uint64_t type) {
  // 32 bits count: f_type is signed on some systems.
  return std::find(kOrdinary.begin(), kOrdinary.end(), type & 0xffffffffU) != kOrdinary.end();
}

Result<UniqueFd, Failure> open_source(const LaunchRequest& request, const std::string& source) {
  const AsReader reader(request.reader);
  if (!reader.ok()) return no_rights(source);
  // First without opening it, which on a device may do something, and on a FIFO wait.
  const UniqueFd place = open_below(request, source, O_PATH);
  if (!place.valid()) return system_failure("source " + source, errno);

  struct stat info {};

  if (::fstat(place.get(), &info) != 0) return system_failure("source " + source, errno);
  if (!S_ISREG(info.st_mode)) {
    return Failure{.code = Errc::kDenied, .what = "source " + source + ": not a regular file"};
  }
  WARD_CHECK_OK(need_ordinary(place.get(), source));
  const std::string same = "/proc/self/fd/" + std::to_string(place.get());
  UniqueFd fd(::open(same.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd.valid()) return system_failure("source " + source, errno);
  return fd;
}

Result<UniqueFd, Failure> open_source_folder(const LaunchRequest& request,
                                             const std::string& source) {
  const AsReader reader(request.reader);
  if (!reader.ok()) return no_rights(source);
  UniqueFd fd = open_below(request, source, O_RDONLY | O_DIRECTORY);
  if (!fd.valid()) return system_failure("source " + source, errno);
  WARD_CHECK_OK(need_ordinary(fd.get(), source));
  return fd;
}

Result<SourceItem, Failure> look_at(const LaunchRequest& request, int folder_fd,
                                    const std::string& name) {
  const AsReader reader(request.reader);
  if (!reader.ok()) return no_rights(name);

  struct stat info {};

  if (::fstatat(folder_fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return system_failure("source " + name, errno);
  }
  SourceItem out{.mode = info.st_mode, .target = {}};
  if (!S_ISLNK(info.st_mode)) return out;
  std::array<char, kMaxPathBytes + 1> target{};
  const ssize_t n = ::readlinkat(folder_fd, name.c_str(), target.data(), target.size());
  if (n < 0) return system_failure("source " + name, errno);
  if (n == 0 || static_cast<std::size_t>(n) > kMaxPathBytes) {
    return Failure{.code = Errc::kLimit, .what = "source " + name + ": target of the link"};
  }
  out.target.assign(target.data(), static_cast<std::size_t>(n));
  return out;
}

}  // namespace ward::keep
