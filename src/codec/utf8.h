#pragma once

#include <string_view>

namespace ward::codec {

// is_utf8 is true for well-formed UTF-8 (Unicode 15 table 3-7, RFC 3629): shortest forms only, no
// surrogates, nothing above U+10FFFF. NUL is a character like others.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace ward::codec
