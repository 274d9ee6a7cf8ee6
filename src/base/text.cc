#include "base/text.h"

#include <algorithm>

namespace ward {

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  bool first = true;
  for (const std::string& part : parts) {
    if (!first) out += between;
    first = false;
    out += part;
  }
  return out;
}

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace ward
