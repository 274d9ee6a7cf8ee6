#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/result.h"

// The two declarative policies of a broker (docs/wardd.md). RATS gives them two owners: the
// verifier's owner says what evidence is good, the owner of a repository says who gets what.
namespace ward::broker {

inline constexpr std::size_t kMaxPolicyBytes = 256U << 10U;
inline constexpr std::size_t kMaxPolicyItems = 1024;  // entries of each list

inline constexpr std::string_view kEvidenceSchema = "ward.evidence-policy/1";
inline constexpr std::string_view kResultsSchema = "ward.results-policy/1";

// EvidencePolicy is the verifier owner's: how evidence is appraised, and which launch measurements
// are good ones (reference values).
struct EvidencePolicy {
  attest::Policy policy;
  std::vector<Buffer> runtimes;  // whole measurements; none: nothing is accepted
  // At least so many devices of a TEE must be shown: {"nvidia", 8}.
  std::map<std::string, std::size_t> required_parts;
};

// ReleaseRule gives some resources to some workloads. Everything named must hold.
struct ReleaseRule {
  std::vector<std::string> resources;          // "type/tag" below the policy's repository
  std::vector<Buffer> workloads;               // digests of manifests, 32 to 64 octets
  std::vector<Buffer> runtimes;                // launch measurements
  std::optional<std::vector<Buffer>> signers;  // nullopt: any, or none
  std::vector<std::string> accepted_tcb{"UpToDate"};
  bool allow_debug = false;
  bool allow_development = false;
};

// ResultsPolicy is a repository owner's. A resource that no rule names is released to nobody.
struct ResultsPolicy {
  std::vector<ReleaseRule> rules;

  // rule_for returns the first rule that names `type/tag`, or nullptr; borrowed.
  [[nodiscard]] const ReleaseRule* rule_for(std::string_view type_and_tag) const;
};

// Both parsers are strict: JSON, the schema's name, no member that is not known, lists without
// repetition. The Diag names the place.
// `fields` are those that accepted_values may name, of every TEE.
[[nodiscard]] Result<EvidencePolicy, Diag> parse_evidence_policy(
    Bytes json, std::span<const attest::FieldInfo> fields);
[[nodiscard]] Result<ResultsPolicy, Diag> parse_results_policy(Bytes json);

}  // namespace ward::broker
