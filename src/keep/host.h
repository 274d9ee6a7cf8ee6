#pragma once

#include <cstdint>

#include <sys/types.h>

namespace ward::keep {

// HostIds says who the keep's user is on the host.
struct HostIds {
  bool privileged = false;  // the launcher may mount and may map other ids: root's mode
  uid_t uid = 0;            // of the keep's user; in ordinary mode the launcher's own
  gid_t gid = 0;
  std::uint32_t number = 0;  // of the keep in this launcher
};

// As root each keep has a user id of its own from this range, so that keeps cannot signal or trace
// one another. Nothing on a usual host uses it: it lies below the ids that systemd and the
// container engines hand out (docs: systemd UIDS-GIDS), and above those of people.
inline constexpr uid_t kFirstKeepUid = 1937000000;
inline constexpr std::uint32_t kKeepUids = 65536;

// host_ids decides the mode by the process's capabilities and its own user map.
[[nodiscard]] HostIds host_ids(std::uint32_t number);

// map_ids writes the user and group map of a new user namespace: kInsideUid and nobody else.
// 0, or an errno.
[[nodiscard]] int map_ids(pid_t pid, const HostIds& host);

}  // namespace ward::keep
