#include "codec/json_text.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>

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

}  // namespace ward::codec
