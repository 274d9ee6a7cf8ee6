#pragma once

#include <string>

#include "explain/explanation.h"

namespace ward::cli {

// short_text is the verdict with what failed or was missing, and what to do.
[[nodiscard]] std::string short_text(const explain::Explanation& explanation);

}  // namespace ward::cli
