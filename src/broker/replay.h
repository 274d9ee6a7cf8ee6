#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "broker/admin.h"
#include "broker/broker.h"

// What the archive's evidence would lead to under other policies, at other times, with other
// collateral (docs/wardd.md).
namespace ward::broker {

inline constexpr std::size_t kMaxReplayed = 200;       // appraisals in one answer
inline constexpr std::size_t kMaxReplayedInRego = 20;  // where a policy in Rego is asked

// When says with what and as of when archived evidence is appraised: as it was, or as it is now.
struct When {
  bool now = false;                 // as of now, instead of its own time
  bool present_collateral = false;  // with what the service holds, instead of what it held then
};

// ReplayRequest is one step of a replay.
struct ReplayRequest {
  Bytes candidate;                        // a policy, JSON
  std::optional<std::string> repository;  // whose results policy; nullopt: it is for evidence
  // Not empty: `candidate` is Rego for this class of devices (kDeviceClasses), in the place of what
  // the policy for evidence in force has for it.
  std::string device_class{};
  UnixTime since;
  std::optional<UnixTime> until;  // inclusive
  std::string after;              // the id that the last step ended with, or empty
  std::size_t limit = kMaxReplayed;
  When when;
};

// Reason is a check that keeps somebody from access.
struct Reason {
  std::string id;
  std::string found;
  std::string expected;
};

// AccessChange is one who would gain access, or lose it.
struct AccessChange {
  std::string id;  // of the archived appraisal
  UnixTime time;
  std::string tee;
  std::string workload;  // hex; empty where the evidence does not prove it
  std::string runtime;   // hex
  std::string access;    // "result" (an attestation result), or the path of a resource
  bool gains = false;
  std::vector<Reason> reasons;   // what keeps from it: under the policy in force where one gains,
                                 // under the candidate where one loses
  std::vector<Reason> withheld;  // what keeps from it all the same, whatever the policies say
};

// NotReplayed is an appraisal that cannot be repeated.
struct NotReplayed {
  std::string id;
  std::string why;
};

// ReplayStep is what one step found.
struct ReplayStep {
  std::size_t replayed = 0;
  std::vector<AccessChange> changes;
  std::vector<NotReplayed> not_replayed;
  std::string next;  // where the next step goes on; empty: all are done
};

// AppraisalLine is one line of a list.
struct AppraisalLine {
  std::string id;
  UnixTime time;
  std::string tee;
  std::string policy;
  std::uint64_t policy_version = 0;
  std::string verdict;
  std::vector<std::string> failed;
};

// AppraisalList is one page of them.
struct AppraisalList {
  std::vector<AppraisalLine> lines;
  std::string next;  // empty: there are no more
};

// RepeatRequest names one appraisal to repeat.
struct RepeatRequest {
  std::string id;
  When when;
  std::optional<UnixTime> at;  // another time than both

  // The policy for evidence: true the one in force, false the one of then; nullopt: of then exactly
  // where it is as of then.
  std::optional<bool> present_policy{};

  // Documents, by name and octets, instead of both.
  std::optional<std::vector<std::pair<std::string, Buffer>>> collateral;
};

// Replay looks into the archive. It writes nothing but the leaves of refusals, and of what is read
// of evidence. Safe from several threads.
class Replay {
 public:
  explicit Replay(const Service& service) : service_(service) {}

  // step compares what the policies in force and the candidate instead of one of them would grant:
  // results, and the resources that there are of those repositories whose policies the actor may
  // read. Who may set the candidate may replay it; where a policy for results in Rego is concerned,
  // an administrator alone. 409 while another step is at work.
  [[nodiscard]] Answer<ReplayStep> step(const Actor& actor, const ReplayRequest& request,
                                        UnixTime now) const;

  // list names what is archived from `since` on: for the verifier's owner, and auditors.
  [[nodiscard]] Answer<AppraisalList> list(const Actor& actor, UnixTime since, const ListPage& page,
                                           UnixTime now) const;

  // show writes one as it stands in the archive (ward.archived/1): for whom list is. Evidence and
  // collateral name machines, so their digests stand for them.
  [[nodiscard]] Answer<std::string> show(const Actor& actor, std::string_view id,
                                         UnixTime now) const;

  // repeat appraises one, and writes the appraisal (ward.appraisal/1) with the policy for evidence
  // that it is under: for the verifier's owner. 409 where what it is to be repeated with is not
  // kept any more.
  [[nodiscard]] Answer<std::string> repeat(const Actor& actor, const RepeatRequest& request,
                                           UnixTime now) const;

 private:
  const Service& service_;
  mutable std::mutex turn_;  // one step of a replay at a time: it takes its time
};

}  // namespace ward::broker
