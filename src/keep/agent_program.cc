// An agent for tests of the workload alone: it runs the manifest's program and reports, without a
// broker, inputs or outputs.
#include <fcntl.h>
#include <unistd.h>

#include "keep/frame.h"
#include "keep/keep_init.h"
#include "keep/measure.h"
#include "keep/runtime.h"
#include "keep/sandbox.h"
#include "keep/workload.h"

namespace {

ward::Buffer read_file(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  ward::Buffer out;
  std::uint8_t block[4096];
  for (ssize_t n = 0; (n = ::read(fd, block, sizeof block)) > 0;) {
    out.insert(out.end(), block, block + n);
  }
  ::close(fd);
  return out;
}

}  // namespace

int main() {
  using namespace ward::keep;  // NOLINT(google-build-using-namespace): a program in its words
  const auto parsed = parse_canonical(read_file(kManifestPath));
  const auto filter = seccomp_program(Role::kWorkload);
  if (!parsed || !filter) return 2;
  const auto report = run_workload({.manifest = &parsed->manifest,
                                    .seccomp = *filter,
                                    .hangup_fd = kDeviceFd,
                                    .door_fd = kDoorFd});
  return report && OutputWriter(kOutputFd).report(*report) ? 0 : 3;
}
