#pragma once

#include <cstdint>
#include <string>

namespace ward::ledger {

// index_key is 16 hex digits, so that the store's order is the leaves' order.
[[nodiscard]] std::string index_key(std::uint64_t index);

// node_key names the complete subtree `index` of a level: "03/000000000000002a".
[[nodiscard]] std::string node_key(unsigned level, std::uint64_t index);

}  // namespace ward::ledger
