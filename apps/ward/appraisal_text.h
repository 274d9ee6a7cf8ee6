#pragma once

#include <string>

#include "attest/appraisal.h"

namespace ward::cli {

// short_text is the verdict with what failed or was missing, and what to do.
[[nodiscard]] std::string short_text(const attest::Appraisal& appraisal);

}  // namespace ward::cli
