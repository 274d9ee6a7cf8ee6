#pragma once

#include <functional>
#include <vector>

#include "attest/appraisal.h"
#include "tee/sev/made/stage.h"

// What can be wrong with a platform, a fact at a time: for tests and for the vectors of this
// folder.
namespace ward::sev::made {

// Given is one appraisal: what is made, and what the relying party says.
struct Given {
  Made made;
  std::vector<attest::Document> collateral;
  attest::Policy policy{.name = "test", .allow_development = true};
  attest::Expectations expected;
  attest::Anchor anchor;
};

[[nodiscard]] Given given(const Stage& s);

// Case changes one fact, before it is signed or after. The id is without the TEE's name.
struct Case {
  const char* id;
  std::function<void(Stage&)> before = [](Stage&) {};
  std::function<void(Given&)> after = [](Given&) {};
  std::function<bool(const Face&)> of = [](const Face&) { return true; };
  bool of_policy = false;  // evidence and documents are right: the relying party wants others
};

// failing_cases are facts that are wrong, absent_cases documents that are not there.
[[nodiscard]] std::vector<Case> failing_cases();
[[nodiscard]] std::vector<Case> absent_cases();

}  // namespace ward::sev::made
