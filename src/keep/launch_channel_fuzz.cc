#include "base/fuzz.h"
#include "keep/launch_channel.h"

// The first octet is the kind of an event, the rest its CBOR. What is read is written as it was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > ward::keep::kMaxEventBytes) return 0;
  const ward::Bytes octets = ward::Bytes(data, size).subspan(1);
  const auto event = ward::keep::parse_event(data[0], octets);
  if (!event) return 0;
  const auto again = ward::keep::write_event(*event);
  if (!again || again->kind != data[0] || !ward::equal(again->octets, octets)) __builtin_trap();
  return 0;
}
