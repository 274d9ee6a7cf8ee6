#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

// Keys of rows that are read in the order of a time.
namespace ward::broker {

// time_key is a time in sixteen hex digits, which have the times' order; what lies before 1970 is
// 1970.
[[nodiscard]] std::string time_key(UnixTime time);

// time_in_key reads the time that a key begins with; nullopt where it begins with none.
[[nodiscard]] std::optional<UnixTime> time_in_key(std::string_view key);

}  // namespace ward::broker
