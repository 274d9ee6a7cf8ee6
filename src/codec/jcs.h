#pragma once

#include <string>

#include "base/result.h"
#include "codec/json.h"

namespace ward::codec {

// canonical_json writes a parsed value in the JSON Canonicalization Scheme (RFC 8785): no blanks,
// members sorted by UTF-16 code units, the fewest escapes, numbers as ECMAScript writes them. RFC
// 8785 numbers are doubles: an integer that a double cannot hold exactly is refused with
// kUnsupported (section 3.2.2.3 and appendix D: write it as a string), never rounded.
[[nodiscard]] Result<std::string> canonical_json(const JsonValue& value);

}  // namespace ward::codec
