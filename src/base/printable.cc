#include "base/printable.h"

#include <cstddef>

namespace ward {
namespace {

// How many octets at `i` are one character that a terminal obeys instead of showing it.
std::size_t control_at(std::string_view text, std::size_t i) {
  const auto octet = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  if (octet(i) < 0x20 || octet(i) == 0x7f) return 1;
  if (octet(i) == 0xc2 && (octet(i + 1) & 0xe0U) == 0x80) return 2;
  if (octet(i) != 0xe2) return 0;
  const bool embedding = octet(i + 1) == 0x80 && octet(i + 2) >= 0xaa && octet(i + 2) <= 0xae;
  const bool isolate = octet(i + 1) == 0x81 && octet(i + 2) >= 0xa6 && octet(i + 2) <= 0xa9;
  return embedding || isolate ? 3 : 0;
}

}  // namespace

std::string for_terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t control = control_at(text, i);
    out += control == 0 ? text[i] : '?';
    i += control == 0 ? 1 : control;
  }
  return out;
}

}  // namespace ward
