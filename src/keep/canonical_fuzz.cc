#include "base/fuzz.h"
#include "keep/measure.h"

// What is read is exactly what would be written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const auto parsed = ward::keep::parse_canonical(ward::Bytes(data, size));
  if (!parsed) return 0;
  const auto again = ward::keep::canonical_manifest(parsed->manifest, parsed->root);
  if (!again || !ward::equal(*again, ward::Bytes(data, size))) __builtin_trap();
  return 0;
}
