#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace ward::codec {

// Identifier octets (X.690 section 8.1.2); only tag numbers below 31 exist in what ward reads.
namespace der_tag {
inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kOid = 0x06;
inline constexpr std::uint8_t kEnumerated = 0x0a;
inline constexpr std::uint8_t kUtf8String = 0x0c;
inline constexpr std::uint8_t kPrintableString = 0x13;
inline constexpr std::uint8_t kIa5String = 0x16;
inline constexpr std::uint8_t kUtcTime = 0x17;
inline constexpr std::uint8_t kGeneralizedTime = 0x18;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;

constexpr std::uint8_t context(std::uint8_t n) { return static_cast<std::uint8_t>(0x80U | n); }

constexpr std::uint8_t context_constructed(std::uint8_t n) {
  return static_cast<std::uint8_t>(0xa0U | n);
}
}  // namespace der_tag

// One element: identifier, contents, and the whole encoding. Views into the reader's buffer.
struct DerElement {
  std::uint8_t tag = 0;
  Bytes contents;
  Bytes encoding;
};

// DerReader walks a run of DER elements (X.690): definite, minimal lengths of at most four octets,
// tag numbers below 31. Each call consumes exactly one element of the named type and succeeds, or
// consumes nothing and fails. Borrows its buffer.
class DerReader {
 public:
  explicit DerReader(Bytes in) : whole_(in), rest_(in) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  [[nodiscard]] std::size_t offset() const { return whole_.size() - rest_.size(); }

  // peek is the next identifier octet; nullopt at the end.
  [[nodiscard]] std::optional<std::uint8_t> peek() const;

  [[nodiscard]] bool any(DerElement& out);
  [[nodiscard]] bool element(std::uint8_t tag, DerElement& out);

  // nested opens a constructed element.
  [[nodiscard]] bool nested(std::uint8_t tag, DerReader& out);

  // boolean takes 00 and ff only (X.690 section 11.1).
  [[nodiscard]] bool boolean(bool& out);

  // integer gives the minimal two's complement contents.
  [[nodiscard]] bool integer(Bytes& out);

  // small_uint takes a non-negative INTEGER that fits.
  [[nodiscard]] bool small_uint(std::uint64_t& out);

  // bit_string takes a BIT STRING of whole octets (no unused bits); with `unused_bits` the general
  // one, unused bits zero.
  [[nodiscard]] bool bit_string(Bytes& out);
  [[nodiscard]] bool bit_string(Bytes& out, std::uint8_t& unused_bits);
  [[nodiscard]] bool octet_string(Bytes& out);
  [[nodiscard]] bool null();

  // oid gives the contents octets, checked for form; compare with DerOid constants.
  [[nodiscard]] bool oid(Bytes& out);

  // time takes UTCTime (RFC 5280 section 4.1.2.5.1, YYMMDDHHMMSSZ) or GeneralizedTime
  // (YYYYMMDDHHMMSSZ).
  [[nodiscard]] bool time(UnixTime& out);

 private:
  // The next element, not consumed; false where there is none of this type.
  [[nodiscard]] bool look(std::uint8_t tag, DerElement& out) const;

  void consume(const DerElement& element) { rest_ = rest_.subspan(element.encoding.size()); }

  Bytes whole_;
  Bytes rest_;
};

// DerWriter builds DER: the inverse of DerReader.
class DerWriter {
 public:
  void element(std::uint8_t tag, Bytes contents);
  void raw(Bytes encoding);  // an element that is encoded already
  void boolean(bool v);
  void integer(Bytes minimal);         // contents as given
  void small_uint(std::uint64_t v);    // minimal encoding
  void unsigned_integer(Bytes value);  // big-endian magnitude of any length, leading zeros dropped
  void bit_string(Bytes octets, std::uint8_t unused_bits = 0);
  void octet_string(Bytes octets);
  void null();
  void oid(Bytes contents);
  // time writes UTCTime from 1950 through 2049, else GeneralizedTime (RFC 5280 section 4.1.2.5).
  // The year must be 0 to 9999.
  void time(UnixTime t);

  [[nodiscard]] Bytes view() const { return out_; }

  [[nodiscard]] Buffer take() { return std::move(out_); }

 private:
  Buffer out_;
};

// der_document reads the one element of type `tag` that `in` consists of; a view into `in`.
// kTruncated where `in` ends before the element does, kMalformed for a bad header, another type, or
// bytes behind the element.
[[nodiscard]] Result<DerElement> der_document(Bytes in, std::uint8_t tag);

// der_oid encodes a dotted OBJECT IDENTIFIER ("1.2.840.113741.1.13.1"); nullopt where malformed or
// where an arc does not fit 64 bits.
[[nodiscard]] std::optional<Buffer> der_oid(std::string_view dotted);

// der_oid_text is its inverse, for people; what der_oid could not write is given as "#" and the
// contents in hexadecimal digits.
[[nodiscard]] std::string der_oid_text(Bytes contents);

}  // namespace ward::codec
