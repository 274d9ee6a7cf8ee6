#include "crypto/internal/der.h"

#include <algorithm>

namespace ward::crypto::der {

namespace {

// Keys and signatures are far below: lengths of at most two octets.
bool take_length(Bytes& in, std::size_t& length) {
  if (in.empty()) return false;
  const std::uint8_t first = in[0];
  if (first < 0x80U) {
    length = first;
    in = in.subspan(1);
    return true;
  }
  if (first == 0x81U && in.size() >= 2 && in[1] >= 0x80U) {
    length = in[1];
    in = in.subspan(2);
    return true;
  }
  if (first == 0x82U && in.size() >= 3 && in[1] != 0) {
    length = (std::size_t{in[1]} << 8U) | in[2];
    in = in.subspan(3);
    return true;
  }
  return false;
}

}  // namespace

bool take(Bytes& in, std::uint8_t identifier, Bytes& contents) {
  Bytes rest = in;
  if (rest.empty() || rest[0] != identifier) return false;
  rest = rest.subspan(1);
  std::size_t length = 0;
  if (!take_length(rest, length) || length > rest.size()) return false;
  contents = rest.first(length);
  in = rest.subspan(length);
  return true;
}

bool take_positive(Bytes& in, Bytes& magnitude) {
  Bytes rest = in;
  Bytes value;
  if (!take(rest, kInteger, value) || value.empty() || value[0] >= 0x80U) return false;
  if (value[0] == 0) {
    value = value.subspan(1);
    if (value.empty() || value[0] < 0x80U) return false;  // zero, or not minimal
  }
  magnitude = value;
  in = rest;
  return true;
}

void put(Buffer& out, std::uint8_t identifier, Bytes contents) {
  const std::size_t n = contents.size();
  out.push_back(identifier);
  if (n >= 0x100U) {
    out.push_back(0x82U);
    out.push_back(static_cast<std::uint8_t>((n >> 8U) & 255U));
  } else if (n >= 0x80U) {
    out.push_back(0x81U);
  }
  out.push_back(static_cast<std::uint8_t>(n & 255U));
  out.insert(out.end(), contents.begin(), contents.end());
}

Bytes without_leading_zeros(Bytes magnitude) {
  const auto first =
      std::find_if(magnitude.begin(), magnitude.end(), [](auto b) { return b != 0; });
  return magnitude.subspan(static_cast<std::size_t>(first - magnitude.begin()));
}

void put_unsigned(Buffer& out, Bytes magnitude) {
  const Bytes value = without_leading_zeros(magnitude);
  Buffer contents;
  if (value.empty() || value[0] >= 0x80U) contents.push_back(0);
  contents.insert(contents.end(), value.begin(), value.end());
  put(out, kInteger, contents);
}

}  // namespace ward::crypto::der
