#include "base/fuzz.h"
#include "tee/tpm/credential.h"

// Properties: what is read is written again to the same octets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes in(data, size);
  const auto credential = ward::tpm::read_credential(in);
  if (credential && !ward::equal(ward::tpm::write_credential(*credential), in)) __builtin_trap();
  const auto challenge = ward::tpm::read_challenge(in);
  if (challenge && !ward::equal(ward::tpm::write_challenge(*challenge).expose(), in)) {
    __builtin_trap();
  }
  return 0;
}
