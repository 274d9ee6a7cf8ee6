#pragma once

#include <cstdint>

#include "attest/check.h"
#include "attest/check_list.h"

namespace ward::dcap {

// CheckId indexes the verifier's checks. A TEE's table is these, then its own, then policy's.
enum class CheckId : std::uint8_t {
#define WARD_DCAP_CHECK(name, id, reference, meaning, hint) name,
#define WARD_DCAP_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/dcap/checks.def"
#undef WARD_DCAP_CHECK
#undef WARD_DCAP_POLICY_CHECK
  kEnd
};

// PolicyCheckId numbers the checks that policy records (attest::appraise), the last of a TEE's
// table.
enum class PolicyCheckId : std::uint8_t {
#define WARD_DCAP_CHECK(name, id, reference, meaning, hint)
#define WARD_DCAP_POLICY_CHECK(name, id, reference, meaning, hint) name,
#include "tee/dcap/checks.def"
#undef WARD_DCAP_CHECK
#undef WARD_DCAP_POLICY_CHECK
  kEnd
};

using CheckList = attest::CheckList<CheckId>;

}  // namespace ward::dcap
