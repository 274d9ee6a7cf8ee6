#include "base/fuzz.h"
#include "tee/sgx/key_request.h"
#include "tee/sgx/target_info.h"

// Properties: what parses as TARGETINFO or as KEYREQUEST is written again to the same octets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes in(data, size);
  const auto target = ward::sgx::parse_target_info(in);
  if (target && !ward::equal(ward::sgx::write_target_info(*target), in)) __builtin_trap();
  const auto request = ward::sgx::parse_key_request(in);
  if (request && !ward::equal(ward::sgx::write_key_request(*request), in)) __builtin_trap();
  return 0;
}
