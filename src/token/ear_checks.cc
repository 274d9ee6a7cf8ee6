#include <algorithm>
#include <cstddef>

#include "token/ear.h"
#include "token/ear_names.h"

namespace ward::token {
namespace {

constexpr std::size_t kMaxId = 128;

bool is_word_octet(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

bool is_check_id(std::string_view id) {
  if (id.size() > kMaxId || id.find('.') == std::string_view::npos) return false;
  char before = '.';
  for (const char c : id) {
    if (c == '.' ? before == '.' : !is_word_octet(c)) return false;
    before = c;
  }
  return before != '.';
}

}  // namespace

Result<void> check_reasons(const std::vector<EarCheck>& checks, std::string_view verdict) {
  if (checks.size() > kMaxEarChecks) return Error(Errc::kLimit, "ear: checks", checks.size());
  for (const EarCheck& check : checks) {
    if (!is_check_id(check.id)) return Error(Errc::kMalformed, "ear: the id of a check");
    if (check.outcome == kFailed && verdict == kAccepted) {
      return Error(Errc::kMalformed, "ear: accepted, and a check failed");
    }
    if (check.outcome != kPassed && check.outcome != kFailed && check.outcome != kNotDone) {
      return Error(Errc::kMalformed, "ear: the outcome of a check");
    }
  }
  return {};
}

Result<void> check_once(const std::vector<EarCheck>& checks) {
  std::vector<std::string_view> ids;
  ids.reserve(checks.size());
  for (const EarCheck& check : checks) {
    ids.emplace_back(check.id);
  }
  std::ranges::sort(ids);
  if (std::ranges::adjacent_find(ids) != ids.end()) {
    return Error(Errc::kMalformed, "ear: a check stands twice");
  }
  return {};
}

}  // namespace ward::token
