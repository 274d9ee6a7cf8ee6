#pragma once

#include "test/dcap_checks/platform_fixture.h"

namespace ward::soft::fixture {

// Types of certification data that name the platform, and all that leave the chain to the
// collateral.
inline constexpr std::uint16_t kNaming[] = {1, 2, 3, 7};
inline constexpr std::uint16_t kWithoutChain[] = {1, 2, 3, 4, 7};

// failing_cases make one check fail each, absent_cases leave one undone for want of a document.
// Every declared check has at least one case.
std::vector<Case> failing_cases();
std::vector<Case> absent_cases();

}  // namespace ward::soft::fixture
