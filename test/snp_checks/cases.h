#pragma once

#include <vector>

#include "test/snp_checks/platform_fixture.h"

namespace ward::soft::snp_fixture {

// failing_cases differ from a good platform in one fact that is wrong; absent_cases lack one
// document.
[[nodiscard]] std::vector<Case> failing_cases();
[[nodiscard]] std::vector<Case> absent_cases();

}  // namespace ward::soft::snp_fixture
