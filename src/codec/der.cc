#include "codec/der.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace ward::codec {
namespace {

constexpr std::uint8_t kHighTag = 0x1f;  // X.690 section 8.1.2.4: the tag number follows
constexpr std::uint8_t kLongLength = 0x80;
constexpr std::size_t kMaxLengthOctets = 4;
constexpr std::uint64_t kFirstArcs = 40;  // X.690 section 8.19.4

enum class Form : std::uint8_t { kOk, kShort, kBad };

struct Header {
  std::size_t size = 0;      // octets of identifier and length
  std::size_t contents = 0;  // octets of contents
};

// Reads identifier and length octets, the length in more than one; kShort where the input ends
// within them.
Form read_long_header(Bytes in, Header& out) {
  const std::size_t octets = in[1] & 0x7fU;
  if (octets == 0 || octets > kMaxLengthOctets) return Form::kBad;  // indefinite, or beyond 4 GiB
  if (in.size() < 2 + octets) return Form::kShort;
  std::size_t length = 0;
  for (const std::uint8_t octet : in.subspan(2, octets)) {
    length = (length << 8U) | octet;
  }
  // Minimal: the short form below 128, no leading zero octet (X.690 section 10.1).
  if (length < kLongLength || in[2] == 0) return Form::kBad;
  out.size = 2 + octets;
  out.contents = length;
  return Form::kOk;
}

// Leaves `out` as it is but for kOk.
Form read_element(Bytes in, DerElement& out) {
  if (in.empty()) return Form::kShort;
  const std::uint8_t tag = in[0];
  if (tag == 0 || (tag & kHighTag) == kHighTag) return Form::kBad;
  if (in.size() < 2) return Form::kShort;
  Header header{.size = 2, .contents = in[1]};
  if (in[1] >= kLongLength) {
    if (const Form form = read_long_header(in, header); form != Form::kOk) return form;
  }
  if (header.contents > in.size() - header.size) return Form::kShort;
  out.tag = tag;
  out.encoding = in.first(header.size + header.contents);
  out.contents = out.encoding.subspan(header.size);
  return Form::kOk;
}

bool minimal_integer(Bytes contents) {
  if (contents.empty()) return false;
  if (contents.size() == 1) return true;
  const bool next_high = (contents[1] & 0x80U) != 0;
  return !(contents[0] == 0x00 && !next_high) && !(contents[0] == 0xff && next_high);
}

bool well_formed_oid(Bytes contents) {
  bool at_start = true;
  for (const std::uint8_t octet : contents) {
    if (at_start && octet == 0x80) return false;  // X.690 section 8.19.2: fewest octets
    at_start = (octet & 0x80U) == 0;
  }
  return !contents.empty() && at_start;
}

// The number of the two decimal digits at `text`; above 99 for anything else.
unsigned two_digits(const std::uint8_t* text) {
  const unsigned tens = text[0] - unsigned{'0'};  // a huge number below '0'
  const unsigned ones = text[1] - unsigned{'0'};
  return tens <= 9 && ones <= 9 ? tens * 10 + ones : 100;
}

bool parse_time(const DerElement& element, UnixTime& out) {
  const bool utc = element.tag == der_tag::kUtcTime;
  if (!utc && element.tag != der_tag::kGeneralizedTime) return false;
  const Bytes text = element.contents;
  if (text.size() != (utc ? 13U : 15U) || text.back() != 'Z') return false;
  const std::uint8_t* at = text.data() + (utc ? 0 : 2);
  const unsigned year = two_digits(at);
  // RFC 5280 section 4.1.2.5.1
  const unsigned century = utc ? (year >= 50 ? 19 : 20) : two_digits(text.data());
  if (century > 99 || year > 99) return false;
  // What is no number is no month, day or part of one either.
  const auto time = to_unix({.year = static_cast<int>(century * 100 + year),
                             .month = two_digits(at + 2),
                             .day = two_digits(at + 4),
                             .hour = two_digits(at + 6),
                             .minute = two_digits(at + 8),
                             .second = two_digits(at + 10)});
  if (!time) return false;
  out = *time;
  return true;
}

void put_two(Buffer& out, unsigned value) {
  out.push_back(static_cast<std::uint8_t>('0' + value / 10));
  out.push_back(static_cast<std::uint8_t>('0' + value % 10));
}

void put_base128(Buffer& out, std::uint64_t value) {
  std::size_t groups = 1;
  for (std::uint64_t rest = value >> 7U; rest != 0; rest >>= 7U) {
    ++groups;
  }
  for (std::size_t i = groups; i > 0; --i) {
    const auto bits = static_cast<std::uint8_t>((value >> (7 * (i - 1))) & 0x7fU);
    out.push_back(i > 1 ? static_cast<std::uint8_t>(bits | 0x80U) : bits);
  }
}

}  // namespace

