#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "broker/broker.h"
#include "ledger/entry.h"
#include "store/store.h"

// How refusals get into the ledger without filling it: each class has its own number of leaves per
// interval, so that one does not hide another. What is beyond it is counted in the store, and the
// count becomes one leaf of kind kUnrecordedKind when the interval is over (docs/wardd.md).
namespace ward::broker {

inline constexpr std::string_view kRefusalTable = "kbs.refusal";  // class: interval and counts
inline constexpr std::string_view kUnrecordedKind = "refusal.more";
inline constexpr std::string_view kUnrecordedAppraisals = "appraisal.more";  // of kStatedAppraisal

inline constexpr std::uint32_t kRefusalsPerInterval = 20;
inline constexpr std::int64_t kRefusalInterval_s = 600;
inline constexpr std::size_t kMaxRefusalIds = 2048;  // octets of the ids of each list in a leaf

// The classes: evidence whose signature did not verify, genuine evidence, keeps that have attested.
// Each administrator is a class of his own.
inline constexpr std::string_view kForgedEvidence = "evidence.forged";
inline constexpr std::string_view kGenuineEvidence = "evidence.genuine";
inline constexpr std::string_view kRelease = "release";

// Evidence that was accepted for report data of the caller's, which may be shown again and again: a
// class too, of more leaves.
inline constexpr std::string_view kStatedAppraisal = "appraisal.stated";
inline constexpr std::uint32_t kStatedPerInterval = 200;

[[nodiscard]] std::string administrator_class(std::string_view name);

// RefusedAct is one refusal. `actor` is what was proved about who asked, or empty.
struct RefusedAct {
  std::string class_name;
  std::string actor;
  std::string subject;
  UnixTime now;
};

// record_bounded appends a leaf of a class that has at most `most` in an interval, or counts it:
// true where there is a leaf. Errors of ledger::append and the store.
[[nodiscard]] Result<bool> record_bounded(store::Transaction& tx, const Keys& keys,
                                          std::string_view class_name, std::uint32_t most,
                                          const ledger::Entry& entry);

// record_refusal appends the leaf of a refusal, or counts it: true where there is a leaf. Errors of
// ledger::append and the store.
[[nodiscard]] Result<bool> record_refusal(store::Transaction& tx, const Keys& keys,
                                          const RefusedAct& act, const Refusal& refusal);

// record_refusal does it in a transaction of its own, and returns what the client is told: the
// refusal, or that the service could not record it.
[[nodiscard]] Refusal record_refusal(const Service& service, const RefusedAct& act,
                                     Refusal refusal);

// record_counts writes the leaves about refusals that were not recorded singly, of all classes
// whose interval is over. Every other leaf is written behind it.
[[nodiscard]] Result<void> record_counts(store::Transaction& tx, const Keys& keys, UnixTime now);

}  // namespace ward::broker
