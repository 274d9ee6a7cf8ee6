#include "base/fuzz.h"
#include "keep/launch_options.h"

// What is read is written as it was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes octets(data, size);
  const auto options = ward::keep::parse_launch_options(octets);
  if (!options) return 0;
  const auto again = ward::keep::write_launch_options(*options);
  if (!again || !ward::equal(*again, octets)) __builtin_trap();
  return 0;
}
