#include "base/fuzz.h"
#include "keep/output_channel.h"

// A report that is read is written as it was, unless a text was too long.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const auto report = ward::keep::parse_report(ward::Bytes(data, size));
  if (!report) return 0;
  const auto again = ward::keep::write_report(*report);
  if (!again || !ward::equal(*again, ward::Bytes(data, size))) __builtin_trap();
  return 0;
}
