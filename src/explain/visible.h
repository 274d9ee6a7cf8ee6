#pragma once

#include <string>
#include <string_view>

// Text from outside, made such that a reader sees all of it.
namespace ward::explain {

// visible spells out what a reader would not see, or what would change the order of what he sees:
// control characters, bidirectional and other invisible format characters and noncharacters as
// \u202e or \u{e0001}, octets that are not UTF-8 as \x80. The rest stays as it is.
[[nodiscard]] std::string visible(std::string_view text);

// utf8 spells out the octets that are not UTF-8 as \x80, and leaves everything else.
[[nodiscard]] std::string utf8(std::string_view text);

// json_for_html is the same JSON value, written so that it can stand in an HTML element of any
// kind: `<`, `>`, `&` and what visible() spells out as JSON's \uXXXX. `json` is valid JSON.
[[nodiscard]] std::string json_for_html(std::string_view json);

}  // namespace ward::explain
