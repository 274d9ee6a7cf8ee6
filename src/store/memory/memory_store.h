#pragma once

#include <memory>

#include "store/store.h"

namespace ward::store {

// make_memory_store keeps rows in this process only: for tests and for tools that throw their state
// away. "Durable" then means until the object dies.
[[nodiscard]] std::unique_ptr<Store> make_memory_store();

}  // namespace ward::store
