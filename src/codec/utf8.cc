#include "codec/utf8.h"

#include <cstddef>
#include <cstdint>

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

}  // namespace

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const Sequence want = sequence_of(static_cast<std::uint8_t>(text[i]));
    ++i;
    if (want.following == kNotALead || want.following > text.size() - i) return false;
    for (std::size_t k = 0; k < want.following; ++k) {
      const auto octet = static_cast<std::uint8_t>(text[i + k]);
      const std::uint8_t low = k == 0 ? want.low : std::uint8_t{0x80};
      const std::uint8_t high = k == 0 ? want.high : std::uint8_t{0xbf};
      if (octet < low || octet > high) return false;
    }
    i += want.following;
  }
  return true;
}

}  // namespace ward::codec
