#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "store/store.h"

// Incidents: what was released to a machine, a workload, or platforms exposed to an advisory, and
// that nothing more is (docs/protocols/incidents.md). The list comes from the ledger, which forgets
// nothing; leaves of before attestations named the machine are counted as unknown.
namespace ward::broker {

inline constexpr std::string_view kIncidentTable = "incident";            // id, sealed
inline constexpr std::string_view kOpenIncidentTable = "incident.open";   // id: subject
inline constexpr std::string_view kRefusedTokenTable = "incident.token";  // digest: incident
inline constexpr std::string_view kRotationTable = "incident.rotation";   // path: mark

// So many are kept: where there are as many, the oldest that is closed makes room.
inline constexpr std::size_t kMaxIncidents = 1000;

// A report lists so much, that it can be signed (token::kMaxJwsBytes) and read.
inline constexpr std::size_t kMaxListedReleases = 5000;
inline constexpr std::size_t kMaxListedBytes = 2U << 20U;        // of releases
inline constexpr std::size_t kMaxListedPathBytes = 256U << 10U;  // of paths to rotate

// The type of the JWS that a report is.
inline constexpr std::string_view kIncidentReportType = "ward-incident+jwt";

class IncidentScan;
enum class ScanFor : std::uint8_t;

enum class IncidentOf : std::uint8_t { kAdvisory, kChip, kWorkload };

[[nodiscard]] const char* to_text(IncidentOf of);  // "advisory", "chip", "workload"

// IncidentSubject is what an incident is of: an advisory's id in upper case; a machine's name
// (PlatformIds::name), never its identifier; a workload in hex.
struct IncidentSubject {
  IncidentOf of = IncidentOf::kAdvisory;
  std::string value;
};

// incident_subject reads it as an administrator writes it: an advisory's id; a chip's id in hex (8
// to 64 octets), or what stands in its place in claims, "salted:<hex>"; a workload's digest (32 to
// 64 octets in hex). nullopt: it is none.
[[nodiscard]] std::optional<IncidentSubject> incident_subject(const PlatformIds& ids, IncidentOf of,
                                                              std::string_view text);

// AffectedRelease is one leaf of kind release.
struct AffectedRelease {
  std::uint64_t index = 0;
  UnixTime time;
  std::string resource;
  std::string version;
  std::string workload;
  std::string platforms;  // names, with a blank between; empty: the ledger does not say
  std::string lease;      // or empty
};

// Affected is what the ledger says about a subject.
struct Affected {
  std::uint64_t ledger_size = 0;  // so many leaves were looked at
  std::vector<AffectedRelease> releases;
  std::uint64_t unlisted = 0;  // affected releases for which there was no room
  std::uint64_t unknown = 0;   // releases of which the ledger does not say what is asked
};

// Incident is one that was opened.
struct Incident {
  std::string id;  // sixteen hex digits; empty: of a trial
  IncidentSubject subject;
  std::string note;
  std::string opened_by;
  UnixTime opened;
  std::uint64_t policy_before = 0;  // the version of the policy for evidence; 0: there was none
  std::uint64_t policy_after = 0;   // the version that refuses the subject
  std::uint64_t tokens_refused = 0;
  std::vector<std::string> rotate;    // paths of what was marked
  std::uint64_t rotate_unlisted = 0;  // marked beside them
  Affected affected;
  std::string closed_by;  // empty: it is open
  UnixTime closed;
};

// NewIncident is what an administrator asks for.
struct NewIncident {
  IncidentSubject subject;
  std::string note;
  bool apply = false;  // false: tell what it would do
};

// rotation_of is the incident that asks for a new version of a resource whose newest is `version`;
// empty where none does. A version that was put afterwards takes the mark away.
[[nodiscard]] Result<std::string> rotation_of(store::View& view, std::string_view path,
                                              std::uint64_t version);

// keep_rotation moves a mark to a new version that is the old one's octets again.
[[nodiscard]] Result<void> keep_rotation(store::Transaction& tx, std::string_view path,
                                         std::uint64_t before, std::uint64_t after);

// refused_token is the incident that refuses a result, by its result_digest; empty: none.
[[nodiscard]] Result<std::string> refused_token(store::View& view, std::string_view digest);

// lifted_incident is an open incident whose subject a policy for evidence would not refuse; empty:
// there is none.
[[nodiscard]] Result<std::string> lifted_incident(store::View& view, const EvidencePolicy& policy);

// Incidents is their administration, an administrator's alone; auditors read. Every act is a leaf.
// Safe from several threads.
class Incidents {
 public:
  explicit Incidents(const Service& service) : service_(service) {}

  // open lists what is affected. Where it is to be applied, it first opens the incident, then puts
  // a version of the policy for evidence in force that refuses the subject, refuses the results
  // that were issued to it lately, and only then reads the ledger, marks what was released for
  // rotation, and keeps the report. 409 where the policy keeps changing, or kMaxIncidents are open;
  // 429 where the ledger is being read for others: the incident is open then, without its list.
  [[nodiscard]] Answer<Incident> open(const Actor& actor, const NewIncident& asked,
                                      UnixTime now) const;

  // list gives them in the order of time, without what was released, which it counts as unlisted.
  [[nodiscard]] Answer<std::vector<Incident>> list(const Actor& actor, UnixTime now) const;
  [[nodiscard]] Answer<Incident> get(const Actor& actor, std::string_view id, UnixTime now) const;

  // report signs an incident with the ledger's key: a compact JWS (EdDSA) of its JSON.
  [[nodiscard]] Answer<std::string> report(const Incident& incident) const;

  // close says that it is over. The policy stays as it is: who wants it back rolls it back.
  [[nodiscard]] Answer<Incident> close(const Actor& actor, std::string_view id, UnixTime now) const;

 private:
  [[nodiscard]] Answer<void> begin(const Actor& actor, const Incident& incident) const;
  [[nodiscard]] Answer<Affected> listed(IncidentScan& scan, ScanFor what) const;
  [[nodiscard]] Answer<void> refuse_from_now_on(const Actor& actor, Incident& incident,
                                                UnixTime now) const;
  [[nodiscard]] Answer<void> keep(const Actor& actor, const IncidentScan& scan,
                                  Incident& incident) const;

  const Service& service_;
  mutable std::mutex scanning_;
};

// incident_json writes ward.incident/1 (docs/schemas).
[[nodiscard]] Result<std::string> incident_json(const Incident& incident, std::string_view service);

// parse_incident reads it back. kMalformed.
[[nodiscard]] Result<Incident> parse_incident(Bytes json);

}  // namespace ward::broker
