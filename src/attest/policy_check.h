#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"

// The parts of appraise() that judge the platform by the policy. Of src/attest alone.
namespace ward::attest {

// PolicyChecks adds the checks that the policy decides.
class PolicyChecks {
 public:
  PolicyChecks(Slate& slate, const Policy& policy) : slate_(slate), policy_(policy) {}

  void decided(const CheckInfo* info, bool passed, std::string_view found,
               std::string_view expected) const;

  // blocked adds one for which what it would judge is not there.
  void blocked(const CheckInfo* info, std::string_view expected) const;

  // absent adds one for which what it would judge was not given, though the rest is there.
  void absent(const CheckInfo* info, std::string_view expected) const;

  [[nodiscard]] const Policy& policy() const { return policy_; }

 private:
  Check& add_open(const CheckInfo* info, std::string_view expected) const;

  Slate& slate_;
  const Policy& policy_;
};

// judge_tcb adds the checks of status, advisories, date and evaluation number.
void judge_tcb(const Findings& findings, UnixTime at, const PolicyChecks& out);

// warn_of_exceptions adds what an accepted verdict rests on beside the maker's best status: a
// status that the policy accepts all the same, and advisories that it tolerates for a while.
void warn_of_exceptions(const Tcb& tcb, const Policy& policy, std::vector<std::string>& out);

// judge_platform adds the checks of product and chip. `findings` say already whether they are
// genuine.
void judge_platform(const Appraisal& findings, const PolicyChecks& out);

}  // namespace ward::attest
