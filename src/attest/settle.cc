#include "attest/check.h"

namespace ward::attest {

Outcome settle(const CheckInfo& /*info*/, Outcome outcome) { return outcome; }

}  // namespace ward::attest
