#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

// Every octet that a process reads, writes or maps, by ptrace(2).
namespace ward::test {

// Transfers is what an observed program moved.
struct Transfers {
  // Buffers of read, write and their kin as they were handed over, files that the kernel moved by
  // itself (sendfile, copy_file_range, splice), and mapped files, when mapped and again when
  // unmapped or at the end. In the order of the calls.
  std::string octets;
  // Calls that could move octets unseen: io_uring, vmsplice, splice between pipes, ...
  std::set<std::string> unseen;
  std::size_t calls = 0;  // system calls in all
  int exit = -1;          // exit status; 128 + the signal's number where one ended it
};

// observe runs argv[0] (a path) without an environment and follows it and its threads, not its
// children, to the end. `in_child` runs between fork and exec, so it must not allocate; `in_parent`
// afterwards, before the program has done anything.
[[nodiscard]] Transfers observe(const std::vector<std::string>& argv,
                                const std::function<void()>& in_child,
                                const std::function<void()>& in_parent);

}  // namespace ward::test
