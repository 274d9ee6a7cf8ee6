#pragma once

#include <cstdint>

#include "attest/check.h"
#include "attest/check_list.h"

namespace ward::psa {

// CheckId indexes the verifier's checks; policy's and the fields' follow them in the table.
enum class CheckId : std::uint8_t {
#define WARD_PSA_CHECK(name, id, reference, meaning, hint) name,
#define WARD_PSA_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/psa/checks.def"
#undef WARD_PSA_CHECK
#undef WARD_PSA_POLICY_CHECK
  kEnd
};

// PolicyCheckId numbers the checks that policy records (attest::appraise).
enum class PolicyCheckId : std::uint8_t {
#define WARD_PSA_CHECK(name, id, reference, meaning, hint)
#define WARD_PSA_POLICY_CHECK(name, id, reference, meaning, hint) name,
#include "tee/psa/checks.def"
#undef WARD_PSA_CHECK
#undef WARD_PSA_POLICY_CHECK
  kEnd
};

using CheckList = attest::CheckList<CheckId>;

}  // namespace ward::psa
