#pragma once

#include <string_view>

namespace ward::server {

// openapi is docs/api/openapi.json, which is part of the program.
[[nodiscard]] std::string_view openapi();

}  // namespace ward::server
