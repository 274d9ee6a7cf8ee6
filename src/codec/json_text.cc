#include "codec/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/bytes.h"

namespace ward::codec {
namespace {

// The letter of the two-character escape, 0 where there is none.
char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return '\0';
  }
}

// UTF-8 and UTF-16 sort alike but for one thing: U+E000..U+FFFF (lead octets ee and ef) come after
// the characters beyond them (lead octets f0..f4), whose surrogates begin at d800.
std::uint8_t utf16_rank(char c) {
  const auto octet = static_cast<std::uint8_t>(c);
  return octet == 0xee || octet == 0xef ? static_cast<std::uint8_t>(octet + 0x10U) : octet;
}

// Whether none of the eight octets at `text` needs an escape.
bool is_plain(const char* text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kTops = 0x8080808080808080U;
  std::uint64_t octets = 0;
  std::memcpy(&octets, text, sizeof(octets));
  // The top bit of an octet that is zero; octets above such a one may show it too.
  const auto zeros = [](std::uint64_t word) { return (word - kOnes) & ~word & kTops; };
  const std::uint64_t controls = (octets - kOnes * 0x20U) & ~octets & kTops;
  return (controls | zeros(octets ^ (kOnes * '"')) | zeros(octets ^ (kOnes * '\\'))) == 0;
}

struct Decimal {
  std::string digits;  // without leading or trailing zeros
  int point = 0;       // the value is 0.digits times ten to the power of point
};

// `value` is positive and finite.
Decimal shortest(double value) {
  std::array<char, 32> text{};  // at most 17 digits, '.', 'e', sign and three digits
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  const std::string_view all(text.data(), static_cast<std::size_t>(end.ptr - text.data()));
  const std::size_t e = all.find('e');
  Decimal out;
  out.digits = all.substr(0, 1);
  if (e > 1) out.digits += all.substr(2, e - 2);
  const std::string exponent(all.substr(e + (all[e + 1] == '+' ? 2 : 1)));
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), out.point);
  ++out.point;
  return out;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t written = 0;  // what needs no escape is copied in one piece
  for (std::size_t i = 0; i < text.size(); ++i) {
    while (text.size() - i >= sizeof(std::uint64_t) && is_plain(text.data() + i)) {
      i += sizeof(std::uint64_t);
    }
    if (i == text.size()) break;
    const auto octet = static_cast<std::uint8_t>(text[i]);
    if (octet >= 0x20U && octet != '"' && octet != '\\') continue;
    out.append(text.substr(written, i - written));
    written = i + 1;
    if (const char letter = short_escape(text[i]); letter != '\0') {
      out.append({'\\', letter});
    } else {
      out.append("\\u00").append(to_hex(Bytes(&octet, 1)));
    }
  }
  out.append(text.substr(written));
  out += '"';
}

// ECMA-262 section 6.1.6.1.20, with k digits and n = point.
void append_json_number(std::string& out, double value) {
  if (value == 0) {
    out += '0';
    return;
  }
  if (value < 0) out += '-';
  const Decimal d = shortest(value < 0 ? -value : value);
  const auto k = static_cast<int>(d.digits.size());
  const int n = d.point;
  if (n > 0 && n <= 21) {
    const auto whole = static_cast<std::size_t>(n);
    if (k <= n) {
      out.append(d.digits).append(whole - d.digits.size(), '0');
    } else {
      out.append(d.digits, 0, whole).append(".").append(d.digits, whole);
    }
  } else if (n > -6 && n <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-n), '0').append(d.digits);
  } else {
    out += d.digits[0];
    if (k > 1) out.append(".").append(d.digits, 1);
    out.append(n > 0 ? "e+" : "e-").append(std::to_string(std::abs(n - 1)));
  }
}

bool utf16_less(std::string_view a, std::string_view b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return utf16_rank(x) < utf16_rank(y); });
}

}  // namespace ward::codec
