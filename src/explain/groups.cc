#include "explain/groups.h"

#include <algorithm>

namespace ward::explain {

using attest::Check;
using attest::Outcome;

std::vector<Group> groups_of(const Explanation& e) {
  std::vector<Group> out;
  const auto of = [&](const std::string& object) -> Group& {
    const auto group = std::ranges::find(out, object, &Group::object);
    return group != out.end() ? *group : out.emplace_back(Group{.object = object});
  };
  if (!e.work.materials.empty()) of(e.work.materials.front().object);
  for (const Check& check : e.appraisal.checks) {
    of(attest::object_of(*check.info)).checks.push_back(&check);
  }
  for (const attest::Material& material : e.work.materials) {
    of(material.object).materials.push_back(&material);
  }
  return out;
}

Counts counts_of(const std::vector<const Check*>& checks) {
  const auto with = [&](Outcome outcome) {
    return static_cast<std::size_t>(std::ranges::count(checks, outcome, &Check::outcome));
  };
  return {.passed = with(Outcome::kPassed),
          .failed = with(Outcome::kFailed),
          .not_done = with(Outcome::kNotDone)};
}

bool is_problem(const Check& check) {
  return check.outcome == Outcome::kFailed || check.not_done == attest::NotDone::kAbsent;
}

std::string from_text(const Check& check) {
  std::string out = attest::to_text(check.origin);
  if (!check.expected_from.empty()) out += ": " + check.expected_from;
  return out;
}

std::string verified_ids(const std::vector<advisory::Item>& items) {
  std::string out;
  for (const advisory::Item& item : items) {
    if (item.verified) out = joined(std::move(out), item.text);
  }
  return out;
}

std::string joined(std::string first, const std::string& second) {
  if (!first.empty() && !second.empty()) first += ", ";
  return first + second;
}

std::string count(std::size_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

}  // namespace ward::explain
