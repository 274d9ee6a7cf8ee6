#pragma once

#include <memory>
#include <string>

#include "apps/wardd/config.h"
#include "base/result.h"

namespace ward::wardd {

// Failure is why the service cannot run: the exit code of DESIGN 4, and a line for people.
struct Failure {
  int exit = 3;
  std::string what;
  std::string hint;
};

// check loads everything that the configuration names and opens the store: what `wardd --check`
// does.
[[nodiscard]] Result<void, Failure> check(const Config& config);

// serve runs until SIGTERM or SIGINT, which the caller has blocked in all threads.
[[nodiscard]] Result<void, Failure> serve(const Config& config);

}  // namespace ward::wardd
