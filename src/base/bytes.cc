#include "base/bytes.h"

#include <algorithm>

namespace ward {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kStandardAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kNoDigit = 0xff;

using DigitTable = std::array<std::uint8_t, 256>;

constexpr DigitTable digit_table(std::string_view digits) {
  DigitTable table{};
  table.fill(kNoDigit);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    table[static_cast<std::uint8_t>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}

constexpr DigitTable hex_table() {
  DigitTable table = digit_table(kHexDigits);
  for (std::uint8_t i = 0; i < 6; ++i) {
    table['A' + i] = static_cast<std::uint8_t>(10 + i);
  }
  return table;
}

constexpr DigitTable kHexTable = hex_table();
constexpr DigitTable kStandardTable = digit_table(kStandardAlphabet);
constexpr DigitTable kUrlTable = digit_table(kUrlAlphabet);

std::string_view alphabet(Base64 kind) {
  return kind == Base64::kUrl ? kUrlAlphabet : kStandardAlphabet;
}

// Removes the padding that `kind` demands; nullopt where there is too much or too little.
std::optional<std::string_view> unpadded(std::string_view text, Base64 kind) {
  if (kind == Base64::kUrl) return text;
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) {
    text.remove_suffix(1);
  }
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
  for (const Bytes part : parts) {
    total += part.size();
  }
  out.reserve(total);
  for (const Bytes part : parts) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

bool equal(Bytes a, Bytes b) { return std::ranges::equal(a, b); }

bool all_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
}

void append_hex(Bytes bytes, std::string& out) {
  const std::size_t begin = out.size();
  out.resize(begin + bytes.size() * 2);
  char* at = out.data() + begin;
  for (const std::uint8_t b : bytes) {
    *at++ = kHexDigits[b >> 4U];
    *at++ = kHexDigits[b & 15U];
  }
}

std::string to_hex(Bytes bytes) {
  std::string out;
  append_hex(bytes, out);
  return out;
}

std::optional<Buffer> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Buffer out(text.size() / 2);
  unsigned all = 0;  // of a digit the upper four bits are 0, of anything else they are not
  const char* at = text.data();
  for (std::uint8_t& octet : out) {
    const unsigned high = kHexTable[static_cast<std::uint8_t>(*at++)];
    const unsigned low = kHexTable[static_cast<std::uint8_t>(*at++)];
    all |= high | low;
    octet = static_cast<std::uint8_t>((high << 4U) | low);
  }
  if (all > 15) return std::nullopt;
  return out;
}

std::string to_base64(Bytes bytes, Base64 kind) {
  const char* const digits = alphabet(kind).data();
  const std::size_t rest = bytes.size() % 3;
  std::string out(bytes.size() / 3 * 4 + (rest == 0 ? 0 : rest + 1), '\0');
  char* at = out.data();
  const std::uint8_t* octet = bytes.data();
  for (std::size_t group = bytes.size() / 3; group > 0; --group, octet += 3) {
    const std::uint32_t bits =
        std::uint32_t{octet[0]} << 16U | std::uint32_t{octet[1]} << 8U | octet[2];
    at[0] = digits[bits >> 18U];
    at[1] = digits[(bits >> 12U) & 63U];
    at[2] = digits[(bits >> 6U) & 63U];
    at[3] = digits[bits & 63U];
    at += 4;
  }
  if (rest > 0) {
    const std::uint32_t bits =
        std::uint32_t{octet[0]} << 8U | (rest == 2 ? std::uint32_t{octet[1]} : 0U);
    *at++ = digits[bits >> 10U];
    *at++ = digits[(bits >> 4U) & 63U];
    if (rest == 2) *at++ = digits[(bits << 2U) & 63U];
  }
  if (kind == Base64::kStandard) out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

std::optional<Buffer> from_base64(std::string_view text, Base64 kind) {
  const auto body = unpadded(text, kind);
  if (!body || body->size() % 4 == 1) return std::nullopt;
  const DigitTable& table = kind == Base64::kUrl ? kUrlTable : kStandardTable;
  Buffer out(body->size() * 3 / 4);
  std::uint8_t* to = out.data();
  unsigned all = 0;  // of a digit the upper two bits are 0, of anything else they are not
  const auto take = [&all, &table, from = body->data()](std::size_t at) {
    const std::uint32_t value = table[static_cast<std::uint8_t>(from[at])];
    all |= value;
    return value;
  };
  std::size_t at = 0;
  for (; at + 4 <= body->size(); at += 4) {
    const std::uint32_t bits =
        take(at) << 18U | take(at + 1) << 12U | take(at + 2) << 6U | take(at + 3);
    *to++ = static_cast<std::uint8_t>(bits >> 16U);
    *to++ = static_cast<std::uint8_t>(bits >> 8U);
    *to++ = static_cast<std::uint8_t>(bits);
  }
  std::uint32_t bits = 0;
  const std::size_t rest = body->size() - at;  // 0, 2 or 3 digits
  for (std::size_t i = 0; i < rest; ++i) {
    bits |= take(at + i) << (18 - 6 * i);
  }
  if (rest > 0) *to++ = static_cast<std::uint8_t>(bits >> 16U);
  if (rest > 2) *to++ = static_cast<std::uint8_t>(bits >> 8U);
  const std::uint32_t unused = rest == 2 ? bits & 0xffffU : bits & 0xffU;
  if (all > 63 || unused != 0) return std::nullopt;
  return out;
}

}  // namespace ward
