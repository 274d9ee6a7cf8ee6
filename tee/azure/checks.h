#pragma once

#include <cstdint>

#include "attest/check.h"
#include "attest/check_list.h"

namespace ward::azure {

// CheckId indexes the verifier's own checks; behind them in the table come those of SEV-SNP, TDX
// and the TPM's quote (tables.h), policy's, and the fields'.
enum class CheckId : std::uint8_t {
#define WARD_AZURE_CHECK(name, id, reference, meaning, hint) name,
#define WARD_AZURE_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/azure/checks.def"
#undef WARD_AZURE_CHECK
#undef WARD_AZURE_POLICY_CHECK
  kEnd
};

// PolicyCheckId numbers the checks that policy records (attest::appraise).
enum class PolicyCheckId : std::uint8_t {
#define WARD_AZURE_CHECK(name, id, reference, meaning, hint)
#define WARD_AZURE_POLICY_CHECK(name, id, reference, meaning, hint) name,
#include "tee/azure/checks.def"
#undef WARD_AZURE_CHECK
#undef WARD_AZURE_POLICY_CHECK
  kEnd
};

using CheckList = attest::CheckList<CheckId>;

}  // namespace ward::azure
