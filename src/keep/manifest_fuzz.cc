#include "base/fuzz.h"
#include "keep/manifest.h"

// What is read can be written, and reads back as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const auto manifest = ward::keep::parse_manifest(ward::Bytes(data, size));
  if (!manifest) return 0;
  const std::string text = ward::keep::to_toml(*manifest);
  const auto again = ward::keep::parse_manifest(ward::as_bytes(text));
  if (!again || !(*again == *manifest)) __builtin_trap();
  return 0;
}
