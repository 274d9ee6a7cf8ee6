#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/demands.h"
#include "base/result.h"

namespace ward::args {
class Command;
}  // namespace ward::args

// The options by which a command line says what evidence it accepts.
namespace ward::cli {

// PolicyOptions are what was given.
struct PolicyOptions {
  std::vector<std::string> accept_tcb;
  std::vector<std::string> accept_value;  // FIELD=VALUE, as the next two
  std::vector<std::string> refuse_value;
  std::vector<std::string> min_value;
  std::vector<std::string> tolerate;  // three words each time: ADVISORY until DATE
  std::vector<std::string> refuse_product;
  std::string chips;  // a file
  std::string min_tcb_date;
  std::optional<std::uint64_t> min_tcb_evaluation;
  bool require_crl = false;
  bool allow_debug = false;
  bool allow_development = false;
};

// What the demands of a policy are called on the command line.
inline constexpr attest::DemandNames kDemandOptions{.accept_tcb = "--accept-tcb",
                                                    .accept_value = "--accept-value",
                                                    .refuse_value = "--refuse-value",
                                                    .min_value = "--min-value",
                                                    .min_tcb_evaluation = "--min-tcb-evaluation",
                                                    .min_tcb_date = "--min-tcb-date",
                                                    .tolerate = "--tolerate",
                                                    .refuse_product = "--refuse-product",
                                                    .chips = "--chips"};

// add_policy_options registers them; `options` outlives the parsing.
void add_policy_options(args::Command& command, PolicyOptions& options);

// make_policy is the policy that they make. A mistake is told, and the exit code returned: 2, and 3
// where the list of chips cannot be read.
[[nodiscard]] Result<attest::Policy, int> make_policy(const PolicyOptions& options,
                                                      const attest::Demands& demands);

}  // namespace ward::cli
