#include "base/fuzz.h"
#include "tee/tdx/local_report.h"

// Property: what parses is written again to the same octets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes in(data, size);
  const auto parsed = ward::tdx::parse_local_report(in);
  if (parsed && !ward::equal(ward::tdx::write_local_report(*parsed), in)) __builtin_trap();
  return 0;
}
