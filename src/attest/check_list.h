#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "attest/check.h"

namespace ward::attest {

// CheckList writes one entry for every check of a table, in its order, all `blocked` until they are
// recorded: a check that the code forgot is therefore never passed. Id is the enum that indexes the
// table. The entries stay with their owner.
template <class Id>
class CheckList {
 public:
  // Begins a list: what `entries` held is gone.
  CheckList(std::span<const CheckInfo> table, std::vector<Check>& entries) : checks_(entries) {
    checks_.clear();
    checks_.reserve(table.size());
    for (const CheckInfo& info : table) {
      checks_.push_back({.info = &info, .not_done = NotDone::kBlocked});
    }
  }

  // Goes on with a list that another one of the same table began.
  explicit CheckList(std::vector<Check>& entries) : checks_(entries) {}

  // record notes that the check was done, what was found and what was expected, and returns whether
  // it passed.
  bool record(Id id, bool passed, std::string_view found, const ExpectationView& expected) {
    return decide(at(id), passed, found, expected);
  }

  // record_octets is record() with octets found, which are written as hex.
  bool record_octets(Id id, bool passed, Bytes found, const ExpectationView& expected) {
    const bool ok = decide(at(id), passed, {}, expected);
    append_hex(found, at(id).found);
    return ok;
  }

  // absent notes that the check could not be done for want of `what`.
  void absent(Id id, std::string_view what) {
    Check& check = at(id);
    check.outcome = settle(*check.info, Outcome::kNotDone);
    check.not_done = check.outcome == Outcome::kNotDone ? NotDone::kAbsent : NotDone::kNone;
    check.expected = what;
  }

  // not_asked notes that nobody asked for the check; `found` is what would have been compared.
  void not_asked(Id id, std::string_view found) {
    Check& check = at(id);
    check.outcome = Outcome::kNotDone;
    check.not_done = NotDone::kNotAsked;
    check.found = found;
  }

  [[nodiscard]] bool passed(Id id) const {
    return checks_[static_cast<std::size_t>(id)].outcome == Outcome::kPassed;
  }

  [[nodiscard]] const CheckInfo& info(Id id) const {
    return *checks_[static_cast<std::size_t>(id)].info;
  }

  // entry is one check as it stands.
  [[nodiscard]] Check& at(Id id) { return checks_[static_cast<std::size_t>(id)]; }

 private:
  std::vector<Check>& checks_;
};

}  // namespace ward::attest
