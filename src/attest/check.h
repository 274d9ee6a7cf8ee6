#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ward::attest {

// CheckInfo declares one check: a fact about evidence or collateral that is right or wrong. Every
// TEE lists its own in checks.def; docs/checks.md is made from the same table. An id never changes
// its meaning.
struct CheckInfo {
  const char* id;         // "<tee>.<object>.<fact>", "sgx.tcb_info.fmspc"
  const char* reference;  // document and section that demands it
  const char* meaning;    // what it means where it fails, a sentence
  const char* hint;       // what to do then, a sentence
};

enum class Outcome : std::uint8_t { kPassed, kFailed, kNotDone };

// Why a check was not done.
enum class NotDone : std::uint8_t {
  kNone,      // it was done
  kNotAsked,  // the caller named no expectation: not a failure, but listed
  kAbsent,    // something needed was not given (collateral)
  kBlocked,   // an earlier check failed, or was not done, that this one rests on
};

// Where an expectation came from.
enum class Origin : std::uint8_t { kSpecification, kPolicy, kReferenceValue, kCollateral, kCaller };

// Check is one declared check with what happened. `info` points into a constant table.
struct Check {
  const CheckInfo* info = nullptr;
  Outcome outcome = Outcome::kNotDone;
  NotDone not_done = NotDone::kNone;
  std::string found;
  std::string expected;
  Origin origin = Origin::kSpecification;
  std::string
      expected_from;  // which policy, reference value or collateral document (with its digest)
};

[[nodiscard]] const char* to_text(Outcome outcome);  // "passed", "failed", "not_done"
[[nodiscard]] const char* to_text(NotDone reason);   // "", "not asked", "absent", "blocked"
[[nodiscard]] const char* to_text(Origin origin);    // "specification", "policy", ...

// settle gives the outcome that a check is recorded with: `outcome` itself. It stands in a file of
// its own so that the test of the tests (test/check_kill) can link another, which calls one chosen
// check passed whatever came of it.
[[nodiscard]] Outcome settle(const CheckInfo& info, Outcome outcome);

// ExpectationView names the right value of a fact and who says so. Borrowed for the length of a
// call: it is meant to be written where it is handed over.
struct ExpectationView {
  std::string_view text;
  Origin origin = Origin::kSpecification;
  std::string_view from{};
};

// Expectation is one that is kept.
struct Expectation {
  std::string text;
  Origin origin = Origin::kSpecification;
  std::string from;

  // NOLINTNEXTLINE(google-explicit-constructor): what is kept is handed over like what is not
  operator ExpectationView() const { return {text, origin, from}; }
};

// decide notes in `check` that it was done, what was found and what was expected, over whatever it
// held; true where it passed.
inline bool decide(Check& check, bool passed, std::string_view found,
                   const ExpectationView& expected) {
  check.outcome = settle(*check.info, passed ? Outcome::kPassed : Outcome::kFailed);
  check.not_done = NotDone::kNone;
  check.found = found;
  check.expected = expected.text;
  check.origin = expected.origin;
  check.expected_from = expected.from;
  return check.outcome == Outcome::kPassed;
}

}  // namespace ward::attest