Result<DerElement> der_document(Bytes in, std::uint8_t tag) {
  DerElement out;
  switch (read_element(in, out)) {
    case Form::kShort:
      return Error(Errc::kTruncated, "der: ends before its length", in.size());
    case Form::kBad:
      return Error(Errc::kMalformed, "der: identifier or length");
    case Form::kOk:
      break;
  }
  if (out.tag != tag) return Error(Errc::kMalformed, "der: another type than expected", out.tag);
  if (out.encoding.size() != in.size()) {
    return Error(Errc::kMalformed, "der: trailing bytes", out.encoding.size());
  }
  return out;
}

std::optional<std::uint8_t> DerReader::peek() const {
  if (rest_.empty()) return std::nullopt;
  return rest_[0];
}

bool DerReader::look(std::uint8_t tag, DerElement& out) const {
  return !rest_.empty() && rest_[0] == tag && read_element(rest_, out) == Form::kOk;
}

bool DerReader::any(DerElement& out) {
  if (read_element(rest_, out) != Form::kOk) return false;
  consume(out);
  return true;
}

bool DerReader::element(std::uint8_t tag, DerElement& out) {
  if (!look(tag, out)) return false;
  consume(out);
  return true;
}

bool DerReader::nested(std::uint8_t tag, DerReader& out) {
  DerElement found;
  if (!element(tag, found)) return false;
  out = DerReader(found.contents);
  return true;
}

bool DerReader::boolean(bool& out) {
  DerElement found;
  if (!look(der_tag::kBoolean, found) || found.contents.size() != 1) return false;
  const std::uint8_t value = found.contents[0];
  if (value != 0x00 && value != 0xff) return false;
  out = value == 0xff;
  consume(found);
  return true;
}

bool DerReader::integer(Bytes& out) {
  DerElement found;
  if (!look(der_tag::kInteger, found) || !minimal_integer(found.contents)) return false;
  out = found.contents;
  consume(found);
  return true;
}

bool DerReader::small_uint(std::uint64_t& out) {
  DerElement found;
  if (!look(der_tag::kInteger, found) || !minimal_integer(found.contents)) return false;
  Bytes contents = found.contents;
  if ((contents[0] & 0x80U) != 0) return false;
  if (contents[0] == 0) contents = contents.subspan(1);
  if (contents.size() > sizeof(out)) return false;
  std::uint64_t value = 0;
  for (const std::uint8_t octet : contents) {
    value = (value << 8U) | octet;
  }
  out = value;
  consume(found);
  return true;
}

bool DerReader::bit_string(Bytes& out) {
  DerElement found;
  // No unused bits.
  if (!look(der_tag::kBitString, found) || found.contents.empty() || found.contents[0] != 0) {
    return false;
  }
  out = found.contents.subspan(1);
  consume(found);
  return true;
}

bool DerReader::bit_string(Bytes& out, std::uint8_t& unused_bits) {
  DerElement found;
  if (!look(der_tag::kBitString, found) || found.contents.empty()) return false;
  const std::uint8_t unused = found.contents[0];
  const Bytes octets = found.contents.subspan(1);
  if (unused > 7 || (octets.empty() && unused != 0)) return false;
  // X.690 section 11.2.1: unused bits are zero.
  if (!octets.empty() && (octets.back() & ((1U << unused) - 1)) != 0) return false;
  out = octets;
  unused_bits = unused;
  consume(found);
  return true;
}

bool DerReader::octet_string(Bytes& out) {
  DerElement found;
  if (!element(der_tag::kOctetString, found)) return false;
  out = found.contents;
  return true;
}

bool DerReader::null() {
  DerElement found;
  if (!look(der_tag::kNull, found) || !found.contents.empty()) return false;
  consume(found);
  return true;
}

bool DerReader::oid(Bytes& out) {
  DerElement found;
  if (!look(der_tag::kOid, found) || !well_formed_oid(found.contents)) return false;
  out = found.contents;
  consume(found);
  return true;
}

bool DerReader::time(UnixTime& out) {
  DerElement found;
  if (read_element(rest_, found) != Form::kOk || !parse_time(found, out)) return false;
  consume(found);
  return true;
}

