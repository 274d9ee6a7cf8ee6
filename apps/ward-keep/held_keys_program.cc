// ward-keep as a test needs it to look for keys: its random octets are known, and it stays where it
// is once an input's key has been released. WARD_KEY_MEMORY is the best kind of memory it asks for.
#include <algorithm>

#include <unistd.h>

#include "apps/ward-keep/agent_main.h"
#include "crypto/rng.h"
#include "crypto/secret_memory.h"
#include "keep/sealed_files.h"

namespace {

using namespace ward;  // NOLINT(google-build-using-namespace): a program in its words

class StayingFiles final : public keep::SealedFiles {
 public:
  Result<keep::OpenedInput> open_input(const keep::InputEntry& /*input*/, Bytes key,
                                       int /*sealed_fd*/, int /*plain_fd*/) override {
    Secret<32> copy;  // as the sealed format has one on the stack
    std::copy_n(key.begin(), copy.expose().size(), copy.expose_mut().begin());
    const std::string_view kind = to_text(secret_memory_in_use());
    (void)!::write(STDOUT_FILENO, kind.data(), kind.size());
    for (;;) {
      ::pause();
    }
  }

  Result<void> seal_output(const keep::OutputEntry& /*output*/, const keep::OutputProof& /*proof*/,
                           const crypto::PrivateKey& /*key*/, int /*plain_fd*/,
                           keep::OutputWriter& /*to*/) override {
    return Error(Errc::kInternal, "test: no output");
  }
};

}  // namespace

int main() {
  use_secret_memory(SecretMemory::WARD_KEY_MEMORY);
  const keep::SystemClock clock;
  crypto::SeededRng rng(as_bytes("keys that a test knows"));
  StayingFiles files;
  return keep::agent_main({.rng = &rng, .clock = &clock, .files = &files});
}
