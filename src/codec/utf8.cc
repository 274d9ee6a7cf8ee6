#include "codec/utf8.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ward::codec {
namespace {

// How many octets follow a lead octet, and the range of the first of them; the others are 80..bf.
struct Sequence {
  std::size_t following = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xbf;
};

constexpr std::size_t kNotALead = 9;

Sequence sequence_of(std::uint8_t lead) {
  if (lead < 0x80) return {};
  if (lead >= 0xc2 && lead <= 0xdf) return {.following = 1};
  if (lead == 0xe0) return {.following = 2, .low = 0xa0};
  if (lead == 0xed) return {.following = 2, .high = 0x9f};
  if (lead >= 0xe1 && lead <= 0xef) return {.following = 2};
  if (lead == 0xf0) return {.following = 3, .low = 0x90};
  if (lead >= 0xf1 && lead <= 0xf3) return {.following = 3};
  if (lead == 0xf4) return {.following = 3, .high = 0x8f};
  return {.following = kNotALead};
}

// How many octets the character that `text` begins with has; 0 where none does. `text` is not
// empty.
std::size_t character_length(std::string_view text) {
  const Sequence want = sequence_of(static_cast<std::uint8_t>(text[0]));
  if (want.following == kNotALead || want.following >= text.size()) return 0;
  for (std::size_t k = 1; k <= want.following; ++k) {
    const auto octet = static_cast<std::uint8_t>(text[k]);
    const std::uint8_t low = k == 1 ? want.low : std::uint8_t{0x80};
    const std::uint8_t high = k == 1 ? want.high : std::uint8_t{0xbf};
    if (octet < low || octet > high) return 0;
  }
  return want.following + 1;
}

constexpr std::size_t kBlock = 32;

// Whether the kBlock octets at `text` are all of ASCII.
bool is_ascii(const char* text) {
  std::array<std::uint64_t, kBlock / 8> words{};
  std::memcpy(words.data(), text, kBlock);
  std::uint64_t all = 0;
  for (const std::uint64_t word : words) {
    all |= word;
  }
  return (all & 0x8080808080808080U) == 0;
}

}  // namespace

std::size_t utf8_prefix(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (text.size() - i >= kBlock && is_ascii(text.data() + i)) {
      i += kBlock;
      continue;
    }
    const std::size_t length = character_length(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return i;
}

bool is_utf8(std::string_view text) { return utf8_prefix(text) == text.size(); }

}  // namespace ward::codec
