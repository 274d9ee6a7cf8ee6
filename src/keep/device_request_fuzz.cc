#include "base/fuzz.h"
#include "keep/device_request.h"

// A request as a keep sends it, head and octets. What is read is written as it was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::keep;
  const ward::Bytes octets(data, size);
  if (size < kDeviceHeadSize || size > (std::size_t{1} << 17U)) return 0;
  const auto head = parse_device_head(octets.first<kDeviceHeadSize>());
  if (!head) return 0;
  const auto request = parse_device_request(*head, octets.subspan(kDeviceHeadSize));
  if (!request) return 0;
  if (!ward::equal(write_device_request(*request), octets)) __builtin_trap();
  return 0;
}
