#pragma once

#include <span>

#include "attest/scheme.h"

namespace ward::tee {

// all_schemes lists every TEE that this build knows, one per folder that holds a scheme.h. The
// objects live for ever.
[[nodiscard]] std::span<const attest::Scheme* const> all_schemes();

}  // namespace ward::tee
