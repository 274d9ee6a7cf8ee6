#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::codec {
class DerReader;
}

namespace ward::pki {

// At most this many names or subtrees are read from one extension.
inline constexpr std::size_t kMaxGeneralNames = 256;

// GeneralName is one name of RFC 5280 section 4.2.1.6.
struct GeneralName {
  // The context tag; the ones not listed in comments as processed match nothing.
  enum class Kind : std::uint8_t {
    kOther = 0,
    kRfc822 = 1,  // processed, printable ASCII
    kDns = 2,     // processed, printable ASCII
    kX400 = 3,
    kDirectory = 4,  // processed, a well-formed Name
    kEdiParty = 5,
    kUri = 6,  // processed, printable ASCII
    kIp = 7,   // processed
    kRegisteredId = 8,
  };
  Kind kind{};
  Buffer value;  // contents; for kDirectory the Name as encoded

  friend bool operator==(const GeneralName&, const GeneralName&) = default;
};

// NameConstraints is the extension of RFC 5280 section 4.2.1.10; minimum is 0, maximum absent.
struct NameConstraints {
  std::vector<GeneralName> permitted;
  std::vector<GeneralName> excluded;
};

// same_name compares two general names: directory names by section 7.1, others octet by octet.
[[nodiscard]] bool same_name(const GeneralName& a, const GeneralName& b);

// parse_general_name takes one name. kMalformed.
[[nodiscard]] Result<GeneralName> parse_general_name(codec::DerReader& in);

// parse_general_names takes names to the end of `in`: at least one, at most kMaxGeneralNames.
[[nodiscard]] Result<std::vector<GeneralName>> parse_general_names(codec::DerReader in);

// parse_name_constraints reads the extension's value. kMalformed, kLimit, kUnsupported for a
// subtree with minimum or maximum.
[[nodiscard]] Result<NameConstraints> parse_name_constraints(Bytes value);

// permits is true where the constraints let a certificate hold this name. Names of a kind that we
// do not process, and URIs without a host name, are refused where a subtree of their kind exists.
[[nodiscard]] bool permits(const NameConstraints& constraints, const GeneralName& name);

}  // namespace ward::pki
