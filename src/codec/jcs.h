#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "codec/json.h"

namespace ward::codec {

// Up to here, of either sign, every integer is one double and no other integer's.
inline constexpr std::int64_t kMaxCanonicalInteger = std::int64_t{1} << 53U;

// canonical_json writes a parsed value in the JSON Canonicalization Scheme (RFC 8785): no blanks,
// members sorted by UTF-16 code units, the fewest escapes, numbers as ECMAScript writes them. RFC
// 8785 numbers are doubles, so an integer beyond 2^53 of either sign is refused with kUnsupported
// (RFC 7493 section 2.2, RFC 8785 appendix D: such a number is written as a string), never rounded;
// so is a value that was not kept (JsonLimits::kept_depth). JsonWriter::Style::kCanonical writes
// the same of what was never parsed.
[[nodiscard]] Result<std::string> canonical_json(const JsonValue& value);

}  // namespace ward::codec
