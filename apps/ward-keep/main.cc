// ward-keep: the first process of a keep. The launcher executes it in an isolated root, with the
// descriptors of keep/keep_init.h and nothing else: no arguments, no environment.
#include "apps/ward-keep/agent_main.h"
#include "crypto/rng.h"
#include "crypto/secret_memory.h"
#include "keep/sealed_files.h"

int main() {
  using namespace ward;
  use_secret_memory();  // which kind it is, is in the report
  const keep::SystemClock clock;
  crypto::SystemRng rng;
  keep::SealedFileFormat files(rng, clock);
  return keep::agent_main({.rng = &rng, .clock = &clock, .files = &files});
}