void DerWriter::element(std::uint8_t tag, Bytes contents) {
  out_.push_back(tag);
  std::size_t length = contents.size();
  if (length < kLongLength) {
    out_.push_back(static_cast<std::uint8_t>(length));
  } else {
    std::size_t octets = 0;
    for (std::size_t rest = length; rest != 0; rest >>= 8U) {
      ++octets;
    }
    out_.push_back(static_cast<std::uint8_t>(kLongLength | octets));
    for (; octets > 0; --octets) {
      out_.push_back(static_cast<std::uint8_t>(length >> (8 * (octets - 1))));
    }
  }
  raw(contents);
}

void DerWriter::raw(Bytes encoding) { out_.insert(out_.end(), encoding.begin(), encoding.end()); }

void DerWriter::boolean(bool v) {
  const std::uint8_t octet = v ? 0xff : 0x00;
  element(der_tag::kBoolean, Bytes(&octet, 1));
}

void DerWriter::integer(Bytes minimal) { element(der_tag::kInteger, minimal); }

void DerWriter::small_uint(std::uint64_t v) {
  std::uint8_t octets[sizeof(v)];
  for (std::size_t i = 0; i < sizeof(v); ++i) {
    octets[i] = static_cast<std::uint8_t>(v >> (8 * (sizeof(v) - 1 - i)));
  }
  unsigned_integer(octets);
}

void DerWriter::unsigned_integer(Bytes value) {
  while (!value.empty() && value[0] == 0) {
    value = value.subspan(1);
  }
  Buffer contents;
  if (value.empty() || (value[0] & 0x80U) != 0) contents.push_back(0);
  contents.insert(contents.end(), value.begin(), value.end());
  integer(contents);
}

void DerWriter::bit_string(Bytes octets, std::uint8_t unused_bits) {
  Buffer contents{unused_bits};
  contents.insert(contents.end(), octets.begin(), octets.end());
  element(der_tag::kBitString, contents);
}

void DerWriter::octet_string(Bytes octets) { element(der_tag::kOctetString, octets); }

void DerWriter::null() { element(der_tag::kNull, {}); }

void DerWriter::oid(Bytes contents) { element(der_tag::kOid, contents); }

void DerWriter::time(UnixTime t) {
  const CivilTime civil = to_civil(t);
  if (civil.year < 0 || civil.year > 9999) std::abort();
  const bool utc = civil.year >= 1950 && civil.year <= 2049;
  const auto year = static_cast<unsigned>(civil.year);
  Buffer text;
  if (!utc) put_two(text, year / 100);
  put_two(text, year % 100);
  for (const unsigned part : {civil.month, civil.day, civil.hour, civil.minute, civil.second}) {
    put_two(text, part);
  }
  text.push_back('Z');
  element(utc ? der_tag::kUtcTime : der_tag::kGeneralizedTime, text);
}

std::optional<Buffer> der_oid(std::string_view dotted) {
  Buffer out;
  std::uint64_t first = 0;
  for (std::size_t index = 0;; ++index) {
    const std::size_t dot = dotted.find('.');
    const std::string_view arc = dotted.substr(0, dot);
    if (arc.empty() || (arc.size() > 1 && arc[0] == '0') || arc[0] == '-') return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(arc.data(), arc.data() + arc.size(), value);
    if (error != std::errc{} || end != arc.data() + arc.size()) return std::nullopt;
    if (index == 0) {
      if (value > 2) return std::nullopt;
      first = value;
    } else if (index == 1) {
      if (first < 2 ? value >= kFirstArcs : value > UINT64_MAX - 2 * kFirstArcs) {
        return std::nullopt;
      }
      put_base128(out, first * kFirstArcs + value);
    } else {
      put_base128(out, value);
    }
    if (dot == std::string_view::npos) break;
    dotted.remove_prefix(dot + 1);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

std::string der_oid_text(Bytes contents) {
  if (!well_formed_oid(contents)) return "#" + to_hex(contents);
  std::string out;
  std::uint64_t value = 0;
  for (const std::uint8_t octet : contents) {
    if (value >> 57U != 0) return "#" + to_hex(contents);
    value = (value << 7U) | (octet & 0x7fU);
    if ((octet & 0x80U) != 0) continue;
    if (out.empty()) {
      const std::uint64_t first = std::min<std::uint64_t>(value / kFirstArcs, 2);
      out = std::to_string(first) + "." + std::to_string(value - first * kFirstArcs);
    } else {
      out += "." + std::to_string(value);
    }
    value = 0;
  }
  return out;
}

}  // namespace ward::codec
