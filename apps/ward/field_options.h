#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/ward/cli.h"
#include "attest/appraisal.h"
#include "attest/scheme.h"

// The options by which a policy on the command line demands something of a TEE's own fields.
namespace ward::cli {

// FieldOptions are what was given: FIELD=VALUE each.
struct FieldOptions {
  std::vector<std::string> accept;  // --accept-value
  std::vector<std::string> refuse;  // --refuse-value
  std::vector<std::string> least;   // --min-value

  [[nodiscard]] bool empty() const { return accept.empty() && refuse.empty() && least.empty(); }
};

// add_fields puts them into the policy. Usage for a field that no TEE has, and a value that it
// never has.
[[nodiscard]] Result<void, Usage> add_fields(const FieldOptions& options, attest::Policy& policy);

// field_of_another is a usage error where the policy demands a field that this evidence's TEE does
// not have: it would be dropped without a word.
[[nodiscard]] std::optional<Usage> field_of_another(const attest::Scheme& scheme,
                                                    const attest::Policy& policy);

}  // namespace ward::cli
