#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace ward::pki {

// At most this many attributes are read from one distinguished name.
inline constexpr std::size_t kMaxNameAttributes = 64;

// Attribute is one AttributeTypeAndValue (RFC 5280 section 4.1.2.4). Views into the name.
struct Attribute {
  Bytes type;            // OID contents
  std::uint8_t tag = 0;  // of the value's string type
  Bytes value;           // contents
};

// Rdn is one RelativeDistinguishedName: a set, compared without regard to order.
using Rdn = std::vector<Attribute>;

// well_formed_name is true where parse_rdns reads the name; it keeps nothing.
[[nodiscard]] bool well_formed_name(Bytes der);

// parse_rdns reads an RDNSequence; nullopt where it is malformed or exceeds kMaxNameAttributes. The
// views live as long as `der`.
[[nodiscard]] std::optional<std::vector<Rdn>> parse_rdns(Bytes der);

// rdn_matches compares by RFC 5280 section 7.1: in PrintableString and UTF8String, which compare
// with each other, case of ASCII letters and runs of blanks do not matter; in IA5String case does
// not; other string types and letters outside ASCII compare octet by octet, which is stricter than
// the RFC allows.
[[nodiscard]] bool rdn_matches(const Rdn& a, const Rdn& b);

// Name is a distinguished name (RFC 5280 section 4.1.2.4), compared by section 7.1's rules (case
// and blanks of PrintableString and UTF8String do not matter), never as text.
class Name {
 public:
  explicit Name(Bytes der) : der_(to_buffer(der)) {}

  [[nodiscard]] Bytes der() const { return der_; }

  // empty is true for the name without attributes; false where it is malformed.
  [[nodiscard]] bool empty() const;

  // matches compares by RFC 5280 section 7.1; false where either is malformed.
  [[nodiscard]] bool matches(const Name& other) const;

  // within is true where `base` is the name's beginning: a directoryName subtree
  // (section 4.2.1.10).
  [[nodiscard]] bool within(const Name& base) const;

  // common_name is the last CN, for people; empty where there is none.
  [[nodiscard]] std::string common_name() const;

  // text is "C=US, O=Intel Corporation, CN=..." for people; octets that are not printable ASCII are
  // shown as '?'.
  [[nodiscard]] std::string text() const;

 private:
  Buffer der_;
};

}  // namespace ward::pki
