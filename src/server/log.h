#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace ward::server {

using Field = std::pair<std::string_view, std::string>;

// Log takes one event: a name and typed fields, never a peer's octets. Called from several threads.
using Log = std::function<void(std::string_view event, std::initializer_list<Field> fields)>;

// stderr_log writes each event as one line of JSON: {"time":...,"event":...,...}, with the tenant
// whose it is, where one is named.
[[nodiscard]] Log stderr_log(const std::string& tenant = {});

// How many lines of one event limited_log passes on per interval.
inline constexpr std::size_t kLinesPerInterval = 120;
inline constexpr std::int64_t kLogInterval_s = 60;

// limited_log passes at most kLinesPerInterval of each event on to `inner` in an interval, so that
// strangers do not fill a disk with lines; the next line of the event says how many were left out:
// {"event":"log.left_out","of":...,"lines":...}. `clock` is borrowed and outlives the log.
[[nodiscard]] Log limited_log(Log inner, const Clock& clock);

// no_log drops everything.
[[nodiscard]] Log no_log();

}  // namespace ward::server
