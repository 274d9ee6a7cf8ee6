#include "base/fuzz.h"
#include "codec/xml.h"
#include "tee/nvidia/rim.h"

// What is read stands in the octets that are signed, whole.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const auto rim = ward::nvidia::parse_rim(ward::Bytes(data, size));
  if (!rim) return 0;
  if (rim->certificates.empty() || rim->content.golden.empty()) __builtin_trap();
  for (const auto& golden : rim->content.golden) {
    for (const auto& value : golden.values) {
      if (value.size() != ward::nvidia::kGoldenSize) __builtin_trap();
    }
  }
  if (!ward::codec::parse_xml(ward::as_bytes(rim->signed_octets))) __builtin_trap();
  if (!ward::codec::parse_xml(ward::as_bytes(rim->signed_info))) __builtin_trap();
  return 0;
}
