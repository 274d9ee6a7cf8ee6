#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

#include "advisory/tables.h"
#include "attest/field.h"
#include "base/time.h"

namespace ward::advisory {
namespace {

constexpr std::string_view kUnverified = " (unverified)";
constexpr std::string_view kNone = "-";

using Cells = std::vector<std::string_view>;

Cells split(std::string_view text, std::string_view between) {
  Cells out;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t end = text.find(between, at);
    out.push_back(text.substr(at, end == std::string_view::npos ? end : end - at));
    at = end == std::string_view::npos ? end : end + between.size();
  }
  return out;
}

// items_of reads "a; b (unverified)".
std::vector<Item> items_of(std::string_view cell) {
  std::vector<Item> out;
  if (cell == kNone) return out;
  for (std::string_view text : split(cell, "; ")) {
    const bool verified = !text.ends_with(kUnverified);
    if (!verified) text.remove_suffix(kUnverified.size());
    out.push_back({std::string(text), verified});
  }
  return out;
}

// number_at reads `digits` decimal digits that begin at `at`.
std::optional<unsigned> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (text.size() < at + digits) return std::nullopt;
  unsigned out = 0;
  const char* end = text.data() + at + digits;
  const auto [stop, error] = std::from_chars(text.data() + at, end, out);
  return error == std::errc{} && stop == end ? std::optional(out) : std::nullopt;
}

// date_of reads the date at the end of "2017", "2018-05", "2019-06-25", "CVE record 2019-12-16".
std::optional<Date> date_of(const Item& item) {
  const std::string_view text = std::string_view(item.text).substr(item.text.rfind(' ') + 1);
  const auto year = number_at(text, 0, 4);
  const auto month = number_at(text, 5, 2);
  const auto day = number_at(text, 8, 2);
  const bool form = (text.size() == 4 || text.size() == 7 || text.size() == 10) &&
                    (text.size() < 7 || (text[4] == '-' && month)) &&
                    (text.size() < 10 || (text[7] == '-' && day));
  if (!year || !form) return std::nullopt;
  const CivilTime civil{static_cast<int>(*year), month.value_or(1), day.value_or(1)};
  if (!to_unix(civil)) return std::nullopt;
  return Date{civil.year, month.value_or(0), day.value_or(0), item.verified};
}

// condition_of reads "field=a, b", "field!=a" and "field>=1".
std::optional<Condition> condition_of(std::string_view text) {
  const std::size_t at = text.find('=');
  if (at == 0 || at == std::string_view::npos) return std::nullopt;
  Condition out;
  const char before = text[at - 1];
  if (before == '!') out.kind = Condition::Kind::kIsNot;
  if (before == '>') out.kind = Condition::Kind::kAtLeast;
  const bool two = before == '!' || before == '>';
  out.field = text.substr(0, two ? at - 1 : at);
  for (const std::string_view value : split(text.substr(at + 1), ", ")) {
    out.values.emplace_back(value);
  }
  const bool empty = std::ranges::any_of(out.values, &std::string::empty);
  const bool several = out.kind == Condition::Kind::kAtLeast && out.values.size() != 1;
  if (out.field.find('.') == std::string::npos || empty || several) return std::nullopt;
  return out;
}

std::optional<Word> word_of(std::string_view text) {
  if (text == "not_listed") return Word::kNotListed;
  if (text == "unless_listed") return Word::kUnlessListed;
  if (text == "unknown") return Word::kUnknown;
  if (text == "cannot") return Word::kCannot;
  return std::nullopt;
}

std::optional<std::vector<Condition>> conditions_of(std::string_view text,
                                                    std::string_view between) {
  std::vector<Condition> out;
  for (const std::string_view one : split(text, between)) {
    auto condition = condition_of(one);
    if (!condition) return std::nullopt;
    out.push_back(*std::move(condition));
  }
  return out;
}

