#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/types.h>

// The first process of a keep, between clone and exec of the agent. It runs in a copy of the
// launcher's memory, which may have had other threads, so nothing here allocates or locks.
namespace ward::keep {

// Ids of the keep's user inside. There is no other: no root exists in a keep.
inline constexpr unsigned kInsideUid = 1000;
inline constexpr unsigned kInsideGid = 1000;

// Descriptors of the agent. Inputs follow from kInputFd on, in the manifest's order.
inline constexpr int kRelayFd = 3;
inline constexpr int kDeviceFd = 4;
inline constexpr int kOutputFd = 5;
inline constexpr int kDoorFd = 6;
inline constexpr int kInputFd = 7;

// The workload's end of the door to its device (keep/device_server.h): its only descriptor beside
// stdin, stdout and stderr.
inline constexpr int kWorkloadDoorFd = 3;

inline constexpr std::size_t kMaxInheritedFds = 48;

// Where the first process was when it failed.
enum class InitStage : std::uint32_t {
  kHandshake,
  kIdentity,
  kPrivateMounts,
  kRootTmpfs,
  kWorkTmpfs,
  kAttachRoot,
  kDevices,
  kProc,
  kWorkFolders,
  kPivot,
  kReadOnly,
  kDescriptors,
  kLimits,
  kLandlock,
  kCapabilities,
  kSeccomp,
  kExec,
};

[[nodiscard]] const char* to_text(InitStage stage);

// InitFailure is what the first process writes to `sync_fd` before it ends.
struct InitFailure {
  InitStage stage = InitStage::kHandshake;
  std::int32_t error_number = 0;
};

// What RLIMIT_CORE is in a keep. 0 does not stop a core_pattern that is a pipe (`|/usr/lib/...`),
// to which the kernel hands the whole memory whatever the limit; 1 is the value at which it starts
// no handler (core(5); fs/coredump.c), and too little for a file. The agent is undumpable besides
// (PR_SET_DUMPABLE 0). A workload cannot be: exec sets the flag anew, for a program that cannot be
// read to fs.suid_dumpable, and that is 2, "hand it to the pipe", on hosts with systemd-coredump.
// So a keep's programs cannot set this limit (seccomp.cc).
inline constexpr rlim_t kNoCore = 1;

// RlimitEntry is one rlimit, soft and hard alike.
struct RlimitEntry {
  int resource;
  rlim_t value;
};

// InitPlan is prepared by the launcher before clone; everything it points to outlives the exec.
struct InitPlan {
  int sync_fd = -1;     // the launcher's other end of a stream socket pair
  int root_mount = -1;  // detached mounts where the launcher could make them (root), else -1
  int work_mount = -1;
  std::uint64_t root_size_bytes = 0;
  std::uint64_t work_size_bytes = 0;
  std::span<const int> fds;  // become descriptors 0, 1, 2, ...
  std::span<const RlimitEntry> limits;
  std::span<const sock_filter> seccomp;
};

// Messages on the sync socket after clone, launcher to first process and back.
inline constexpr std::uint8_t kMapped = 'm';     // launcher: user ids are mapped
inline constexpr std::uint8_t kMounts = 'f';     // first process: here are the mounts (SCM_RIGHTS)
inline constexpr std::uint8_t kPopulated = 'p';  // launcher: the root is complete

// run_init isolates the calling process and executes the agent; it never returns.
[[noreturn]] void run_init(const InitPlan& given);

// TmpfsSpec describes a private tmpfs.
struct TmpfsSpec {
  std::uint64_t size_bytes = 0;
  bool huge_pages = false;  // where the kernel has them
  bool no_swap = false;     // refused inside a user namespace
  bool no_exec = false;
  uid_t uid = 0;
  gid_t gid = 0;
};

// make_tmpfs returns a detached mount, nosuid and nodev; -1 with errno. Allocates nothing.
[[nodiscard]] int make_tmpfs(const TmpfsSpec& spec);

}  // namespace ward::keep
