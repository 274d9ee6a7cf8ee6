// ward-keep as a test needs it that meets silent peers: it waits for a fraction of a second.
#include "apps/ward-keep/agent_main.h"
#include "crypto/rng.h"
#include "keep/sealed_files.h"

int main() {
  using namespace ward;  // NOLINT(google-build-using-namespace): a program in its words
  const keep::SystemClock clock;
  crypto::SystemRng rng;
  keep::SealedFileFormat files(rng, clock);
  return keep::agent_main({.rng = &rng, .clock = &clock, .files = &files, .release_limit_ms = 400});
}
