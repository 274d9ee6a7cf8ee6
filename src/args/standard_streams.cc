#include "args/standard_streams.h"

#include <initializer_list>

#include <fcntl.h>
#include <unistd.h>

namespace ward::args {

bool hold_standard_streams() {
  // Input and output the other way round, so that their use fails.
  constexpr int kFlags[] = {O_WRONLY, O_RDONLY, O_RDWR};
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    if (::open("/dev/null", kFlags[fd]) != fd) return false;  // the lowest that is free
  }
  return true;
}

}  // namespace ward::args
