#include "base/fuzz.h"
#include "codec/pem.h"

// What parses is written and parsed again to the same blocks.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const auto blocks = ward::codec::parse_pem(ward::as_text(ward::Bytes(data, size)));
  if (!blocks) return 0;
  std::string text;
  for (const auto& block : *blocks)
    text += ward::codec::to_pem(block.label, block.der);
  const auto again = ward::codec::parse_pem(text);
  if (!again || again->size() != blocks->size()) __builtin_trap();
  for (std::size_t i = 0; i < blocks->size(); ++i) {
    if ((*again)[i].label != (*blocks)[i].label || (*again)[i].der != (*blocks)[i].der) {
      __builtin_trap();
    }
  }
  return 0;
}
