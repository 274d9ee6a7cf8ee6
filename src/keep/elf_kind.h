#pragma once

#include "base/bytes.h"
#include "keep/manifest.h"

namespace ward::keep {

// program_mode sorts a file that its owner may execute by its first octets and its name: kScript
// for
// `#!`, kProgram for an ELF program, kData for anything else. Shared libraries are executable files
// on many systems, some can even be run (libc.so.6), but they are read and mapped: an ELF file
// whose name ends in `.so` or holds `.so.` is data, except the dynamic linker, which only the
// kernel opens.
[[nodiscard]] FileMode program_mode(Bytes head, std::string_view path);

// is_elf is true where `head` begins an ELF file.
[[nodiscard]] bool is_elf(Bytes head);

// is_static_program is true for a file that begins with a 64-bit ELF program which names no dynamic
// linker: it runs where there is none. `file` is borrowed; its position stays.
[[nodiscard]] bool is_static_program(int file);

}  // namespace ward::keep
