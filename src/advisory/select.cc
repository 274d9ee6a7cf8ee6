#include "advisory/select.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace ward::advisory {
namespace {

// Dates that are not known come first, and among equals those that say less.
bool is_older(const Entry& a, const Entry& b) {
  const auto key = [](const Date& d) { return std::array{d.year, int(d.month), int(d.day)}; };
  return key(a.attack->date) < key(b.attack->date);
}

bool is_named(const Attack& attack, const std::string& tee) {
  return bears_on(attack, tee) ||
         std::ranges::any_of(attack.tees, [&](const Item& item) { return item.text == tee; });
}

// An attack on the hardware is one on what stands on it, as a platform's verdict shows it.
bool is_asked(const Attack& attack, const std::string& tee) {
  const auto titles = tee_titles();
  const auto title = std::ranges::find(titles, tee, &TeeTitle::name);
  return is_named(attack, tee) ||
         (title != titles.end() &&
          std::ranges::any_of(title->beneath, [&](const std::string& hardware) {
            return is_named(attack, hardware);
          }));
}

Selection filtered(std::vector<Entry> entries, const Filter& filter) {
  Selection out;
  for (Entry& entry : entries) {
    const Date& date = entry.attack->date;
    if (filter.tee && !is_asked(*entry.attack, *filter.tee)) continue;
    const bool late = !filter.since || (date.known() && last_day(date) >= first_day(*filter.since));
    if (late) {
      out.entries.push_back(std::move(entry));
    } else if (!date.known() || !date.verified) {
      out.undated.push_back(entry.attack);
    }
  }
  std::ranges::stable_sort(out.entries, is_older);
  return out;
}

std::string two_digits(unsigned number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
  const auto time = parse_rfc3339(std::string(text) + "T00:00:00Z");
  if (text.size() != 10 || !time) return std::nullopt;
  const CivilTime civil = to_civil(*time);
  return Date{civil.year, civil.month, civil.day};
}

std::string date_text(const Date& date) {
  if (!date.known()) return "date unknown";
  std::string out = std::to_string(date.year);
  if (date.month != 0) out += "-" + two_digits(date.month);
  if (date.day != 0) out += "-" + two_digits(date.day);
  return date.verified ? out : out + " (unverified)";
}

UnixTime first_day(const Date& date) {
  return to_unix({date.year, std::max(date.month, 1U), std::max(date.day, 1U)})
      .value_or(UnixTime{});
}

UnixTime last_day(const Date& date) {
  if (date.day != 0) return first_day(date);
  const bool december = date.month == 0 || date.month == 12;
  const Date next = december ? Date{date.year + 1, 1, 1} : Date{date.year, date.month + 1, 1};
  return {first_day(next).seconds - 86400};
}

Selection select(const Filter& filter) {
  std::vector<Entry> entries;
  for (const Attack& attack : attacks()) {
    entries.push_back({&attack, std::nullopt});
  }
  return filtered(std::move(entries), filter);
}

Selection select(const std::vector<Exposure>& exposures, const Filter& filter) {
  std::vector<Entry> entries;
  for (const Exposure& exposure : exposures) {
    entries.push_back({exposure.attack, exposure});
  }
  return filtered(std::move(entries), filter);
}

}  // namespace ward::advisory
