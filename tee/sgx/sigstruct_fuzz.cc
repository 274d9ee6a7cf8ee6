#include "base/fuzz.h"
#include "tee/sgx/sigstruct.h"

// Properties: what parses is written again to the same octets; verifying it ends, whatever its
// numbers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes in(data, size);
  const auto parsed = ward::sgx::parse_sigstruct(in);
  if (!parsed) return 0;
  if (!ward::equal(ward::sgx::write_sigstruct(*parsed), in)) __builtin_trap();
  (void)ward::sgx::verify_sigstruct(*parsed);
  return 0;
}
