#pragma once

#include <cstdint>

#include "attest/check.h"
#include "attest/check_list.h"

namespace ward::dcap {

// Indexes every table made from checks.def.
enum class CheckId : std::uint8_t {
#define WARD_DCAP_CHECK(name, id, reference, meaning, hint) name,
#include "tee/dcap/checks.def"
#undef WARD_DCAP_CHECK
};

// From this one on, policy records the outcome (attest::appraise).
inline constexpr CheckId kPolicyFirst = CheckId::kTcbStatus;

using CheckList = attest::CheckList<CheckId>;

}  // namespace ward::dcap
