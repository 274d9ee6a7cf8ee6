#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

// Other programs of ours, started by `ward up` and `ward role`.
namespace ward::cli {

// Ran is how a program ended, and what it wrote to stdout. Its stderr comes to ours where it
// failed.
struct Ran {
  int exit = 0;  // of a signal: 128 and its number
  std::string out;
};

// Unended are programs that were killed and have not ended: the kernel ends none that waits in it
// for a device. They are reaped when they have. Thread safe.
class Unended {
 public:
  // Ended says whether a child has ended, and reaps it if so; never waits.
  using Ended = std::function<bool(pid_t)>;

  // Where there are `most` no program is started; a program that was killed is given `grace_ms`.
  explicit Unended(std::size_t most, int grace_ms = 1000, Ended ended = has_ended)
      : most_(most), grace_ms_(grace_ms), ended_(std::move(ended)) {}

  Unended(const Unended&) = delete;
  Unended& operator=(const Unended&) = delete;
  ~Unended() = default;

  // count reaps those that have ended by now, and returns how many have not.
  [[nodiscard]] std::size_t count();

  [[nodiscard]] std::size_t most() const { return most_; }

  // leave waits for a child that was killed, at most the grace, and keeps it where it has not
  // ended.
  void leave(pid_t child);

 private:
  [[nodiscard]] static bool has_ended(pid_t child);

  const std::size_t most_;
  const int grace_ms_;
  const Ended ended_;
  std::mutex mutex_;
  std::vector<pid_t> children_;  // under mutex_
};

// Patience is how long a program may take.
struct Patience {
  int ms = -1;      // -1: for ever
  int cancel = -1;  // a descriptor that becomes readable when nobody waits any more; -1: none
  // Takes what was killed and does not end; borrowed. nullptr: its end is waited for without bound.
  Unended* unended = nullptr;
};

// run_child runs argv[0] with these words to its end. kUnavailable where it cannot be started, or
// was cancelled; kStale where it took too long: it is killed then. kLimit where as many as may have
// not ended (their number).
[[nodiscard]] Result<Ran> run_child(std::vector<std::string> words, const Patience& patience = {});

// start_child starts it and returns its process id; it is killed with its starter. Its stdout is
// our stderr.
[[nodiscard]] Result<pid_t> start_child(std::vector<std::string> words);

// end_of waits for a child: its exit code, as Ran has it.
[[nodiscard]] int end_of(pid_t child);

// sibling is the path of a program that stands beside this one.
[[nodiscard]] std::string sibling(const std::string& name);

}  // namespace ward::cli
