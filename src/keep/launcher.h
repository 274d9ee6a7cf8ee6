#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/types.h>

#include "base/result.h"
#include "keep/device.h"
#include "keep/failure.h"
#include "keep/manifest.h"
#include "keep/measure.h"

// The launcher builds a keep's root, measures it and starts the agent in it. It holds ciphertext
// and measured files only: keys and plaintext come to be inside. softd is its caller.
namespace ward::keep {

// FileReader is the user under whose rights the launcher opens the sources when it is root, so that
// nobody reads through it what he could not read himself.
struct FileReader {
  uid_t uid = 0;
  gid_t gid = 0;
};

// LaunchRequest names everything that goes into a keep. Descriptors are borrowed: the launcher
// duplicates what it hands in. stdin is always empty.
struct LaunchRequest {
  const Manifest* manifest = nullptr;
  int root_fd = -1;    // folder below which every `source` is looked up; links never lead out of it
  int relay_fd = -1;   // stream socket: the one way out, to the broker (keep/door.h). -1: none
  int output_fd = -1;  // stream: sealed outputs and the run's report (keep/output_channel.h)
  int stdout_fd = -1;  // -1: /dev/null
  int stderr_fd = -1;
  std::optional<FileReader> reader;
  // Picks the keep's user id in root's mode: different for keeps that run at the same time.
  // nullopt: this process counts. Below kKeepUids (keep/host.h).
  std::optional<std::uint32_t> number;
  std::string agent;  // path of the ward-keep program, a static ELF file
  // Asked once, with what was measured, before the keep's first instruction; a failure gives it up.
  // Empty: nobody is asked.
  std::function<Result<void, Failure>(const Measured&)> admit;
  // The keep is ended after so many milliseconds, whatever it does. 0: longest_run_ms of the
  // manifest (keep/deadline.h).
  std::int64_t longest_ms = 0;
  // Asked again and again while the keep is built: true gives it up (kUnavailable). Empty: never.
  std::function<bool()> given_up;
};

// Enforcement says what bounds a limit on this host.
struct Enforcement {
  std::string limit;      // "memory", "processes", "swap", ...
  std::string mechanism;  // "cgroup v1", "cgroup v2", "rlimit (of each process)", "no swap"

  friend bool operator==(const Enforcement&, const Enforcement&) = default;
};

// Keep is a keep that has started. Its destructor kills every process in it and frees its root.
// One thread at a time, except kill().
class Keep {
 public:
  Keep(const Keep&) = delete;
  Keep& operator=(const Keep&) = delete;
  virtual ~Keep() = default;

  // measured is what was copied into the root, by the launcher itself.
  [[nodiscard]] virtual const Measured& measured() const = 0;

  [[nodiscard]] virtual const std::vector<Enforcement>& enforcement() const = 0;

  // attend answers what agent and workload ask of their device, with `device`: true once the keep
  // has ended, false as soon as one of `ends` has an event. Nobody who is slow holds up another.
  // It returns after an end even while somebody is being answered: it waits for nothing but
  // poll(2).
  [[nodiscard]] virtual bool attend(Device& device, std::span<const pollfd> ends) = 0;

  // hang_up shows the agent that its launcher is gone; for tests.
  virtual void hang_up() = 0;

  // pid_fd is readable when the keep has ended (pidfd_open(2)).
  [[nodiscard]] virtual int pid_fd() const = 0;

  // pid of the keep's first process, in the launcher's pid namespace; for tests and for people.
  [[nodiscard]] virtual pid_t pid() const = 0;

  // kill ends every process of the keep at once. Safe from any thread.
  virtual void kill() = 0;

  // wait blocks until the keep has ended and returns its exit status as waitpid(2) gives it.
  [[nodiscard]] virtual Result<int> wait() = 0;

 protected:
  Keep() = default;
};

// launch starts a keep. The caller then attends to it until it ends. The keep dies with
// the thread that calls launch, however that ends, and whatever was built of it goes with it but
// its cgroups (remove_orphaned_groups of keep/cgroup.h). The calling process should be undumpable
// where it is root (an ordinary user's cannot be: it could not map the keep's user ids) and must
// not have set SIGCHLD to be ignored.
[[nodiscard]] Result<std::unique_ptr<Keep>, Failure> launch(const LaunchRequest& request);

// measure computes what launch would measure, and starts nothing. `request` needs manifest,
// root_fd and agent only.
[[nodiscard]] Result<Measured, Failure> measure(const LaunchRequest& request);

}  // namespace ward::keep
