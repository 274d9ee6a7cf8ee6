#include "tee/tcg/efi_text.h"

#include <algorithm>

#include "base/reader.h"
#include "codec/utf8.h"

namespace ward::tcg {
namespace {

void append_utf8(char32_t c, std::string& out) {
  const auto put = [&out](char32_t octet) { out += static_cast<char>(octet); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0U | (c >> 6U));
    put(0x80U | (c & 0x3fU));
  } else if (c < 0x10000) {
    put(0xe0U | (c >> 12U));
    put(0x80U | ((c >> 6U) & 0x3fU));
    put(0x80U | (c & 0x3fU));
  } else {
    put(0xf0U | (c >> 18U));
    put(0x80U | ((c >> 12U) & 0x3fU));
    put(0x80U | ((c >> 6U) & 0x3fU));
    put(0x80U | (c & 0x3fU));
  }
}

bool is_high(char32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }

bool is_low(char32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

// The text before the first NUL of two octets, with nothing but zeros behind; the last character's
// second zero may be cut off, as old systemd-boot does.
std::optional<std::string> wide_text(Bytes in) {
  if (in.size() < 2 || in[1] != 0) return std::nullopt;  // not Latin: not guessed at
  std::size_t end = 0;
  while (end + 1 < in.size() && (in[end] != 0 || in[end + 1] != 0)) {
    end += 2;
  }
  if (!all_zero(in.subspan(end))) return std::nullopt;
  auto text = utf16_to_utf8(in.first(end));
  if (!text || text->empty() || !is_plain(*text)) return std::nullopt;
  return text;
}

std::optional<std::string> narrow_text(Bytes in) {
  const auto nul = std::ranges::find(in, 0);
  const Bytes behind = in.subspan(static_cast<std::size_t>(nul - in.begin()));
  if (behind.size() != 2 && !all_zero(behind)) return std::nullopt;
  std::string text(as_text(in.first(in.size() - behind.size())));
  if (text.empty() || !is_plain(text)) return std::nullopt;
  return text;
}

struct Known {
  const char* guid;
  const char* name;
};

constexpr Known kKnown[] = {
    {"8be4df61-93ca-11d2-aa0d-00e098032b8c", "EFI_GLOBAL_VARIABLE"},
    {"d719b2cb-3d3a-4596-a3bc-dad00e67656f", "EFI_IMAGE_SECURITY_DATABASE"},
    {"605dab50-e046-4300-abb6-3dd810dd8b23", "shim"},
    {"4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "systemd"},
    {"eb9d2d30-2d88-11d3-9a16-0090273fc14d", "ACPI 1.0 table"},
    {"8868e871-e4f1-11d3-bc22-0080c73c8881", "ACPI 2.0 table"},
    {"eb9d2d31-2d88-11d3-9a16-0090273fc14d", "SMBIOS table"},
    {"f2fd1544-9794-4a2c-992e-e5bbcf20e394", "SMBIOS 3 table"},
    {"7739f24c-93d7-11d4-9a3a-0090273fc14d", "HOB list"},
    {"93bb96af-b9f2-4eb8-9462-e0ba74564236", "TD HOB of OVMF"},
};

}  // namespace

std::optional<std::string> utf16_to_utf8(Bytes in) {
  if (in.size() % 2 != 0) return std::nullopt;
  std::string out;
  Reader r(in);
  std::uint16_t unit = 0;
  while (r.u16le(unit)) {
    char32_t c = unit;
    if (is_high(c)) {
      std::uint16_t second = 0;
      if (!r.u16le(second) || !is_low(second)) return std::nullopt;
      c = 0x10000 + ((c - 0xd800) << 10U) + (char32_t{second} - 0xdc00);
    } else if (is_low(c) || c == 0) {
      return std::nullopt;
    }
    append_utf8(c, out);
  }
  return out;
}

bool is_plain(std::string_view text) {
  if (!codec::is_utf8(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<std::uint8_t>(text[i]);
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
    if (c == 0x7f) return false;
    // U+0080 to U+009f are control characters too: terminals obey them.
    if (c == 0xc2 && static_cast<std::uint8_t>(text[i + 1]) < 0xa0) return false;
  }
  return true;
}

std::optional<std::string> text_of(Bytes in) {
  auto text = wide_text(in);
  return text ? text : narrow_text(in);
}

std::string to_text(const Guid& guid) {
  static constexpr std::array<std::size_t, 16> kOrder = {3, 2, 1,  0,  5,  4,  7,  6,
                                                         8, 9, 10, 11, 12, 13, 14, 15};
  std::string out;
  for (std::size_t i = 0; i < kOrder.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    const std::array<std::uint8_t, 1> octet = {guid[kOrder[i]]};
    out += to_hex(octet);
  }
  return out;
}

const char* guid_name(const Guid& guid) {
  const std::string text = to_text(guid);
  for (const Known& known : kKnown) {
    if (text == known.guid) return known.name;
  }
  return nullptr;
}

}  // namespace ward::tcg
