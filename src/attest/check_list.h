#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "attest/check.h"

namespace ward::attest {

// CheckList holds one entry for every check of `table`, in its order, all `blocked` until they are
// recorded: a check that the code forgot is therefore never passed. Id is the enum that indexes the
// table.
template <class Id>
class CheckList {
 public:
  explicit CheckList(std::span<const CheckInfo> table) {
    for (const CheckInfo& info : table) {
      checks_.push_back({.info = &info, .not_done = NotDone::kBlocked});
    }
  }

  // record notes that the check was done, what was found and what was expected, and returns whether
  // it passed.
  bool record(Id id, bool passed, std::string found, Expectation expected) {
    Check& check = at(id);
    check.outcome = settle(*check.info, passed ? Outcome::kPassed : Outcome::kFailed);
    check.not_done = NotDone::kNone;
    check.found = std::move(found);
    check.expected = std::move(expected.text);
    check.origin = expected.origin;
    check.expected_from = std::move(expected.from);
    return check.outcome == Outcome::kPassed;
  }

  // absent notes that the check could not be done for want of `what`.
  void absent(Id id, std::string what) {
    Check& check = at(id);
    check.outcome = settle(*check.info, Outcome::kNotDone);
    check.not_done = check.outcome == Outcome::kNotDone ? NotDone::kAbsent : NotDone::kNone;
    check.expected = std::move(what);
  }

  // not_asked notes that nobody asked for the check; `found` is what would have been compared.
  void not_asked(Id id, std::string found) {
    Check& check = at(id);
    check.outcome = Outcome::kNotDone;
    check.not_done = NotDone::kNotAsked;
    check.found = std::move(found);
  }

  [[nodiscard]] bool passed(Id id) const {
    return checks_[static_cast<std::size_t>(id)].outcome == Outcome::kPassed;
  }

  [[nodiscard]] const CheckInfo& info(Id id) const {
    return *checks_[static_cast<std::size_t>(id)].info;
  }

  // take hands the entries over.
  [[nodiscard]] std::vector<Check> take() { return std::move(checks_); }

 private:
  Check& at(Id id) { return checks_[static_cast<std::size_t>(id)]; }

  std::vector<Check> checks_;
};

}  // namespace ward::attest
