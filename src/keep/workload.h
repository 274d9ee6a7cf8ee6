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

// Warrant says how long a workload may run beside limits.seconds, by a clock of its own: what it
// says may change at any time. Safe from several threads.
class Warrant {
 public:
  Warrant() = default;
  Warrant(const Warrant&) = delete;
  Warrant& operator=(const Warrant&) = delete;
  virtual ~Warrant() = default;

  // Term is when the workload is told to end, and when it is ended.
  struct Term {
    std::int64_t warn_ms = 0;
    std::int64_t end_ms = 0;
  };

  // term, now.
  [[nodiscard]] virtual Term term() = 0;

  // close is true where warn_ms has come, and settles it: the term is not put off any more.
  [[nodiscard]] virtual bool close() = 0;

  // changed_fd is readable once the term is another than term() told last. Borrowed.
  [[nodiscard]] virtual int changed_fd() const = 0;

  // timer_fd is readable whenever the moment set last has come (timerfd_create(2)). Borrowed.
  virtual void set_timer(std::int64_t at_ms) = 0;
  [[nodiscard]] virtual int timer_fd() const = 0;

  // now_ms is its clock.
  [[nodiscard]] virtual std::int64_t now_ms() const = 0;
};

// WorkloadRequest is one run of the manifest's program by the agent, the keep's first process.
struct WorkloadRequest {
  const Manifest* manifest = nullptr;
  std::span<const sock_filter> seccomp;  // seccomp_program(Role::kWorkload)
  int hangup_fd = -1;                    // when its other end closes, the run is over; -1: none
  int door_fd = -1;                      // becomes kWorkloadDoorFd (keep/keep_init.h); -1: none
  Warrant* warrant = nullptr;            // borrowed; nullptr: limits.seconds alone
};

// run_workload starts the program with nothing but stdin, stdout, stderr and the door to its
// device, under Landlock (its own files read-only, /out /tmp /dev/shm writable, of /ward the
// program /ward/keep, to be executed, and nothing else) and the stricter filter, waits for it or
// for limits.seconds, ends every process that is left in the pid namespace and reaps them all. The
// report's subject is empty; where the launcher went away it is kInternal, and its detail says so.
// Where the warrant's warn_ms comes first, all processes get SIGTERM, and at end_ms they are ended;
// the report is then kLeaseExpired whatever they returned, and so it is where the workload returned
// after end_ms.
// Only for pid 1: kInternal otherwise, and where the kernel refuses what it needs.
[[nodiscard]] Result<RunReport> run_workload(const WorkloadRequest& request);

}  // namespace ward::keep
