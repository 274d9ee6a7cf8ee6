#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "broker/admin.h"
#include "broker/broker.h"

// The policies of a service: set, shown, and put back to an earlier version (docs/wardd.md).
namespace ward::broker {

inline constexpr std::string_view kPolicyVersionTable =
    "kbs.policy.version";  // key/version, sealed

// So many versions of each policy are kept, the one in force among them, or fewer (quotas.h).
inline constexpr std::size_t kKeptPolicyVersions = Quotas{}.policy_versions;

// PolicyInfo is one line of a list.
struct PolicyInfo {
  std::string kind;        // "evidence" or "results"
  std::string repository;  // of a results policy; kAnyRepository: of those without their own
  std::uint64_t version = 0;
};

// PolicyVersion is one version of a policy.
struct PolicyVersion {
  std::uint64_t version = 0;
  UnixTime time;       // when it was set
  std::string actor;   // by whom
  std::string sha256;  // of its text, hex
  bool in_force = false;
};

// PolicyText is one version as it was set.
struct PolicyText {
  std::string text;
  std::uint64_t version = 0;
};

// checked_* parse a policy that somebody would set, Rego and all: 400 with the place that is wrong.
[[nodiscard]] Answer<EvidencePolicy> checked_evidence_policy(const Service& service, Bytes json);
[[nodiscard]] Answer<ResultsPolicy> checked_results_policy(const Service& service, Bytes json);

// policy_with_rego is the policy for evidence in force with Rego for one class of devices in it,
// and its version: a text that was not checked. 400 for another class; 409 where none is in force,
// and Rego for the class leaves to others what only a policy says.
struct WithRego {
  std::string text;
  std::uint64_t version = 0;
};

[[nodiscard]] Answer<WithRego> policy_with_rego(const Service& service,
                                                std::string_view device_class,
                                                std::string_view rego);

// kept_evidence_policy is the text of the policy for evidence of that version: the one in force, or
// one that is kept; nullopt where it is neither. kUntrusted, kMalformed: the row is damaged.
[[nodiscard]] Result<std::optional<std::string>> kept_evidence_policy(store::View& view,
                                                                      const Service& service,
                                                                      std::uint64_t version);

// PolicyAdmin changes and shows policies. A policy's key is "evidence", "results/REPOSITORY" or
// "results/*". Every change is a leaf of the ledger and takes effect at once, whole or not at all;
// every refusal is one too. Safe from several threads.
class PolicyAdmin {
 public:
  explicit PolicyAdmin(const Service& service) : service_(service) {}

  // Condition is which version must be in force (0: none), and the status of the refusal otherwise.
  struct Condition {
    std::optional<std::uint64_t> version;  // absent: any
    unsigned otherwise = 412;
  };

  // set parses before it writes: 400 with the place that is wrong, of Rego with line and column;
  // 412 where another version is in force than `if_version` (0: none is). Returns the new version.
  [[nodiscard]] Answer<std::uint64_t> set(const Actor& actor, std::string_view key, Bytes json,
                                          UnixTime now,
                                          std::optional<std::uint64_t> if_version = {}) const;

  // rollback sets the text of an earlier version again, as a new one; 412 as set.
  [[nodiscard]] Answer<std::uint64_t> rollback(const Actor& actor, std::string_view key,
                                               std::uint64_t to, UnixTime now,
                                               std::optional<std::uint64_t> if_version = {}) const;

  // list names those that the actor may read: an administrator all, the verifier's owner that for
  // evidence, an owner those of his repositories.
  [[nodiscard]] Answer<std::vector<PolicyInfo>> list(const Actor& actor) const;

  // find gives the one in force, or a version that is kept; get its text alone.
  [[nodiscard]] Answer<PolicyText> find(const Actor& actor, std::string_view key, UnixTime now,
                                        std::optional<std::uint64_t> version = {}) const;
  [[nodiscard]] Answer<std::string> get(const Actor& actor, std::string_view key, UnixTime now,
                                        std::optional<std::uint64_t> version = {}) const;

  // versions lists those that are kept, the newest first. Versions of before this was kept are not
  // among them.
  [[nodiscard]] Answer<std::vector<PolicyVersion>> versions(const Actor& actor,
                                                            std::string_view key,
                                                            UnixTime now) const;

  // set_attestation_policy puts Rego for a class of devices into the policy for evidence, and keeps
  // the rest of it: what Trustee's tools send. `id` is "default_cpu", "default_gpu" or
  // "default_switch". 412 as set; 409 where another version comes into force meanwhile.
  [[nodiscard]] Answer<std::uint64_t> set_attestation_policy(
      const Actor& actor, std::string_view id, std::string_view rego, UnixTime now,
      std::optional<std::uint64_t> if_version = {}) const;

  // set_resource_policy sets Rego for all resources of repositories without a policy of their own.
  [[nodiscard]] Answer<std::uint64_t> set_resource_policy(const Actor& actor, std::string_view rego,
                                                          UnixTime now) const;

 private:
  struct Change;

  [[nodiscard]] Answer<std::uint64_t> write(const Change& change) const;
  [[nodiscard]] Answer<std::uint64_t> set_where(const Actor& actor, std::string_view key,
                                                Bytes json, UnixTime now,
                                                const Condition& where) const;
  [[nodiscard]] Answer<void> may(const Actor& actor, std::string_view key, UnixTime now) const;

  const Service& service_;
};

}  // namespace ward::broker
