#include "keep/elf_kind.h"

#include <string_view>

namespace ward::keep {
namespace {

bool begins_with(Bytes head, std::string_view text) {
  return head.size() >= text.size() && as_text(head.first(text.size())) == text;
}

// is_library goes by the name: "libc.so.6", "_ssl.cpython-311-x86_64-linux-gnu.so". The dynamic
// linker is executed by the kernel, never read by anyone, hence a program.
bool is_library(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.starts_with("ld-linux") || name.starts_with("ld-musl") || name == "ld.so.1")
    return false;
  return name.ends_with(".so") || name.find(".so.") != std::string_view::npos;
}

}  // namespace

bool is_elf(Bytes head) {
  return begins_with(head,
                     "\x7f"
                     "ELF");
}

FileMode program_mode(Bytes head, std::string_view path) {
  if (begins_with(head, "#!")) return FileMode::kScript;
  if (is_elf(head) && !is_library(path)) return FileMode::kProgram;
  return FileMode::kData;
}

}  // namespace ward::keep
