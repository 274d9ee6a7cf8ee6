#pragma once

#include <array>
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
  // Whole measurements; an empty list: nothing is accepted. nullopt: the policy in Rego for the
  // first device judges the measurement, by its claim `executables`.
  std::optional<std::vector<Buffer>> runtimes;
  // At least so many devices of a TEE must be shown: {"nvidia", 8}.
  std::map<std::string, std::size_t> required_parts;
  // What is refused, whatever else the evidence shows: machines (PlatformIds::name), workloads (32
  // to 64 octets; the first 32 are compared, which all TEEs have), advisories of the TCB.
  std::vector<std::string> refused_platforms;
  std::vector<Buffer> refused_workloads;
  std::vector<std::string> refused_advisories;
  // Policies in Rego by class of device (kDeviceClasses): asked of evidence that all else accepts.
  std::map<std::string, std::string> rego;
};

// The classes of devices that a policy for evidence may have Rego for. Trustee calls the policies
// default_cpu, default_gpu, default_switch.
inline constexpr std::array<std::string_view, 3> kDeviceClasses = {"cpu", "gpu", "switch"};

// kAnyResource names all resources of a repository that no other rule names.
inline constexpr std::string_view kAnyResource = "*";

// kAnyRepository is the repository of the results policy that is asked for all repositories without
// one of their own. An administrator's alone.
inline constexpr std::string_view kAnyRepository = "*";

// ReleaseRule gives some resources to some workloads. Everything named must hold.
struct ReleaseRule {
  std::vector<std::string> resources;  // "type/tag" below the policy's repository, or kAnyResource
  // Digests of manifests, 32 to 64 octets, and launch measurements. nullopt, only beside `rego`:
  // that judges them.
  std::optional<std::vector<Buffer>> workloads;
  std::optional<std::vector<Buffer>> runtimes;
  std::optional<std::vector<Buffer>> signers;  // nullopt: any, or none
  // nullopt, only beside `rego`: that judges the status.
  std::optional<std::vector<std::string>> accepted_tcb{std::vector<std::string>{"UpToDate"}};
  bool allow_debug = false;
  bool allow_development = false;
  std::string rego;  // a policy of the release contract (docs/policies.md); empty: none
};

// ResultsPolicy is a repository owner's. A resource that no rule names is released to nobody.
struct ResultsPolicy {
  std::vector<ReleaseRule> rules;

  // rule_for returns the rule that names `type/tag`, else that of kAnyResource, else nullptr;
  // borrowed.
  [[nodiscard]] const ReleaseRule* rule_for(std::string_view type_and_tag) const;
};

// Both parsers are strict: JSON, the schema's name, no member that is not known, lists without
// repetition. The Diag names the place. They do not read Rego: RegoEngine::check does.
// `fields` are those that accepted_values may name, of every TEE.
[[nodiscard]] Result<EvidencePolicy, Diag> parse_evidence_policy(
    Bytes json, std::span<const attest::FieldInfo> fields);
[[nodiscard]] Result<ResultsPolicy, Diag> parse_results_policy(Bytes json);

}  // namespace ward::broker
