// attest::settle for the test of the tests: the check that WARD_KILLED_CHECK names passes, whatever
// came of it.
#include <cstdlib>
#include <string_view>

#include "attest/check.h"

namespace ward::attest {

Outcome settle(const CheckInfo& info, Outcome outcome) {
  static const char* const killed = std::getenv("WARD_KILLED_CHECK");
  return killed != nullptr && std::string_view(killed) == info.id ? Outcome::kPassed : outcome;
}

}  // namespace ward::attest
