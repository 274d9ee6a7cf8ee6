#pragma once

#include "apps/wardd/config.h"
#include "apps/wardd/failure.h"
#include "apps/wardd/memory.h"
#include "base/result.h"

namespace ward::wardd {

// check loads everything that the configuration names and opens the store: what `wardd --check`
// does.
[[nodiscard]] Result<void, Failure> check(const Config& config);

// serve takes the store's lock and runs until SIGTERM or SIGINT, which the caller has blocked in
// all threads. What `memory` keeps of secrets is told in the log.
[[nodiscard]] Result<void, Failure> serve(const Config& config, const Memory& memory);

}  // namespace ward::wardd
