#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attest/check.h"
#include "base/time.h"
#include "broker/facts.h"
#include "broker/policy.h"
#include "broker/rego.h"

namespace ward::broker {

// ReleaseRequest is who asks for a resource, and for which; borrowed during the call.
struct ReleaseRequest {
  std::string_view path;  // "repository/type/tag"
  const Facts& facts;
  std::string_view claims;  // of the attestation result, JSON: what a policy in Rego sees
  UnixTime now;
};

// ReleasePolicy is a results policy, as it is asked.
struct ReleasePolicy {
  const ResultsPolicy& policy;
  std::string from;                  // names it in checks: "results policy of hospital, version 3"
  const RegoEngine* rego = nullptr;  // nullptr: a rule with Rego releases nothing
};

// decide_release returns every check of the decision. The resource is released only where the list
// is not empty and every entry passed. A rule's Rego is asked where the rest of the rule passed.
[[nodiscard]] std::vector<attest::Check> decide_release(const ReleasePolicy& by,
                                                        const ReleaseRequest& request);

// failed_of keeps the checks that did not pass: for a release, not done is as bad as failed.
[[nodiscard]] std::vector<attest::Check> failed_of(const std::vector<attest::Check>& checks);

}  // namespace ward::broker
