#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/collateral.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/broker.h"
#include "store/store.h"

// The archive: evidence as it came, with what it was judged by, so that it can be appraised again
// (replay.h; docs/wardd.md). It is written with the ledger's leaf of the same appraisal, both or
// neither, and holds as much as Options::retention says.
namespace ward::broker {

// Appraisals, sealed, by id. What is of neither of the other kinds stands in the first.
inline constexpr std::string_view kArchiveTable = "archive.appraisal";
inline constexpr std::string_view kStatedTable = "archive.stated";        // for stated report data
inline constexpr std::string_view kUnvouchedTable = "archive.unvouched";  // no maker vouches for it
inline constexpr std::string_view kArchiveSizeTable = "archive.size";     // of each of these tables
inline constexpr std::string_view kCollateralTable = "archive.collateral";  // set: its documents
inline constexpr std::string_view kDocumentTable = "archive.document";      // SHA-256: octets

// At most this many appraisals are forgotten at one time, so that no request waits for long; more
// only where one takes the room of several: then those of twice its size.
inline constexpr std::size_t kForgottenAppraisals = 16;

// AppraisedFor is what evidence came for.
enum class AppraisedFor : std::uint8_t {
  kRelease,     // the KBS protocol's /attest: its result may open resources
  kResult,      // /v1/appraise with the service's nonce: a result for somebody else
  kStatedData,  // the same, for report data that the caller chose
};

[[nodiscard]] const char* to_text(AppraisedFor purpose);  // "release", "result", "stated_data"

// ArchivedAppraisal is one that was recorded.
struct ArchivedAppraisal {
  std::string id;  // archive_id
  UnixTime time;
  std::string tee;  // as the protocol calls it
  std::string primary_evidence;
  std::string additional_evidence;
  Buffer binding;
  Buffer device_binding;
  Buffer init_data_digest;   // empty: none was sent
  std::string runtime_data;  // JSON, as bound; empty: archived before it was kept
  std::string collateral;    // id of the set that the service held
  std::string policy;        // name of the policy for evidence
  std::uint64_t policy_version = 0;
  std::string verdict;              // "accepted", "refused", "undetermined"
  std::vector<std::string> failed;  // ids of the checks that kept it from a result
  AppraisedFor purpose = AppraisedFor::kRelease;
  bool genuine = true;  // its maker vouches for the platform: says in which table it goes
};

// archive_id orders by time: sixteen digits of the time, a hyphen, sixteen of the nonce's digest.
[[nodiscard]] std::string archive_id(UnixTime time, Bytes nonce);

// archive_time is when the appraisal of an id was.
[[nodiscard]] UnixTime archive_time(std::string_view id);

// archive_begin is smaller than every id of `time` or later, and greater than all before.
[[nodiscard]] std::string archive_begin(UnixTime time);

// archive writes one appraisal, and forgets what Options::retention does not keep. False, and
// nothing written, where it keeps nothing, or less octets than this one has.
[[nodiscard]] Result<bool> archive(store::Transaction& tx, const Service& service,
                                   const ArchivedAppraisal& record);

// load_archived reads one; nullopt where there is none. kUntrusted, kMalformed: the row is damaged.
[[nodiscard]] Result<std::optional<ArchivedAppraisal>> load_archived(store::View& view,
                                                                     const Service& service,
                                                                     std::string_view id);

// list_archived names those behind `after`, in the order of time: at most `limit` (1 to 1000).
[[nodiscard]] Result<std::vector<std::string>> list_archived(store::View& view,
                                                             std::string_view after,
                                                             std::size_t limit);

// remember_collateral writes what a service holds of the makers' documents, each once, and returns
// the set's id. Sets of which no kept appraisal can be are forgotten.
[[nodiscard]] Result<std::string> remember_collateral(store::Store& store,
                                                      const attest::Collateral& collateral,
                                                      const Retention& retention, UnixTime now);

// load_collateral reads a set; nullopt where it was forgotten. kUntrusted: a document, or the list,
// is not what it was.
[[nodiscard]] Result<std::optional<attest::Collateral>> load_collateral(store::View& view,
                                                                        std::string_view id);

}  // namespace ward::broker
