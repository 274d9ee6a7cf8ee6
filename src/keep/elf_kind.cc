#include "keep/elf_kind.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <elf.h>
#include <unistd.h>

namespace ward::keep {
namespace {

bool begins_with(Bytes head, std::string_view text) {
  return head.size() >= text.size() && as_text(head.first(text.size())) == text;
}

// is_library goes by the name: "libc.so.6", "_ssl.cpython-311-x86_64-linux-gnu.so". The dynamic
// linker is executed by the kernel, never read by anyone, hence a program.
bool is_library(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.starts_with("ld-linux") || name.starts_with("ld-musl") || name == "ld.so.1") {
    return false;
  }
  return name.ends_with(".so") || name.find(".so.") != std::string_view::npos;
}

}  // namespace

bool is_elf(Bytes head) {
  return begins_with(head,
                     "\x7f"
                     "ELF");
}

bool is_static_program(int file) {
  constexpr unsigned kMostHeaders = 64;
  Elf64_Ehdr head{};
  if (::pread(file, &head, sizeof head, 0) != static_cast<ssize_t>(sizeof head)) return false;
  if (!std::equal(head.e_ident, head.e_ident + SELFMAG, ELFMAG) ||
      head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phentsize != sizeof(Elf64_Phdr) ||
      head.e_phnum == 0 || head.e_phnum > kMostHeaders) {
    return false;
  }
  std::array<Elf64_Phdr, kMostHeaders> parts{};
  const std::size_t size = head.e_phnum * sizeof(Elf64_Phdr);
  if (::pread(file, parts.data(), size, static_cast<off_t>(head.e_phoff)) !=
      static_cast<ssize_t>(size)) {
    return false;
  }
  return std::none_of(parts.begin(), parts.begin() + head.e_phnum,
                      [](const Elf64_Phdr& part) { return part.p_type == PT_INTERP; });
}

FileMode program_mode(Bytes head, std::string_view path) {
  if (begins_with(head, "#!")) return FileMode::kScript;
  if (is_elf(head) && !is_library(path)) return FileMode::kProgram;
  return FileMode::kData;
}

}  // namespace ward::keep