// way_of reads "scope: condition & word".
std::optional<Way> way_of(std::string_view text) {
  Way out;
  if (const std::size_t colon = text.find(": "); colon != std::string_view::npos) {
    auto scope = conditions_of(text.substr(0, colon), " & ");
    if (!scope) return std::nullopt;
    out.scope = *std::move(scope);
    text.remove_prefix(colon + 2);
  }
  for (const std::string_view part : split(text, " & ")) {
    if (const auto word = word_of(part)) {
      out.words.push_back(*word);
    } else if (auto condition = condition_of(part)) {
      out.conditions.push_back(*std::move(condition));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

constexpr std::array kColumns = {"id",    "name",        "aliases",    "cves",         "disclosed",
                                 "class", "affects",     "advisories", "mitigated_by", "reference",
                                 "tees",  "affected_if", "closed_by",  "policy"};

// What is wrong with a row; empty where nothing is.
std::string fault_of(const Attack& attack) {
  const auto known = [](const Item& tee) {
    return std::ranges::any_of(tee_titles(),
                               [&](const TeeTitle& title) { return tee.text == title.name; });
  };
  if (attack.id.empty() || attack.name.empty()) return "no id or no name";
  if (std::ranges::none_of(attack.references, &Item::verified)) return "no verified reference";
  if (attack.tees.empty() || !std::ranges::all_of(attack.tees, known)) return "tees";
  if (!attack.disclosed.empty() && !attack.date.known()) return "disclosed: no date";
  if (!attack.disclosed.empty() && attack.disclosed.front().text.starts_with("CVE record")) {
    return "disclosed: the date of a CVE record is not the attack's";
  }
  return "";
}

Result<Attack, std::string> attack_of(const Cells& cells) {
  Attack out{.id = std::string(cells[0]),
             .name = std::string(cells[1]),
             .aliases = items_of(cells[2]),
             .cves = items_of(cells[3]),
             .disclosed = items_of(cells[4]),
             .attack_class = std::string(cells[5]),
             .affects = items_of(cells[6]),
             .advisories = items_of(cells[7]),
             .mitigated_by = items_of(cells[8]),
             .references = items_of(cells[9]),
             .tees = items_of(cells[10]),
             .affected_if = {},
             .closed_by = {},
             .policy = cells[13] == kNone ? "" : std::string(cells[13]),
             .date = {}};
  if (!out.disclosed.empty()) out.date = date_of(out.disclosed.front()).value_or(Date{});
  if (cells[11] != kNone) {
    auto conditions = conditions_of(cells[11], "; ");
    if (!conditions) return "affected_if: " + std::string(cells[11]);
    out.affected_if = *std::move(conditions);
  }
  for (const std::string_view text : split(cells[12], " | ")) {
    auto way = way_of(text);
    if (!way) return "closed_by: " + std::string(text);
    out.closed_by.push_back(*std::move(way));
  }
  if (std::string fault = fault_of(out); !fault.empty()) return fault;
  return out;
}

// rows_of gives the lines of a table behind the first, which names the columns.
Result<std::vector<Cells>, std::string> rows_of(std::string_view text,
                                                std::span<const char* const> columns) {
  std::vector<Cells> out;
  if (!text.ends_with('\n')) return std::string("the last line does not end");
  text.remove_suffix(1);
  for (const std::string_view line : split(text, "\n")) {
    out.push_back(split(line, "\t"));
    const std::string where = "line " + std::to_string(out.size()) + ": ";
    if (out.back().size() != columns.size()) return where + "not as many cells as columns";
    if (std::ranges::any_of(out.back(), &std::string_view::empty)) return where + "an empty cell";
  }
  if (!std::ranges::equal(out.front(), columns)) return std::string("line 1: not the columns");
  out.erase(out.begin());
  return out;
}

// Words with a blank between them.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

Result<std::vector<Attack>, std::string> parse_attacks(std::string_view text) {
  WARD_TRY(const std::vector<Cells> rows, rows_of(text, kColumns));
  std::vector<Attack> out;
  std::set<std::string> ids;
  for (const Cells& cells : rows) {
    auto attack = attack_of(cells);
    if (!attack) return std::string(cells[0]) + ": " + attack.error();
    if (!ids.insert(attack->id).second) return attack->id + ": an id twice";
    out.push_back(*std::move(attack));
  }
  return out;
}

// A TEE's own line stands behind all others and counts instead of one that they have. Those of no
// single TEE stay the last.
Result<std::vector<TeeTitle>, std::string> parse_tees(std::string_view text) {
  constexpr std::array kTeeColumns = {"tee", "title", "maker", "beneath"};
  WARD_TRY(const std::vector<Cells> rows, rows_of(text, kTeeColumns));
  std::vector<TeeTitle> out;
  for (const Cells& cells : rows) {
    TeeTitle title{.name = std::string(cells[0]),
                   .title = std::string(cells[1]),
                   .maker = cells[2] == kNone ? "" : std::string(cells[2]),
                   .beneath = words_of(cells[3] == kNone ? "" : cells[3])};
    const auto same = std::ranges::find(out, title.name, &TeeTitle::name);
    if (same != out.end()) {
      *same = std::move(title);
    } else {
      out.insert(std::ranges::find(out, "any", &TeeTitle::name), std::move(title));
    }
  }
  return out;
}

Result<Listed, std::string> parse_listed(std::string_view text) {
  constexpr std::array kListedColumns = {"advisory", "tee", "evaluation_number", "reference"};
  WARD_TRY(const std::vector<Cells> rows, rows_of(text, kListedColumns));
  Listed out;
  for (const Cells& cells : rows) {
    std::uint64_t number = 0;
    const char* end = cells[2].data() + cells[2].size();
    const auto [stop, error] = std::from_chars(cells[2].data(), end, number);
    const std::string key = std::string(cells[0]) + " " + std::string(cells[1]);
    if (error != std::errc{} || stop != end) return key + ": evaluation_number";
    if (!out.try_emplace({std::string(cells[0]), std::string(cells[1])}, number).second) {
      return key + ": twice";
    }
  }
  return out;
}

}  // namespace ward::advisory
