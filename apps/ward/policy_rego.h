#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/ward/policy_file.h"
#include "base/bytes.h"
#include "base/result.h"
#include "policy/rego/policy.h"

// What `ward policy` does with policies in Rego (docs/policies.md).
namespace ward::cli {

// is_rego is true for a file that is read as Rego: "*.rego".
[[nodiscard]] bool is_rego(std::string_view file);

// check_rego loads each file and tells what it is, or its faults with file, line and column.
[[nodiscard]] int check_rego(const std::vector<std::string>& files, bool json);

// load_rego reads and loads one, or says what is wrong and gives the exit code.
[[nodiscard]] Result<policy::rego::Policy, int> load_rego(const std::string& file);

// read_rego_results reads a *.rego file and writes the results policy around it.
[[nodiscard]] Result<Buffer, int> read_rego_results(const std::string& path, const RegoRule& rule);

// read_rego_evidence reads a *.rego file for evidence, as it stands.
[[nodiscard]] Result<Buffer, int> read_rego_evidence(const std::string& path);

// PolicyCase is one case of a file of cases: what a policy is asked, and what it should answer.
struct PolicyCase {
  std::string name;
  std::string input;  // JSON, as the three that follow; empty: {}
  std::string data;
  std::string reference_values;
  UnixTime now;
  std::string want;
};

struct PolicyCases {
  std::string policy;  // a path, from the file's own folder
  std::vector<PolicyCase> cases;
};

// parse_policy_cases reads ward.policy-cases/1; the Diag names the place.
[[nodiscard]] Result<PolicyCases, Diag> parse_policy_cases(Bytes json);

// difference is what a policy answers otherwise than wanted; empty where nothing is.
[[nodiscard]] std::string difference(const policy::rego::Policy& policy, const PolicyCase& one);

}  // namespace ward::cli
