#include "broker/records.h"

#include <algorithm>
#include <utility>

#include "broker/refusal_record.h"
#include "crypto/digest.h"
#include "ledger/ledger.h"

namespace ward::broker {
namespace {

Error damaged() { return {Errc::kMalformed, "broker: a policy in the store does not parse"}; }

}  // namespace

std::string results_policy_key(std::string_view repository) {
  return "results/" + std::string(repository);
}

Result<std::optional<Versioned<EvidencePolicy>>> load_evidence_policy(store::View& view,
                                                                      const Service& service) {
  using Loaded = std::optional<Versioned<EvidencePolicy>>;
  WARD_TRY(const auto row, service.keys.rows.get(view, kPolicyTable, kEvidencePolicyKey));
  if (!row.value) return Loaded{};
  auto policy = parse_evidence_policy(row.value->expose(), service.verifier.fields());
  if (!policy) return damaged();
  return Loaded{{*std::move(policy), row.version}};
}

Result<bool> evidence_policy_is(store::View& view, std::uint64_t version) {
  WARD_TRY(const store::Row row, view.get(kPolicyTable, kEvidencePolicyKey));
  return row.version == version;
}

Result<std::optional<Versioned<ResultsPolicy>>> load_results_policy(store::View& view,
                                                                    const Keys& keys,
                                                                    std::string_view repository) {
  using Loaded = std::optional<Versioned<ResultsPolicy>>;
  WARD_TRY(const auto row, keys.rows.get(view, kPolicyTable, results_policy_key(repository)));
  if (!row.value) return Loaded{};
  auto policy = parse_results_policy(row.value->expose());
  if (!policy) return damaged();
  return Loaded{{*std::move(policy), row.version}};
}

Result<std::optional<InForce>> results_policy_in_force(store::View& view, const Keys& keys,
                                                       std::string_view repository) {
  for (const std::string_view name : {repository, kAnyRepository}) {
    WARD_TRY(auto policy, load_results_policy(view, keys, name));
    if (policy) return std::optional(InForce{std::string(name), *std::move(policy)});
  }
  return std::optional<InForce>();
}

std::string audit_digest(const Keys& keys, Bytes value) {
  constexpr std::string_view kPurpose = "ward audit value 1";  // no machine's name begins so
  SecretBytes text(kPurpose.size() + value.size());
  const auto into = text.expose_mut();
  std::ranges::copy(as_bytes(kPurpose), into.begin());
  std::ranges::copy(value, into.begin() + kPurpose.size());
  return keys.platform_ids.digest(text.expose());
}

Result<std::string> digest_before(store::View& view, const Keys& keys, std::string_view table,
                                  std::string_view key) {
  const auto row = keys.rows.get(view, table, key);
  if (!row) {
    if (row.error().code() == Errc::kUntrusted) return std::string("damaged");
    return row.error();
  }
  return row->value ? to_hex(crypto::sha256(row->value->expose())) : std::string();
}

Result<void> record(store::Transaction& tx, const Keys& keys, const ledger::Entry& entry) {
  WARD_CHECK_OK(record_counts(tx, keys, entry.time));
  const auto appended = ledger::append(tx, keys.ledger, entry);
  if (!appended) return appended.error();
  return {};
}

Result<void> check_clock(store::Store& store, UnixTime now) {
  return store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const ledger::Head head, ledger::read_head(view));
    if (head.size > 0 && now.seconds < head.newest.seconds - ledger::kMaxClockStepBack_s) {
      return Error(Errc::kStale, "broker: the clock stands before the ledger's newest entry");
    }
    return {};
  });
}

}  // namespace ward::broker
