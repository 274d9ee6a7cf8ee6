#pragma once

#include <functional>
#include <span>

#include "test/dcap_checks/platform_fixture.h"
#include "test/differential/dice.h"

namespace ward::differential {

// Mutation changes the facts of a platform before they are signed (`before`), or what was made of
// them (`after`), and signs it again: signatures hold, so that what a verifier thinks of the
// content decides. A few break a signature on purpose.
struct Mutation {
  const char* name;
  std::function<void(soft::fixture::Stage&, Dice&)> before;
  std::function<void(soft::fixture::Made&, soft::fixture::Stage&, Dice&)> after;
};

// all_mutations lists every kind; the object lives for ever.
[[nodiscard]] std::span<const Mutation> all_mutations();

}  // namespace ward::differential
