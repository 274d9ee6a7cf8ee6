#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "broker/broker.h"
#include "ledger/entry.h"
#include "store/store.h"

// What the broker keeps in the store, and how it is recorded (docs/wardd.md).
namespace ward::broker {

inline constexpr std::string_view kNonceTable = "kbs.nonce";        // Session::row_key
inline constexpr std::string_view kResourceTable = "kbs.resource";  // "repository/type/tag", sealed
inline constexpr std::string_view kPolicyTable = "kbs.policy";      // policy_key, sealed
inline constexpr std::string_view kReleaseTable = "kbs.release";    // path: how often released

inline constexpr std::string_view kEvidencePolicyKey = "evidence";

// results_policy_key is "results/<repository>".
[[nodiscard]] std::string results_policy_key(std::string_view repository);

// Versioned is a sealed row that was opened.
template <class T>
struct Versioned {
  T value;
  std::uint64_t version = 0;
};

// load_* read the policies; nullopt where none was set. kMalformed, kUntrusted: the row is damaged.
[[nodiscard]] Result<std::optional<Versioned<EvidencePolicy>>> load_evidence_policy(
    store::View& view, const Service& service);
[[nodiscard]] Result<std::optional<Versioned<ResultsPolicy>>> load_results_policy(
    store::View& view, const Keys& keys, std::string_view repository);

// evidence_policy_is is true where the policy for evidence in force is of this version.
[[nodiscard]] Result<bool> evidence_policy_is(store::View& view, std::uint64_t version);

// InForce is the results policy that a repository's resources are released by.
struct InForce {
  std::string repository;  // the repository, or kAnyRepository
  Versioned<ResultsPolicy> policy;
};

// results_policy_in_force is the repository's own, else that of kAnyRepository.
[[nodiscard]] Result<std::optional<InForce>> results_policy_in_force(store::View& view,
                                                                     const Keys& keys,
                                                                     std::string_view repository);

// audit_digest stands in a leaf for a value that is a secret: HMAC-SHA-256 under the service's own
// key, in hex. Who has the service's keys, or asks it to write the value again, can compare; nobody
// finds the value by trying.
[[nodiscard]] std::string audit_digest(const Keys& keys, Bytes value);

// digest_before is the SHA-256 of what stands in a sealed row, in hex: empty where nothing does,
// "damaged" where it does not open. For values that are no secret. Errors of the store.
[[nodiscard]] Result<std::string> digest_before(store::View& view, const Keys& keys,
                                                std::string_view table, std::string_view key);

// record appends a leaf with the caller's transaction, behind the counts of refusals that are due
// (refusal_record.h).
[[nodiscard]] Result<void> record(store::Transaction& tx, const Keys& keys,
                                  const ledger::Entry& entry);

// check_clock fails with kStale where `now` lies before the newest time in the ledger.
[[nodiscard]] Result<void> check_clock(store::Store& store, UnixTime now);

}  // namespace ward::broker
