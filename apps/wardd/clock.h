#pragma once

#include <string>

#include "apps/wardd/config.h"
#include "apps/wardd/failure.h"
#include "base/result.h"
#include "base/time.h"

namespace ward::wardd {

// correct_clock tells the ledger that `now` is right and its newest time was not, with a leaf of
// its own: what `wardd --clock-corrected` does after the machine's clock was wrongly in the future.
// Returns the line for people. Takes the store's lock, so not while the service runs.
[[nodiscard]] Result<std::string, Failure> correct_clock(const Config& config, UnixTime now);

}  // namespace ward::wardd
