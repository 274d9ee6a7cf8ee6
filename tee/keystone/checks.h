#pragma once

#include <cstdint>

#include "attest/check.h"
#include "attest/check_list.h"

namespace ward::keystone {

// CheckId indexes the verifier's checks; policy's and the fields' follow them in the table.
enum class CheckId : std::uint8_t {
#define WARD_KEYSTONE_CHECK(name, id, reference, meaning, hint) name,
#define WARD_KEYSTONE_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/keystone/checks.def"
#undef WARD_KEYSTONE_CHECK
#undef WARD_KEYSTONE_POLICY_CHECK
  kEnd
};

// PolicyCheckId numbers the checks that policy records (attest::appraise).
enum class PolicyCheckId : std::uint8_t {
#define WARD_KEYSTONE_CHECK(name, id, reference, meaning, hint)
#define WARD_KEYSTONE_POLICY_CHECK(name, id, reference, meaning, hint) name,
#include "tee/keystone/checks.def"
#undef WARD_KEYSTONE_CHECK
#undef WARD_KEYSTONE_POLICY_CHECK
  kEnd
};

using CheckList = attest::CheckList<CheckId>;

}  // namespace ward::keystone
