// Any octets as a leaf: no crash, and what parses is exactly what encode_leaf writes.
#include "base/fuzz.h"
#include "ledger/entry.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward;
  if (size > 1U << 17U) return 0;
  const Bytes input(data, size);
  const auto leaf = ledger::parse_leaf(input);
  if (!leaf) return 0;
  const auto again = ledger::encode_leaf(leaf->index, leaf->entry);
  if (!again || !equal(*again, input)) __builtin_trap();
  return 0;
}
