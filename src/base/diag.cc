#include "base/diag.h"

#include <algorithm>

namespace ward {

Diag diag_at(Bytes document, std::size_t offset, std::string_view path, std::string_view expected) {
  Diag diag{.line = 1, .column = 1, .path = std::string(path), .expected = std::string(expected)};
  for (const std::uint8_t b : document.first(std::min(offset, document.size()))) {
    ++diag.column;
    if (b == '\n') {
      ++diag.line;
      diag.column = 1;
    }
  }
  return diag;
}

std::string to_text(const Diag& diag) {
  std::string out;
  if (diag.line > 0) {
    out += "line " + std::to_string(diag.line) + ", column " + std::to_string(diag.column) + ": ";
  }
  if (!diag.path.empty()) out += diag.path + ": ";
  return out + "expected " + diag.expected;
}

}  // namespace ward
