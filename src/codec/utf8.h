#pragma once

#include <cstddef>
#include <string_view>

namespace ward::codec {

// is_utf8 is true for well-formed UTF-8 (Unicode 15 table 3-7, RFC 3629): shortest forms only, no
// surrogates, nothing above U+10FFFF. NUL is a character like others.
[[nodiscard]] bool is_utf8(std::string_view text);

// utf8_prefix is how many octets from the beginning of `text` are well-formed UTF-8 in that sense:
// all of them, or up to the first octet of the character that is not.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text);

}  // namespace ward::codec
