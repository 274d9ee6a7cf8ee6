#pragma once

#include <cstdint>
#include <string>

#include "attest/check.h"
#include "attest/check_list.h"

namespace ward::nvidia {

// CheckId indexes the verifier's checks; policy's and the fields' follow them in the table.
enum class CheckId : std::uint8_t {
#define WARD_NVIDIA_CHECK(name, id, reference, meaning, hint) name,
#define WARD_NVIDIA_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/nvidia/checks.def"
#undef WARD_NVIDIA_CHECK
#undef WARD_NVIDIA_POLICY_CHECK
  kEnd
};

// PolicyCheckId numbers the checks that policy records (attest::appraise).
enum class PolicyCheckId : std::uint8_t {
#define WARD_NVIDIA_CHECK(name, id, reference, meaning, hint)
#define WARD_NVIDIA_POLICY_CHECK(name, id, reference, meaning, hint) name,
#include "tee/nvidia/checks.def"
#undef WARD_NVIDIA_CHECK
#undef WARD_NVIDIA_POLICY_CHECK
  kEnd
};

using CheckList = attest::CheckList<CheckId>;

// FormError says which check of the form failed.
struct FormError {
  CheckId check;
  std::string found;
  std::string expected;
};

}  // namespace ward::nvidia
