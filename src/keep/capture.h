#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "keep/launcher.h"

namespace ward::keep {

inline constexpr std::size_t kMaxCapturedBytes = std::size_t{1} << 20U;

// capture runs a program with stdin empty and returns what it wrote to stdout. Its stderr is
// dropped. kUnavailable where it cannot be started or does not return 0, kLimit beyond
// kMaxCapturedBytes.
[[nodiscard]] Result<std::string, Failure> capture(const std::vector<std::string>& argv);

}  // namespace ward::keep
