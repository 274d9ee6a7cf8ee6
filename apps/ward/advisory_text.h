#pragma once

#include <string>

#include "advisory/select.h"
#include "attest/appraisal.h"

// What people read of the known attacks on a terminal.
namespace ward::cli {

// attacks_text lists attacks, two lines each.
[[nodiscard]] std::string attacks_text(const advisory::Selection& selection);

// exposures_text says of the judged attacks of a selection how the platform stands, by state, what
// is open first: the facts, what a policy can do, and where it is said.
[[nodiscard]] std::string exposures_text(const advisory::Selection& selection);

// platform_text is the line above it: what was judged.
[[nodiscard]] std::string platform_text(const attest::Appraisal& appraisal);

}  // namespace ward::cli
