#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ward::codec {

// Names longer than this are cut in a path, at a character's boundary, and end in "...".
inline constexpr std::size_t kMaxJsonPathName = 64;

// append_json_member adds a member's name to a path as Diag writes it: `tcbInfo.tcbLevels`. A name
// that is not made of letters, digits, '_', '-' and '$' is written as `tcbInfo["a b"]`, its quotes,
// backslashes and control characters escaped.
void append_json_member(std::string& path, std::string_view name);

// append_json_index adds an array index: `tcbInfo.tcbLevels[2]`.
void append_json_index(std::string& path, std::size_t index);

}  // namespace ward::codec
