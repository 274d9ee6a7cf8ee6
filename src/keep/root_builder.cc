#include "keep/root_builder.h"

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keep/elf_kind.h"
#include "keep/failure.h"
#include "keep/fd.h"
#include "keep/runtime.h"
#include "keep/source_file.h"

namespace ward::keep {
namespace {

constexpr std::size_t kCopyBytes = std::size_t{1} << 18U;
constexpr int kMaxTreeDepth = 32;
constexpr std::size_t kHeadBytes = 4;  // elf_kind.h

bool write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

// Folders makes each folder of the root once.
class Folders {
 public:
  explicit Folders(int mount_fd) : mount_fd_(mount_fd) {}

  // parent_of makes every folder above `path`, an absolute clean path.
  bool parent_of(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
      if (!make(path.substr(1, at - 1))) return false;
    }
    return true;
  }

  bool make(const std::string& relative) {
    if (!made_.insert(relative).second) return true;
    if (mount_fd_ < 0 || ::mkdirat(mount_fd_, relative.c_str(), 0755) == 0) return true;
    return errno == EEXIST && is_folder(relative);
  }

 private:
  [[nodiscard]] bool is_folder(const std::string& relative) const {
    struct stat info {};

    return ::fstatat(mount_fd_, relative.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(info.st_mode);
  }

  int mount_fd_;
  std::set<std::string> made_;
};

struct Copied {
  crypto::Sha256Digest sha256{};
  std::uint64_t size_bytes = 0;
};

// create makes the file in the root; -2 where nothing is written.
int create(int mount_fd, const std::string& path) {
  if (mount_fd < 0) return -2;
  return ::openat(mount_fd, path.c_str() + 1, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  0600);
}

// presize lets the tmpfs choose huge pages for a large file; copy sets the true size at the end.
void presize(int source_fd, int to) {
  struct stat info {};

  if (to != -2 && ::fstat(source_fd, &info) == 0) (void)!::ftruncate(to, info.st_size);
}

// head_of is what a file's kind shows in.
Result<Buffer, Failure> head_of(int fd, const std::string& path) {
  Buffer out(kHeadBytes);
  const ssize_t n = ::pread(fd, out.data(), out.size(), 0);
  if (n < 0) return system_failure("file " + path, errno);
  out.resize(static_cast<std::size_t>(n));
  return out;
}

// copy reads `source_fd` to its end; what is hashed is what is written to `to` (-2: nowhere).
Result<Copied, Failure> copy(const LaunchRequest& request, int source_fd, int to,
                             const std::string& path, std::uint64_t max_bytes) {
  crypto::Hasher hasher(crypto::Hash::kSha256);
  Buffer block(kCopyBytes);
  Copied out;
  presize(source_fd, to);
  while (true) {
    WARD_CHECK_OK(still_wanted(request));
    const ssize_t n = ::read(source_fd, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_failure("file " + path, errno);
    if (n == 0) break;
    out.size_bytes += static_cast<std::uint64_t>(n);
    if (out.size_bytes > max_bytes) {
      return Failure{.code = Errc::kLimit, .what = "file " + path + ": too large"};
    }
    const Bytes part = Bytes(block).first(static_cast<std::size_t>(n));
    hasher.update(part);
    if (to != -2 && !write_all(to, part)) return system_failure("file " + path, errno);
  }
  if (to != -2 && ::ftruncate(to, static_cast<off_t>(out.size_bytes)) != 0) {
    return system_failure("file " + path, errno);
  }
  const Buffer digest = hasher.finish();
  std::copy(digest.begin(), digest.end(), out.sha256.begin());
  return out;
}

class RootBuilder {
 public:
  RootBuilder(const LaunchRequest& request, int mount_fd)
      : request_(request), mount_fd_(mount_fd), folders_(mount_fd) {}

  Result<MeasuredRoot, Failure> build() {
    const Manifest& manifest = *request_.manifest;
    for (const FileEntry& entry : manifest.files) {
      WARD_CHECK_OK(add_file(entry));
    }
    for (const LinkEntry& entry : manifest.links) {
      WARD_CHECK_OK(add_link(entry));
    }
    for (const TreeEntry& entry : manifest.trees) {
      WARD_CHECK_OK(add_tree(entry.path, entry.source, 0));
    }
    const std::string& program = manifest.argv.front();
    if (const auto entry = file_of(program);
        program != kAgentPath &&
        (entry == root_.files.end() || entry->mode != FileMode::kProgram)) {
      return Failure{.code = Errc::kMalformed,
                     .what = "argv[0] " + program + ": not a file of the keep with mode 0111"};
    }
    const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
    std::sort(root_.files.begin(), root_.files.end(), by_path);
    std::sort(root_.links.begin(), root_.links.end(), by_path);
    return std::move(root_);
  }

 private:
  std::vector<MeasuredFile>::iterator file_of(const std::string& path) {
    return std::find_if(root_.files.begin(), root_.files.end(),
                        [&](const MeasuredFile& file) { return file.path == path; });
  }

  // claim refuses a path that occurs twice, and too many of them.
  Result<void, Failure> claim(const std::string& path) {
    if (!seen_.insert(path).second) {
      return Failure{.code = Errc::kMalformed, .what = "file " + path + ": named twice"};
    }
    if (seen_.size() > kMaxFiles) {
      return Failure{.code = Errc::kLimit, .what = "file " + path + ": too many files"};
    }
    if (path.size() > kMaxPathBytes) {
      return Failure{.code = Errc::kLimit, .what = "file " + path + ": path too long"};
    }
    if (!folders_.parent_of(path)) return system_failure("folder of " + path, errno);
    return {};
  }

  Result<void, Failure> add_file(const FileEntry& entry) {
    WARD_TRY(const UniqueFd source, open_source(request_, entry.source));
    if (entry.mode == FileMode::kScript) {
      WARD_TRY(const Buffer head, head_of(source.get(), entry.path));
      if (is_elf(head)) {
        return Failure{.code = Errc::kMalformed,
                       .what = "file " + entry.path +
                               ": an ELF program with mode 0555 is dumpable when it runs; give it "
                               "mode 0111, or 0444 where it is a library"};
      }
    }
    return take(source.get(), entry.path, entry.mode, entry.sha256);
  }

  Result<void, Failure> take(int source_fd, const std::string& path, FileMode mode,
                             const std::optional<std::array<std::uint8_t, 32>>& expected) {
    WARD_CHECK_OK(claim(path));
    const UniqueFd to(create(mount_fd_, path));
    if (to.get() == -1) return system_failure("file " + path, errno);
    WARD_TRY(const Copied copied, copy(request_, source_fd, mount_fd_ < 0 ? -2 : to.get(), path,
                                       kMaxTotalFileBytes - total_));
    total_ += copied.size_bytes;
    if (expected && !equal(*expected, copied.sha256)) {
      return Failure{.code = Errc::kUntrusted,
                     .what = "file " + path + ": sha256 is " + to_hex(copied.sha256) +
                             ", the manifest says " + to_hex(*expected)};
    }
    if (to.valid() && ::fchmod(to.get(), static_cast<mode_t>(mode)) != 0) {
      return system_failure("file " + path, errno);
    }
    root_.files.push_back(
        {.path = path, .mode = mode, .sha256 = copied.sha256, .size_bytes = copied.size_bytes});
    return {};
  }

  Result<void, Failure> add_link(const LinkEntry& entry) {
    WARD_CHECK_OK(claim(entry.path));
    if (mount_fd_ >= 0 &&
        ::symlinkat(entry.target.c_str(), mount_fd_, entry.path.c_str() + 1) != 0) {
      return system_failure("link " + entry.path, errno);
    }
    root_.links.push_back(entry);
    return {};
  }

  // NOLINTBEGIN(misc-no-recursion): at most kMaxTreeDepth levels
  // add_tree walks a folder; its order does not matter, the root is sorted at the end.
  Result<void, Failure> add_tree(const std::string& path, const std::string& source, int depth) {
    if (depth > kMaxTreeDepth) {
      return Failure{.code = Errc::kLimit, .what = "tree " + path + ": too deep"};
    }
    WARD_TRY(UniqueFd fd, open_source_folder(request_, source));
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(fd.get()), &::closedir);
    if (!folder) return system_failure("tree " + path, errno);
    (void)fd.release();  // the folder's now
    while (const dirent* item = ::readdir(folder.get())) {
      const std::string name = item->d_name;
      if (name == "." || name == "..") continue;
      WARD_CHECK_OK(add_item(::dirfd(folder.get()), name, path, source, depth));
    }
    return {};
  }

  Result<void, Failure> add_item(int folder_fd, const std::string& name, const std::string& path,
                                 const std::string& source, int depth) {
    const std::string inner = (path == "/" ? "" : path) + "/" + name;

    WARD_TRY(SourceItem item, look_at(request_, folder_fd, name));
    if (S_ISDIR(item.mode)) return add_tree(inner, source + "/" + name, depth + 1);
    if (S_ISLNK(item.mode)) return add_link({.path = inner, .target = std::move(item.target)});
    WARD_TRY(const UniqueFd file, open_source(request_, source + "/" + name));
    WARD_TRY(const Buffer head, head_of(file.get(), inner));
    const FileMode mode = (item.mode & S_IXUSR) != 0 ? program_mode(head, inner) : FileMode::kData;
    return take(file.get(), inner, mode, std::nullopt);
  }

  // NOLINTEND(misc-no-recursion)
  const LaunchRequest& request_;
  int mount_fd_;
  Folders folders_;
  std::set<std::string> seen_;
  std::uint64_t total_ = 0;
  MeasuredRoot root_;
};

}  // namespace

Result<void, Failure> still_wanted(const LaunchRequest& request) {
  if (!request.given_up || !request.given_up()) return {};
  return Failure{.code = Errc::kUnavailable, .what = "given up before the keep had started"};
}

Result<MeasuredRoot, Failure> build_root(const LaunchRequest& request, int mount_fd) {
  return RootBuilder(request, mount_fd).build();
}

Result<Buffer, Failure> install_agent(const LaunchRequest& request, int mount_fd) {
  const std::string& agent = request.agent;
  const UniqueFd source(::open(agent.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!source.valid()) return system_failure("agent " + agent, errno);

  struct stat info {};

  if (::fstat(source.get(), &info) != 0) return system_failure("agent " + agent, errno);
  if (!S_ISREG(info.st_mode)) {
    return Failure{.code = Errc::kDenied, .what = "agent " + agent + ": not a regular file"};
  }
  if (!is_static_program(source.get())) {
    return Failure{.code = Errc::kDenied, .what = "agent " + agent + ": is not a static ward-keep"};
  }
  if (mount_fd >= 0 && !Folders(mount_fd).make("ward")) {
    return system_failure("folder /ward", errno);
  }
  const UniqueFd to(create(mount_fd, kAgentPath));
  if (to.get() == -1) return system_failure("agent", errno);
  WARD_TRY(const Copied copied,
           copy(request, source.get(), mount_fd < 0 ? -2 : to.get(), agent, kMaxTotalFileBytes));
  if (to.valid() && ::fchmod(to.get(), static_cast<mode_t>(FileMode::kProgram)) != 0) {
    return system_failure("agent", errno);
  }
  return runtime_log({.path = kAgentPath,
                      .mode = FileMode::kProgram,
                      .sha256 = copied.sha256,
                      .size_bytes = copied.size_bytes});
}

Result<void, Failure> finish_root(int mount_fd, const std::vector<OwnFile>& own) {
  Folders folders(mount_fd);
  for (const char* folder : {"proc", "dev", "dev/shm", "in", "out", "tmp", "ward", "ward/work"}) {
    if (!folders.make(folder)) return system_failure("folder of the keep", errno);
  }
  std::vector<OwnFile> files = own;
  for (const char* device : {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"}) {
    files.push_back({.path = device, .content = {}});
  }
  for (const OwnFile& file : files) {
    const UniqueFd fd(create(mount_fd, file.path));
    if (!fd.valid() || !write_all(fd.get(), file.content) || ::fchmod(fd.get(), 0444) != 0) {
      return system_failure("file " + file.path, errno);
    }
  }
  return {};
}

}  // namespace ward::keep
