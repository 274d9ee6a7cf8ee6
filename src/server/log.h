#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace ward::server {

using Field = std::pair<std::string_view, std::string>;

// Log takes one event: a name and typed fields, never a peer's octets. Called from several threads.
using Log = std::function<void(std::string_view event, std::initializer_list<Field> fields)>;

// stderr_log writes each event as one line of JSON: {"time":...,"event":...,...}.
[[nodiscard]] Log stderr_log();

// no_log drops everything.
[[nodiscard]] Log no_log();

}  // namespace ward::server
