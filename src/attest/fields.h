#pragma once

#include <span>
#include <vector>

#include "attest/appraisal.h"

namespace ward::attest {

// What every check of a field means and what to do: the same for all.
inline constexpr const char* kFieldMeaning =
    "The policy names the values of this field that it accepts, and this is none of them.";
inline constexpr const char* kFieldHint =
    "Compare it with what you expect; change the policy only where you know why it differs.";

// field_facts gives each field check, with the value of the claim of the same number in
// `claims_of`.
[[nodiscard]] std::vector<FieldFact> field_facts(std::span<const CheckInfo> checks,
                                                 std::span<const char* const> claims_of,
                                                 const std::vector<Claim>& claims);

}  // namespace ward::attest
