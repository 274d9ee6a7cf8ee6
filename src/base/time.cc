#include "base/time.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace ward {
namespace {

constexpr std::int64_t kSecondsPerDay = 86400;

// Reads `count` decimal digits at the front of `text` and removes them.
std::optional<unsigned> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  unsigned value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool skip(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool skip_fraction(std::string_view& text) {
  if (!skip(text, '.')) return true;
  const std::size_t end = text.find_first_not_of("0123456789");
  if (end == 0 || end == std::string_view::npos) return false;
  text.remove_prefix(end);
  return true;
}

}  // namespace

std::optional<UnixTime> to_unix(const CivilTime& civil) {
  if (civil.year < 0 || civil.year > 9999) return std::nullopt;
  if (civil.hour > 23 || civil.minute > 59 || civil.second > 59) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(civil.year), std::chrono::month(civil.month), std::chrono::day(civil.day)};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t minutes = std::int64_t{civil.hour} * 60 + civil.minute;
  return UnixTime{days * kSecondsPerDay + minutes * 60 + civil.second};
}

CivilTime to_civil(UnixTime time) {
  std::int64_t days = time.seconds / kSecondsPerDay;
  std::int64_t rest = time.seconds % kSecondsPerDay;
  if (rest < 0) {
    rest += kSecondsPerDay;
    --days;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  const auto second = static_cast<unsigned>(rest);
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day()),
          .hour = second / 3600,
          .minute = second / 60 % 60,
          .second = second % 60};
}

std::optional<UnixTime> parse_rfc3339(std::string_view text) {
  const auto year = digits(text, 4);
  if (!year || !skip(text, '-')) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !skip(text, '-')) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day || !skip(text, 'T')) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || !skip(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || !skip(text, ':')) return std::nullopt;
  const auto second = digits(text, 2);
  if (!second || !skip_fraction(text) || text != "Z") return std::nullopt;
  return to_unix({.year = static_cast<int>(*year),
                  .month = *month,
                  .day = *day,
                  .hour = *hour,
                  .minute = *minute,
                  .second = *second});
}

std::optional<UnixTime> parse_day(std::string_view text) {
  if (auto time = parse_rfc3339(text)) return time;
  return parse_rfc3339(std::string(text) + "T00:00:00Z");
}

std::optional<UnixTime> end_of_day(std::string_view text) {
  if (auto time = parse_rfc3339(text)) return time;
  return parse_rfc3339(std::string(text) + "T23:59:59Z");
}

void append_rfc3339(UnixTime time, std::string& out) {
  const CivilTime c = to_civil(time);
  std::array<char, 64> text{};
  const int n = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02u:%02u:%02uZ", c.year,
                              c.month, c.day, c.hour, c.minute, c.second);
  out.append(text.data(), static_cast<std::size_t>(n));
}

std::string format_rfc3339(UnixTime time) {
  std::string out;
  append_rfc3339(time, out);
  return out;
}

}  // namespace ward
