#include "base/fuzz.h"
#include "tee/snp/key_request.h"

// Property: what parses is written again to the same octets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes in(data, size);
  const auto parsed = ward::snp::parse_key_request(in);
  if (parsed && !ward::equal(ward::snp::write_key_request(*parsed), in)) __builtin_trap();
  return 0;
}
