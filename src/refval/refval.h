#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/result.h"
#include "base/time.h"

// Reference values (RFC 9334 section 8.3): what good evidence says, by the ids that policies look
// up. A value has an end, and is none behind it.
namespace ward::refval {

inline constexpr std::size_t kMaxIdBytes = 256;
inline constexpr std::size_t kMaxValueBytes = 64U << 10U;      // JSON text
inline constexpr std::size_t kMaxMessageBytes = 1024U << 10U;  // of one message
inline constexpr std::size_t kMaxValues = 1000;                // of one message

// How long a value counts whose message says nothing: twelve months, as Trustee's RVPS has it.
inline constexpr std::int64_t kDefaultLife_s = std::int64_t{365} * 86400;

// ReferenceValue is one that is set.
struct ReferenceValue {
  std::string id;
  std::string value;  // JSON: a text, a number, true or false, or a list of them
  UnixTime expires;   // it counts before this time alone

  friend bool operator==(const ReferenceValue&, const ReferenceValue&) = default;
};

// is_id is true of 1 to 256 printable ASCII characters without blanks, quotes and '%'.
[[nodiscard]] bool is_id(std::string_view id);

// check_value says what is wrong with a value, nullopt where nothing is.
[[nodiscard]] std::optional<Diag> check_value(Bytes json);

// parse_message reads a message of Trustee's RVPS (docs/wardd.md): {"version":"0.1.0","type":
// "sample","payload":"<base64 of an object, id to value>"}; or the plain form of `ward refval
// import`: {"schema":"ward.reference-values/1","values":{...},"expires":TIME}. Those without an end
// count for kDefaultLife_s from `now`. The Diag names the place; a type that is not read is named.
[[nodiscard]] Result<std::vector<ReferenceValue>, Diag> parse_message(Bytes json, UnixTime now);

// to_json writes the values that count at `now` as one object, id to value: what policies in Rego
// find. kMalformed where a value is no JSON.
[[nodiscard]] Result<std::string> to_json(const std::vector<ReferenceValue>& values, UnixTime now);

}  // namespace ward::refval
