// ward-keep: the first process of a keep, and its workload's way to the device. The launcher
// executes it in an isolated root, with the descriptors of keep/keep_init.h and nothing else: no
// arguments, no environment. `/ward/keep device ...` is what a workload may execute.
#include <string_view>

#include "apps/ward-keep/agent_main.h"
#include "apps/ward-keep/device_client.h"
#include "crypto/rng.h"
#include "crypto/secret_memory.h"
#include "keep/sealed_files.h"

int main(int argc, char** argv) {
  using namespace ward;  // NOLINT(google-build-using-namespace): a program in its words
  if (argc > 1 && std::string_view(argv[1]) == "device") {
    return keep::device_main(
        std::span<char* const>(argv, static_cast<std::size_t>(argc)).subspan(2));
  }
  use_secret_memory();  // which kind it is, is in the report
  const keep::SystemClock clock;
  crypto::SystemRng rng;
  keep::SealedFileFormat files(rng, clock);
  return keep::agent_main({.rng = &rng, .clock = &clock, .files = &files});
}
