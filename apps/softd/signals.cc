#include "apps/softd/signals.h"

#include <cerrno>
#include <csignal>

#include <sys/signalfd.h>

#include "keep/failure.h"

namespace ward::softd {

Result<keep::UniqueFd, keep::Failure> blocked_signals(std::initializer_list<int> numbers) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : numbers)
    ::sigaddset(&set, number);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return keep::system_failure("signals", errno);
  keep::UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC));
  if (!fd.valid()) return keep::system_failure("signals", errno);
  return fd;
}

void unblock_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace ward::softd
