#include "apps/softd/signals.h"

#include <cerrno>
#include <csignal>

#include <sys/signalfd.h>

#include "keep/failure.h"

namespace ward::softd {

Result<keep::UniqueFd, keep::Failure> blocked_signals(std::initializer_list<int> numbers) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : numbers) {
    ::sigaddset(&set, number);
  }
  if (const int problem = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); problem != 0) {
    return keep::system_failure("signals", problem);
  }
  keep::UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC));
  if (!fd.valid()) return keep::system_failure("signals", errno);
  return fd;
}

void unblock_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  (void)::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace ward::softd
