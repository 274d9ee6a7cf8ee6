#pragma once

#include <string_view>
#include <vector>

#include "attest/check.h"
#include "broker/facts.h"
#include "broker/policy.h"

namespace ward::broker {

// ReleasePolicy decides about one resource. The declarative policy is one; Rego will be another.
class ReleasePolicy {
 public:
  ReleasePolicy() = default;
  ReleasePolicy(const ReleasePolicy&) = delete;
  ReleasePolicy& operator=(const ReleasePolicy&) = delete;
  virtual ~ReleasePolicy() = default;

  // decide returns every check of the decision. The resource is released only where the list is
  // not empty and every entry passed.
  [[nodiscard]] virtual std::vector<attest::Check> decide(std::string_view type_and_tag,
                                                          const Facts& facts) const = 0;
};

// DeclarativePolicy applies a ResultsPolicy. `from` names it in the checks: "results policy of
// hospital, version 3".
class DeclarativePolicy final : public ReleasePolicy {
 public:
  DeclarativePolicy(ResultsPolicy policy, std::string from);

  [[nodiscard]] std::vector<attest::Check> decide(std::string_view type_and_tag,
                                                  const Facts& facts) const override;

 private:
  ResultsPolicy policy_;
  std::string from_;
};

// failed_of keeps the checks that did not pass: for a release, not done is as bad as failed.
[[nodiscard]] std::vector<attest::Check> failed_of(const std::vector<attest::Check>& checks);

}  // namespace ward::broker
