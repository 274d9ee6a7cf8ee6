#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <linux/filter.h>

#include "base/result.h"

// The kernel's fences around one process. The enter_* functions allocate nothing, so they may run
// between fork and exec; they act on the calling thread and cannot be undone.
namespace ward::keep {

using SeccompProgram = std::vector<sock_filter>;

// Who a filter is for: the agent may make secret memory, the workload may not.
enum class Role : std::uint8_t { kAgent, kWorkload };

// SharedMemory of System V outlives every mapping of it, so that no limit of a process counts it:
// it is refused where no cgroup does.
enum class SharedMemory : std::uint8_t { kAllowed, kRefused };

// seccomp_program compiles the allow-list: no socket is made, no other process is traced or read,
// no namespace entered, no file executed but by its path. Unlisted calls fail with ENOSYS, known
// dangerous ones with EPERM. kInternal where libseccomp fails.
[[nodiscard]] Result<SeccompProgram> seccomp_program(
    Role role, SharedMemory shared_memory = SharedMemory::kAllowed);

// enter_seccomp installs a compiled filter. False with errno where the kernel refuses.
[[nodiscard]] bool enter_seccomp(std::span<const sock_filter> program);

// drop_capabilities empties every capability set of the calling thread, the bounding set included,
// and sets no_new_privs. False with errno.
[[nodiscard]] bool drop_capabilities();

// PathRule gives rights to everything below `path`.
struct PathRule {
  const char* path;
  std::uint64_t access;  // LANDLOCK_ACCESS_FS_*
};

inline constexpr std::uint64_t kLandlockExecute = 1U << 0U;
inline constexpr std::uint64_t kLandlockWriteFile = 1U << 1U;
inline constexpr std::uint64_t kLandlockReadFile = 1U << 2U;
inline constexpr std::uint64_t kLandlockReadDir = 1U << 3U;
inline constexpr std::uint64_t kLandlockRemoveDir = 1U << 4U;
inline constexpr std::uint64_t kLandlockRemoveFile = 1U << 5U;
inline constexpr std::uint64_t kLandlockMakeDir = 1U << 7U;
inline constexpr std::uint64_t kLandlockMakeReg = 1U << 8U;
inline constexpr std::uint64_t kLandlockMakeSock = 1U << 9U;
inline constexpr std::uint64_t kLandlockMakeFifo = 1U << 10U;
inline constexpr std::uint64_t kLandlockMakeSym = 1U << 12U;
inline constexpr std::uint64_t kLandlockRefer = 1U << 13U;
inline constexpr std::uint64_t kLandlockTruncate = 1U << 14U;

inline constexpr std::uint64_t kReadOnly = kLandlockReadFile | kLandlockReadDir;
inline constexpr std::uint64_t kReadExecute = kReadOnly | kLandlockExecute;
inline constexpr std::uint64_t kScratch = kReadOnly | kLandlockWriteFile | kLandlockRemoveDir |
                                          kLandlockRemoveFile | kLandlockMakeDir |
                                          kLandlockMakeReg | kLandlockMakeSock | kLandlockMakeFifo |
                                          kLandlockMakeSym | kLandlockRefer | kLandlockTruncate;

// landlock_abi is the kernel's version; 0 where it has none.
[[nodiscard]] int landlock_abi();

// enter_landlock allows what `rules` say and nothing else: files, TCP (none), signals and abstract
// sockets to outside (none), each as far as the kernel's version goes. A rule whose path does not
// exist is an error. True without any effect where landlock_abi() is 0.
[[nodiscard]] bool enter_landlock(std::span<const PathRule> rules);

}  // namespace ward::keep
