#pragma once

#include "attest/scheme.h"
#include "lib/ward/boundary.h"

namespace ward::library {

// scheme_of returns the scheme that judges this evidence; never null. WARD_ERROR_UNKNOWN_EVIDENCE
// where none knows it.
[[nodiscard]] Result<const attest::Scheme*, Fault> scheme_of(const char* function, Bytes evidence);

}  // namespace ward::library
