#pragma once

#include <string>
#include <vector>

#include "attest/appraisal.h"

// The parts of appraise() that judge the platform by the policy. Of src/attest alone.
namespace ward::attest {

// policy_check is a check that the policy decided, policy_blocked one for which what it would judge
// is not there.
[[nodiscard]] Check policy_check(const CheckInfo* info, bool passed, std::string found,
                                 std::string expected, const Policy& policy);
[[nodiscard]] Check policy_blocked(const CheckInfo* info, std::string expected,
                                   const Policy& policy);

// policy_absent is one for which what it would judge was not given, though the rest is there.
[[nodiscard]] Check policy_absent(const CheckInfo* info, std::string expected,
                                  const Policy& policy);

// judge_tcb adds the checks of status, advisories, date and evaluation number.
void judge_tcb(const Findings& findings, const Policy& policy, UnixTime at,
               std::vector<Check>& out);

// warn_of_exceptions adds what an accepted verdict rests on beside the maker's best status: a
// status that the policy accepts all the same, and advisories that it tolerates for a while.
void warn_of_exceptions(const Tcb& tcb, const Policy& policy, std::vector<std::string>& out);

// judge_platform adds the checks of product and chip.
void judge_platform(const Findings& findings, const Policy& policy, std::vector<Check>& out);

}  // namespace ward::attest
