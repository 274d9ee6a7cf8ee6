#pragma once

#include <string_view>

namespace ward::keep {

// is_clean_path is true for an absolute path without empty, `.` or `..` pieces, control characters
// or a slash at its end; "/" itself is clean.
[[nodiscard]] bool is_clean_path(std::string_view path);

// is_reserved_path is true for the folders that a keep makes itself, and for what lies below them.
[[nodiscard]] bool is_reserved_path(std::string_view path);

// is_plain_name is true for 1 to 64 of [A-Za-z0-9._-], not beginning with a point.
[[nodiscard]] bool is_plain_name(std::string_view name);

// is_resource_path is true for `repository/type/tag` of the KBS protocol.
[[nodiscard]] bool is_resource_path(std::string_view text);

// is_broker_url is true for https://HOST and https://HOST:PORT, and with /t/TENANT behind either: 1
// to 32 of a-z 0-9 -, the first no hyphen.
[[nodiscard]] bool is_broker_url(std::string_view url);

}  // namespace ward::keep
