#pragma once

#include <string>
#include <vector>

#include "apps/ward/cli.h"
#include "attest/appraisal.h"
#include "attest/demands.h"

// The options by which a policy on the command line demands something of a TEE's own fields.
namespace ward::cli {

// FieldOptions are what was given: FIELD=VALUE each.
struct FieldOptions {
  std::vector<std::string> accept;  // --accept-value
  std::vector<std::string> refuse;  // --refuse-value
  std::vector<std::string> least;   // --min-value

  [[nodiscard]] bool empty() const { return accept.empty() && refuse.empty() && least.empty(); }
};

// What the demands of a policy are called on the command line.
inline constexpr attest::DemandNames kDemandOptions{.accept_tcb = "--accept-tcb",
                                                    .accept_value = "--accept-value",
                                                    .refuse_value = "--refuse-value",
                                                    .min_value = "--min-value",
                                                    .min_tcb_evaluation = "--min-tcb-evaluation"};

// add_fields puts them into the policy. Usage for a field that no TEE has, and a value that it
// never has.
[[nodiscard]] Result<void, Usage> add_fields(const FieldOptions& options,
                                             const attest::Demands& demands,
                                             attest::Policy& policy);

}  // namespace ward::cli
