#pragma once

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/rego/policy.h"
#include "test/support/vectors.h"

// Of the tests of src/policy/rego: they need the engine.
#define WARD_NEED_REGO()                                                                   \
  if (ward::policy::rego::engine().empty()) {                                              \
    if (ward::test::required("engines")) FAIL() << "WARD_REQUIRE=engines, but no regorus"; \
    GTEST_SKIP() << "built without regorus: CMake says what is missing";                   \
  }                                                                                        \
  static_assert(true)

namespace ward::policy::rego {

// evaluated is the value of rule `answer` in JSON, or the reason why it has none. A rule `allow`
// makes it a policy.
inline std::string evaluated(std::string_view text, const Documents& documents) {
  const auto policy = Policy::load(text, "t.rego");
  if (!policy) return to_text(policy.error());
  const auto value = policy->value("answer", documents);
  return value ? *value : value.error().reason;
}

}  // namespace ward::policy::rego
