#pragma once

#include <string>

#include <sys/types.h>

#include "base/bytes.h"

// Another process's memory, as somebody outside reads it.
namespace ward::test {

enum class MemoryReader : std::uint8_t { kProcMem, kVmReadv };

// readable_memory reads all that a process has mapped, page by page: /proc/PID/mem or
// process_vm_readv(2). What is refused is left out; so are mappings beyond 256 MiB, which are a
// sanitizer's. Empty where the process itself may not be read.
[[nodiscard]] std::string readable_memory(pid_t pid, MemoryReader reader = MemoryReader::kProcMem);

// holds is true where `needle` stands in `memory`.
[[nodiscard]] bool holds(const std::string& memory, Bytes needle);

// has_memfd_secret is true where this kernel gives secret memory.
[[nodiscard]] bool has_memfd_secret();

}  // namespace ward::test
