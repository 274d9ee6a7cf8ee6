#pragma once

#include <string>
#include <string_view>

namespace ward::codec {

// append_json_string writes `text`, which is_utf8, as a JSON string with the fewest escapes: '"',
// '\', and control characters below U+0020, by their short form where there is one and lower-case
// \u00xx otherwise (RFC 8785 section 3.2.2.2).
void append_json_string(std::string& out, std::string_view text);

// append_json_number writes a finite double as ECMAScript's Number::toString does (RFC 8785 section
// 3.2.2.3): the shortest digits that read back as the same double; -0 as 0.
void append_json_number(std::string& out, double value);

// utf16_less orders UTF-8 texts as their UTF-16 code units are ordered (RFC 8785 section 3.2.3).
[[nodiscard]] bool utf16_less(std::string_view a, std::string_view b);

}  // namespace ward::codec
