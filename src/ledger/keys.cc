#include "ledger/keys.h"

#include "base/bytes.h"
#include "base/writer.h"

namespace ward::ledger {

std::string index_key(std::uint64_t index) {
  Writer w;
  w.u64be(index);
  return to_hex(w.view());
}

std::string node_key(unsigned level, std::uint64_t index) {
  Writer w;
  w.u8(static_cast<std::uint8_t>(level));
  return to_hex(w.view()) + '/' + index_key(index);
}

}  // namespace ward::ledger
