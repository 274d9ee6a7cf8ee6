#include "keep/sandbox.h"

#include <cerrno>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ward::keep {
namespace {

// The kernel's structure of ABI 6; older kernels are given its first members only.
struct LandlockRuleset {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};

// struct landlock_path_beneath_attr is packed: 12 octets.
struct [[gnu::packed]] LandlockPathBeneath {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};

constexpr std::uint32_t kRulesetVersion = 1;  // LANDLOCK_CREATE_RULESET_VERSION
constexpr int kRulePathBeneath = 1;
constexpr std::uint64_t kFsRightsV1 = (1U << 13U) - 1;
constexpr std::uint64_t kNetTcp = 3;  // bind, connect
constexpr std::uint64_t kScopes = 3;  // abstract unix sockets, signals
constexpr std::uint64_t kIoctlDev = 1U << 15U;
// Rights that exist for a file that is not a folder.
constexpr std::uint64_t kFileRights =
    kLandlockExecute | kLandlockWriteFile | kLandlockReadFile | kLandlockTruncate | kIoctlDev;

std::uint64_t fs_rights(int abi) {
  std::uint64_t rights = kFsRightsV1;
  if (abi >= 2) rights |= kLandlockRefer;
  if (abi >= 3) rights |= kLandlockTruncate;
  if (abi >= 5) rights |= kIoctlDev;
  return rights;
}

std::size_t ruleset_size(int abi) {
  if (abi >= 6) return sizeof(LandlockRuleset);
  return abi >= 4 ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

bool add_rule(int ruleset, const PathRule& rule, std::uint64_t handled) {
  const int fd = ::open(rule.path, O_PATH | O_CLOEXEC);
  if (fd < 0) return false;
  LandlockPathBeneath attr{.allowed_access = rule.access & handled, .parent_fd = fd};
  bool ok = ::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &attr, 0) == 0;
  if (!ok && errno == EINVAL) {  // a single file: folder rights do not exist for it
    attr.allowed_access &= kFileRights;
    ok = ::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &attr, 0) == 0;
  }
  const int saved = errno;
  ::close(fd);
  errno = saved;
  return ok;
}

}  // namespace

int landlock_abi() {
  const auto abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kRulesetVersion);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

bool enter_landlock(std::span<const PathRule> rules) {
  const int abi = landlock_abi();
  if (abi == 0) return true;
  const LandlockRuleset attr{.handled_access_fs = fs_rights(abi),
                             .handled_access_net = abi >= 4 ? kNetTcp : 0,
                             .scoped = abi >= 6 ? kScopes : 0};
  const int ruleset =
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attr, ruleset_size(abi), 0));
  if (ruleset < 0) return false;
  bool ok = true;
  for (const PathRule& rule : rules) {
    ok = ok && add_rule(ruleset, rule, attr.handled_access_fs);
  }
  ok = ok && ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  const int saved = errno;
  ::close(ruleset);
  errno = saved;
  return ok;
}

bool drop_capabilities() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return false;
  for (std::uint64_t cap = 0; cap < 64; ++cap) {  // EINVAL: beyond the kernel's last one
    if (::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EINVAL) return false;
  }
  if (::prctl(PR_SET_SECUREBITS,
              SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                  SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                  SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
              0, 0, 0) != 0 &&
      errno != EPERM) {  // without CAP_SETPCAP there is nothing that they could give back
    return false;
  }
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const __user_cap_data_struct none[2] = {};
  return ::syscall(SYS_capset, &header, none) == 0;
}

bool enter_seccomp(std::span<const sock_filter> program) {
  // NOLINTNEXTLINE(*-pro-type-const-cast): the kernel only reads
  auto* const filter = const_cast<sock_filter*>(program.data());
  const sock_fprog prog{.len = static_cast<std::uint16_t>(program.size()), .filter = filter};
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0;
}

}  // namespace ward::keep
