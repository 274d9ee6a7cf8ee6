#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <linux/filter.h>

#include "base/result.h"
#include "keep/manifest.h"
#include "keep/output_channel.h"

namespace ward::keep {

// WorkloadRequest is one run of the manifest's program by the agent, the keep's first process.
struct WorkloadRequest {
  const Manifest* manifest = nullptr;
  std::span<const sock_filter> seccomp;  // seccomp_program(Role::kWorkload)
  int hangup_fd = -1;                    // when its other end closes, the run is over; -1: none
  int door_fd = -1;                      // becomes kWorkloadDoorFd (keep/keep_init.h); -1: none
};

// run_workload starts the program with nothing but stdin, stdout, stderr and the door to its
// device, under Landlock (its own files read-only, /out /tmp /dev/shm writable, of /ward the
// program /ward/keep, to be executed, and nothing else) and the stricter filter, waits for it or
// for limits.seconds, ends every process that is left in the pid namespace and reaps them all. The
// report's subject is empty; where the launcher went away it is kInternal, and its detail says so.
// Only for pid 1: kInternal otherwise, and where the kernel refuses what it needs.
[[nodiscard]] Result<RunReport> run_workload(const WorkloadRequest& request);

}  // namespace ward::keep
