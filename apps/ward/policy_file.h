#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::cli {

// read_policy reads a policy of wardd and checks its form and its words; the exit code where it is
// not right, after the line for people. `kind` is "evidence" or "results".
[[nodiscard]] Result<Buffer, int> read_policy(const std::string& kind, const std::string& path);

}  // namespace ward::cli
