#include "base/fuzz.h"
#include "tee/sgx/evidence.h"

// Properties: the layout of whatever parses covers the input exactly, and writing it again gives
// the same octets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes in(data, size);
  const auto quote = ward::sgx::parse_quote(in);
  if (!quote) return 0;
  std::size_t at = 0;
  for (const auto& field : ward::sgx::quote_layout(*quote)) {
    if (field.offset != at) __builtin_trap();
    at += field.size;
  }
  if (at != size) __builtin_trap();
  static_cast<void>(ward::sgx::quote_claims(*quote));
  return 0;
}
