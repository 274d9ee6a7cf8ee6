#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ward {

// UnixTime is a point in time in whole seconds since 1970-01-01T00:00:00Z, leap seconds not
// counted.
struct UnixTime {
  std::int64_t seconds = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): a defaulted <=> has no null pointer
  friend constexpr auto operator<=>(const UnixTime&, const UnixTime&) = default;
};

// Calendar time in UTC as certificates and JSON documents write it.
struct CivilTime {
  int year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
};

// to_unix converts; nullopt for a date or time of day that does not exist (second 60 included) or a
// year outside 0000..9999.
[[nodiscard]] std::optional<UnixTime> to_unix(const CivilTime& civil);

[[nodiscard]] CivilTime to_civil(UnixTime time);

// parse_rfc3339 reads `2024-05-18T18:22:51Z` (RFC 3339 section 5.6): UTC only, upper-case T and Z;
// a fraction of a second is accepted and dropped. nullopt for anything else.
[[nodiscard]] std::optional<UnixTime> parse_rfc3339(std::string_view text);

// parse_day reads `2024-05-18` (RFC 3339 section 5.6, full-date) as the first second of that day,
// and whatever parse_rfc3339 reads.
[[nodiscard]] std::optional<UnixTime> parse_day(std::string_view text);

// end_of_day is the last second of the day that `text` names; where it names a time, that time.
[[nodiscard]] std::optional<UnixTime> end_of_day(std::string_view text);

[[nodiscard]] std::string format_rfc3339(UnixTime time);

// append_rfc3339 writes it behind what `out` holds.
void append_rfc3339(UnixTime time, std::string& out);

// Clock is how the edge hands time to a part that needs more than one reading. Nothing below
// src/net reads a clock.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  [[nodiscard]] virtual UnixTime now() const = 0;
};

}  // namespace ward
