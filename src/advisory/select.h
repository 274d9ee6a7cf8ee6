#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/advisory.h"
#include "base/time.h"

namespace ward::advisory {

// parse_date reads a whole day, `2025-10-14` (RFC 3339, full-date). nullopt for anything else.
[[nodiscard]] std::optional<Date> parse_date(std::string_view text);

// date_text writes what is known: "2025-10", and behind it " (unverified)" where it is so;
// "date unknown".
[[nodiscard]] std::string date_text(const Date& date);

// first_day and last_day bound what a date says: of "2025", New Year's Day and New Year's Eve, at
// midnight UTC. For dates that are known.
[[nodiscard]] UnixTime first_day(const Date& date);
[[nodiscard]] UnixTime last_day(const Date& date);

// Entry is an attack, and how a platform stands to it where one was judged.
struct Entry {
  const Attack* attack = nullptr;  // of attacks()
  std::optional<Exposure> exposure;
};

// Filter says what is wanted; what is not named is not asked for.
struct Filter {
  std::optional<std::string> tee;  // bears_on, or the row names it, verified or
                                   // not; of the hardware beneath it, too
  std::optional<Date> since;       // a whole day: what may have become public on it or later
};

// Selection is what a filter left, the oldest first. An attack whose date nobody verified, or
// knows, is never left out in silence: those that the date alone left out are in `undated`.
struct Selection {
  std::vector<Entry> entries;
  std::vector<const Attack*> undated;
};

[[nodiscard]] Selection select(const Filter& filter);
[[nodiscard]] Selection select(const std::vector<Exposure>& exposures, const Filter& filter);

}  // namespace ward::advisory
