#include "keep/text.h"

#include <algorithm>

#include "codec/utf8.h"

namespace ward::keep {
namespace {

constexpr std::size_t kLongestCharacter = 4;

// character_at is the UTF-8 character that `text` begins with; empty where there is none.
std::string_view character_at(std::string_view text) {
  for (std::size_t n = 1; n <= std::min(text.size(), kLongestCharacter); ++n) {
    if (codec::is_utf8(text.substr(0, n))) return text.substr(0, n);
  }
  return {};
}

}  // namespace

std::string valid_text(std::string_view text, std::size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    const std::string_view character = character_at(text);
    const std::string_view next = character.empty() ? "?" : character;
    if (out.size() + next.size() > max_bytes) break;
    out += next;
    text.remove_prefix(std::max<std::size_t>(character.size(), 1));
  }
  return out;
}

}  // namespace ward::keep
