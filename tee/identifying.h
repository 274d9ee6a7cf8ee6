#pragma once

#include <span>
#include <string_view>

namespace ward::tee {

// identifying lists what of a TEE ("snp") names the one machine, or the one instance of it, for as
// long as it lives (attest/identity.h): claims by their name, and checks whose texts do by their
// id. Each folder that holds a scheme says it in identifying.def. Empty for a name that is no
// TEE's.
[[nodiscard]] std::span<const char* const> identifying(std::string_view tee);

}  // namespace ward::tee
