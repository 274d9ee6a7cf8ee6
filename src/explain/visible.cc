#include "explain/visible.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "codec/utf8.h"

namespace ward::explain {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode's general categories Cc and Cf, line and paragraph separators, and what is read as
// nothing or is no character.
constexpr auto kInvisible = std::to_array<Range>({
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
    {0x0600, 0x0605},   {0x061c, 0x061c},   {0x06dd, 0x06dd},   {0x070f, 0x070f},
    {0x0890, 0x0891},   {0x08e2, 0x08e2},   {0x115f, 0x1160},   {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
    {0x3164, 0x3164},   {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x110bd, 0x110bd},
    {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff},
});

bool invisible(char32_t c) {
  if ((c & 0xfffeU) == 0xfffe) return true;
  return std::ranges::any_of(kInvisible, [&](Range r) { return c >= r.first && c <= r.last; });
}

std::string hex(std::uint32_t value, std::size_t digits) {
  std::string out(digits, '0');
  for (std::size_t i = digits; i-- > 0; value >>= 4U) {
    out[i] = "0123456789abcdef"[value & 15U];
  }
  return out;
}

// One character of UTF-8 at the front of `text`, or one octet that is none.
struct Character {
  std::string_view octets;
  char32_t code = 0;
  bool valid = false;
};

Character first_of(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const std::string_view octets = text.substr(0, size);
  if (octets.size() < size || !codec::is_utf8(octets)) return {text.substr(0, 1), lead, false};
  char32_t code = size == 1 ? lead : lead & (0x7fU >> size);
  for (const char c : octets.substr(1)) {
    code = (code << 6U) | (static_cast<std::uint8_t>(c) & 0x3fU);
  }
  return {octets, code, true};
}

// map calls `write` with each character and joins what it returns.
template <class Write>
std::string map(std::string_view text, const Write& write) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character c = first_of(text);
    out += write(c);
    text.remove_prefix(c.octets.size());
  }
  return out;
}

std::string spelt_octet(const Character& c) { return "\\x" + hex(c.code, 2); }

std::string json_escape(char32_t code) {
  if (code < 0x10000) return "\\u" + hex(code, 4);
  const char32_t rest = code - 0x10000;  // RFC 8259 section 7: a surrogate pair
  return "\\u" + hex(0xd800 + (rest >> 10U), 4) + "\\u" + hex(0xdc00 + (rest & 0x3ffU), 4);
}

}  // namespace

std::string visible(std::string_view text) {
  return map(text, [](const Character& c) {
    if (!c.valid) return spelt_octet(c);
    if (!invisible(c.code)) return std::string(c.octets);
    return c.code < 0x10000 ? "\\u" + hex(c.code, 4) : "\\u{" + hex(c.code, 5) + "}";
  });
}

std::string utf8(std::string_view text) {
  if (codec::is_utf8(text)) return std::string(text);
  return map(text,
             [](const Character& c) { return c.valid ? std::string(c.octets) : spelt_octet(c); });
}

std::string json_for_html(std::string_view json) {
  return map(json, [](const Character& c) {
    const bool markup = c.code == U'<' || c.code == U'>' || c.code == U'&';
    // Line ends stand between JSON's values alone: in a string they are escaped already.
    if (markup || (invisible(c.code) && c.code != U'\n')) return json_escape(c.code);
    return std::string(c.octets);
  });
}

}  // namespace ward::explain
