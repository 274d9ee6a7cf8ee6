#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "advisory/advisory.h"
#include "base/result.h"

// The two tables of the library as text, and what reads them. For data.cc and tests.
namespace ward::advisory {

[[nodiscard]] std::string_view attacks_table();  // attacks.tsv, and behind it each TEE's own
[[nodiscard]] std::string_view tees_table();     // tees.tsv, and the #tee lines of those
[[nodiscard]] std::string_view listed_table();   // listed.tsv

// Listed is the first evaluation number at which the maker's TCB documents of a TEE were seen to
// list an advisory: {advisory, TEE} to number.
using Listed = std::map<std::pair<std::string, std::string>, std::uint64_t>;

// parse_attacks, parse_tees and parse_listed read a whole table. The error says which line and what
// is wrong.
[[nodiscard]] Result<std::vector<Attack>, std::string> parse_attacks(std::string_view text);
[[nodiscard]] Result<std::vector<TeeTitle>, std::string> parse_tees(std::string_view text);
[[nodiscard]] Result<Listed, std::string> parse_listed(std::string_view text);

// listed is listed_table(), parsed.
[[nodiscard]] const Listed& listed();

}  // namespace ward::advisory
