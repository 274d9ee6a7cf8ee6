#pragma once

#include <string>
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

// Patience is how long a program may take.
struct Patience {
  int ms = -1;      // -1: for ever
  int cancel = -1;  // a descriptor that becomes readable when nobody waits any more; -1: none
};

// run_child runs argv[0] with these words to its end. kUnavailable where it cannot be started, or
// was cancelled; kStale where it took too long: it is killed then.
[[nodiscard]] Result<Ran> run_child(std::vector<std::string> words, const Patience& patience = {});

// start_child starts it and returns its process id; it is killed with its starter. Its stdout is
// our stderr.
[[nodiscard]] Result<pid_t> start_child(std::vector<std::string> words);

// end_of waits for a child: its exit code, as Ran has it.
[[nodiscard]] int end_of(pid_t child);

// sibling is the path of a program that stands beside this one.
[[nodiscard]] std::string sibling(const std::string& name);

}  // namespace ward::cli
