#include "base/nearest.h"

#include <algorithm>
#include <cstddef>

namespace ward {
namespace {

constexpr std::size_t kLettersForAMistake = 4;
constexpr std::size_t kLongestWord = 64;  // a name is shorter; the table below stays small

// mistakes counts them (optimal string alignment): rows of the table that the current one needs.
std::size_t mistakes(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t wrong = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + wrong});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::string_view letters(std::string_view word) {
  const std::size_t begin = word.find_first_not_of('-');
  return begin == std::string_view::npos ? std::string_view{} : word.substr(begin);
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& names) {
  const std::string_view typed = letters(word);
  if (typed.empty() || typed.size() > kLongestWord) return {};
  std::string best;
  std::size_t least = std::max<std::size_t>(1, typed.size() / kLettersForAMistake) + 1;
  for (const std::string& name : names) {
    const std::string_view letters_of = letters(name);
    const bool begins = typed.size() >= 2 && letters_of.starts_with(typed);
    const std::size_t count = begins ? 0 : mistakes(typed, letters_of);
    if (count < least) {
      least = count;
      best = name;
    }
  }
  return best;
}

}  // namespace ward
