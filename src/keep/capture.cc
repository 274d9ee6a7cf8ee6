#include "keep/capture.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keep/failure.h"
#include "keep/fd.h"

namespace ward::keep {
namespace {

// Actions frees what posix_spawn is told to do.
struct Actions {
  Actions() { ::posix_spawn_file_actions_init(&actions); }

  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;

  ~Actions() { ::posix_spawn_file_actions_destroy(&actions); }

  posix_spawn_file_actions_t actions{};
};

}  // namespace

Result<std::string, Failure> capture(const std::vector<std::string>& argv) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_failure("pipe", errno);
  const UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  Actions spawn;
  ::posix_spawn_file_actions_addopen(&spawn.actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&spawn.actions, to.get(), 1);
  ::posix_spawn_file_actions_addopen(&spawn.actions, 2, "/dev/null", O_WRONLY, 0);
  std::vector<char*> pointers;
  pointers.reserve(argv.size() + 1);
  for (const std::string& argument : argv) {
    // NOLINTNEXTLINE(*-pro-type-const-cast): posix_spawn only reads
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  char* const no_environment[] = {nullptr};
  pid_t pid = 0;
  const int problem = ::posix_spawn(&pid, argv.front().c_str(), &spawn.actions, nullptr,
                                    pointers.data(), no_environment);
  if (problem != 0) return system_failure(argv.front(), problem);
  to.reset();
  std::string out;
  char block[4096];
  for (ssize_t n = 0; (n = ::read(from.get(), block, sizeof block)) > 0;) {
    if (out.size() <= kMaxCapturedBytes) out.append(block, static_cast<std::size_t>(n));
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (out.size() > kMaxCapturedBytes) {
    return Failure{.code = Errc::kLimit, .what = argv.front() + ": writes too much"};
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Failure{.code = Errc::kUnavailable, .what = argv.front() + ": failed"};
  }
  return out;
}

}  // namespace ward::keep
