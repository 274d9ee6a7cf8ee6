#include "base/bytes.h"

#include <algorithm>

namespace ward {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kStandardAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::optional<std::uint8_t> hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

std::string_view alphabet(Base64 kind) {
  return kind == Base64::kUrl ? kUrlAlphabet : kStandardAlphabet;
}

using DecodeTable = std::array<std::int8_t, 256>;

DecodeTable decode_table(Base64 kind) {
  DecodeTable table{};
  table.fill(-1);
  std::int8_t value = 0;
  for (const char c : alphabet(kind))
    table[static_cast<std::uint8_t>(c)] = value++;
  return table;
}

// Removes the padding that `kind` demands; nullopt where there is too much or too little.
std::optional<std::string_view> unpadded(std::string_view text, Base64 kind) {
  if (kind == Base64::kUrl) return text;
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i)
    text.remove_suffix(1);
  return text;
}

}  // namespace

Bytes as_bytes(std::string_view text) {
  // The one place where char and octet meet; both may alias anything.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view as_text(Bytes bytes) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void assign(Bytes bytes, Buffer& out) { out.assign(bytes.begin(), bytes.end()); }

Buffer to_buffer(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

Buffer concat(std::initializer_list<Bytes> parts) {
  Buffer out;
  std::size_t total = 0;
  for (const Bytes part : parts)
    total += part.size();
  out.reserve(total);
  for (const Bytes part : parts)
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

bool equal(Bytes a, Bytes b) { return std::ranges::equal(a, b); }

bool all_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
}

void append_hex(Bytes bytes, std::string& out) {
  std::size_t at = out.size();
  out.resize(at + bytes.size() * 2);
  for (const std::uint8_t b : bytes) {
    out[at++] = kHexDigits[b >> 4U];
    out[at++] = kHexDigits[b & 15U];
  }
}

std::string to_hex(Bytes bytes) {
  std::string out;
  append_hex(bytes, out);
  return out;
}

std::optional<Buffer> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Buffer out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = hex_value(text[i]);
    const auto low = hex_value(text[i + 1]);
    if (!high || !low) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>((*high << 4U) | *low));
  }
  return out;
}

std::string to_base64(Bytes bytes, Base64 kind) {
  const std::string_view digits = alphabet(kind);
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const std::uint8_t b : bytes) {
    bits = ((bits << 8U) | b) & 0xffffU;
    held += 8;
    while (held >= 6) {
      held -= 6;
      out.push_back(digits[(bits >> held) & 63U]);
    }
  }
  if (held > 0) out.push_back(digits[(bits << (6U - held)) & 63U]);
  if (kind == Base64::kStandard) out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

std::optional<Buffer> from_base64(std::string_view text, Base64 kind) {
  const auto body = unpadded(text, kind);
  if (!body || body->size() % 4 == 1) return std::nullopt;
  static const DecodeTable kStandardTable = decode_table(Base64::kStandard);
  static const DecodeTable kUrlTable = decode_table(Base64::kUrl);
  const DecodeTable& table = kind == Base64::kUrl ? kUrlTable : kStandardTable;
  Buffer out;
  out.reserve(body->size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : *body) {
    const std::int8_t value = table[static_cast<std::uint8_t>(c)];
    if (value < 0) return std::nullopt;
    bits = ((bits << 6U) | static_cast<std::uint32_t>(value)) & 0xffffU;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<std::uint8_t>((bits >> held) & 255U));
    }
  }
  if ((bits & ((1U << held) - 1U)) != 0) return std::nullopt;
  return out;
}

}  // namespace ward
