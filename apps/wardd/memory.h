#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/secret_memory.h"

namespace ward::wardd {

// Memory says what keeps the process's secrets out of swap and core files.
struct Memory {
  bool all_locked = false;  // every page, so the buffers of HTTP and SQLite too
  SecretMemory keys = SecretMemory::kOrdinary;
};

// protect_memory is the first thing in main: no core files, not dumpable, keys in a region of their
// own (crypto/secret_memory.h), and every page locked where that is permitted without a bound.
// RLIMIT_MEMLOCK is raised to its hard limit first.
Memory protect_memory();

// to_text is "all locked", or where the keys lie.
[[nodiscard]] std::string to_text(const Memory& memory);

// swap_warning is the line for people where secrets may reach a disk: not every page is locked, and
// there is `plain_swap` (keep/swap.h).
[[nodiscard]] std::optional<std::string> swap_warning(const Memory& memory,
                                                      const std::vector<std::string>& plain_swap);

}  // namespace ward::wardd
