#include "keep/host.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keep/fd.h"
#include "keep/keep_init.h"

namespace ward::keep {
namespace {

bool has_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  for (const unsigned cap :
       std::to_array<unsigned>({CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE})) {
    if ((data[cap / 32].effective & (1U << (cap % 32))) == 0) return false;
  }
  return true;
}

// maps is true where the whole range exists in this process's own user namespace.
bool maps(const char* file, std::uint64_t first, std::uint64_t count) {
  std::ifstream in(file);
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t length = 0;
  while (in >> inside >> outside >> length) {
    if (first >= inside && first + count <= inside + length) return true;
  }
  return false;
}

int write_line(pid_t pid, const char* name, const std::string& line) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return errno;
  return ::write(fd.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()) ? 0
                                                                                          : errno;
}

std::string map_line(unsigned inside, std::uint64_t outside) {
  return std::to_string(inside) + " " + std::to_string(outside) + " 1\n";
}

}  // namespace

HostIds host_ids(std::uint32_t number) {
  HostIds out{.privileged = false, .uid = ::geteuid(), .gid = ::getegid(), .number = number};
  if (!has_capabilities() || !maps("/proc/self/uid_map", kFirstKeepUid, kKeepUids) ||
      !maps("/proc/self/gid_map", kFirstKeepUid, kKeepUids)) {
    return out;
  }
  out.privileged = true;
  out.uid = kFirstKeepUid + number % kKeepUids;
  out.gid = out.uid;
  return out;
}

int map_ids(pid_t pid, const HostIds& host) {
  if (!host.privileged) {
    if (const int problem = write_line(pid, "setgroups", "deny"); problem != 0) return problem;
  }
  if (const int problem = write_line(pid, "gid_map", map_line(kInsideGid, host.gid));
      problem != 0) {
    return problem;
  }
  return write_line(pid, "uid_map", map_line(kInsideUid, host.uid));
}

}  // namespace ward::keep
