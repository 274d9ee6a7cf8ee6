#include <array>
#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "keep/keep_init.h"

namespace ward::keep {
namespace {

// set_number passes a number as the mount option `name`, without allocating.
bool set_number(int context, const char* name, std::uint64_t value, int base = 10) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size() - 1, value, base);
  *end.ptr = '\0';
  return ::fsconfig(context, FSCONFIG_SET_STRING, name, text.data(), 0) == 0;
}

// An empty file costs the kernel memory too, less than a fifth of a page. Otherwise the number of
// files would be bounded by the machine's memory alone.
std::uint64_t most_files(std::uint64_t size_bytes) { return 1024 + size_bytes / 4096; }

bool configure(int context, const TmpfsSpec& spec) {
  if (!set_number(context, "size", spec.size_bytes) || !set_number(context, "mode", 0755, 8)) {
    return false;
  }
  if (!set_number(context, "nr_inodes", most_files(spec.size_bytes))) return false;
  if (!set_number(context, "uid", spec.uid) || !set_number(context, "gid", spec.gid)) return false;
  // Huge pages save time and nothing else, so a kernel without them is no failure. `always` would
  // give every small file 2 MiB; `within_size` needs the size set before the octets are written.
  if (spec.huge_pages) (void)::fsconfig(context, FSCONFIG_SET_STRING, "huge", "within_size", 0);
  if (spec.no_swap && ::fsconfig(context, FSCONFIG_SET_FLAG, "noswap", nullptr, 0) != 0) {
    return false;
  }
  return ::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
}

}  // namespace

int make_tmpfs(const TmpfsSpec& spec) {
  const int context = ::fsopen("tmpfs", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  int mount = -1;
  if (configure(context, spec)) {
    const unsigned attributes =
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (spec.no_exec ? MOUNT_ATTR_NOEXEC : 0U);
    mount = ::fsmount(context, FSMOUNT_CLOEXEC, attributes);
  }
  const int saved = errno;
  ::close(context);
  errno = saved;
  return mount;
}

}  // namespace ward::keep
