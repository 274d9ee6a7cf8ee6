#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "store/store.h"

// Leases: releases that end, and workloads whose leases an owner does not renew (docs/wardd.md).
namespace ward::broker {

inline constexpr std::string_view kLeaseTable = "kbs.lease";            // Lease::id, sealed
inline constexpr std::string_view kRevocationTable = "kbs.revocation";  // Revocation::id, sealed

// revocation_id: the id of the lease that the workload got last of the resource.
inline constexpr std::string_view kNewestLeaseTable = "kbs.lease.newest";

inline constexpr std::size_t kMaxRevocations = 10000;  // of the service
inline constexpr std::size_t kForgottenLeases = 16;    // at one time
inline constexpr std::size_t kMaxLeasesListed = 200;   // in one page

// Revocation is an owner's word that a workload gets a resource no more, until he lifts it.
struct Revocation {
  std::string id;        // of resource and workload: revocation_id
  std::string resource;  // "repository/type/tag"
  std::string workload;  // as in the lease
  std::string lease;     // the one that was revoked
  std::string by;        // an administrator's name
  UnixTime time;
};

// revocation_id is sixteen digits of a digest over the resource and what all TEEs have of the
// workload's field, its first 32 octets: a workload that moves to another TEE stays revoked.
[[nodiscard]] std::string revocation_id(std::string_view resource, Bytes workload);

// find_revocation is the owner's word about this workload, nullopt where he said nothing.
// kUntrusted, kMalformed: the row is damaged.
[[nodiscard]] Result<std::optional<Revocation>> find_revocation(store::View& view, const Keys& keys,
                                                                std::string_view resource,
                                                                Bytes workload);

// grant writes a new lease, whose id it chooses, and forgets a few that are over.
[[nodiscard]] Result<Lease> grant(store::Transaction& tx, const Service& service, Lease lease,
                                  UnixTime now);

// no_lease is why no lease may be granted, by the quota; nullopt where one may.
[[nodiscard]] Result<std::optional<Refusal>> no_lease(store::View& view, const Service& service,
                                                      UnixTime now);

// end_leases forgets leases that are over, at most `most`, and returns how many of them ended: each
// of those has a leaf `expiry.lease`. One that was renewed, so that the workload has a newer, is
// forgotten without a word. A row that is damaged is forgotten too, with a leaf `expiry.damaged`
// that is counted. Errors of ledger::append and the store.
[[nodiscard]] Result<std::size_t> end_leases(store::Transaction& tx, const Keys& keys,
                                             std::size_t most, UnixTime now);

// restore_lease writes a lease again that was ended by a clock that was wrong, where it is not
// there any more. Errors of the store.
[[nodiscard]] Result<void> restore_lease(store::Transaction& tx, const Service& service,
                                         const Lease& lease);

// LeaseLine is a lease as its owner sees it.
struct LeaseLine {
  Lease lease;
  bool revoked = false;
};

// Page is some of a list; `next` is the `after` of the next, empty at the end.
template <class T>
struct Page {
  std::vector<T> lines;
  std::string next;
};

// Leases is what owners do about leases of their repositories' resources; administrators of all.
// Every act and every refusal is a leaf of the ledger, durable before the answer. Safe from several
// threads.
class Leases {
 public:
  explicit Leases(const Service& service) : service_(service) {}

  // list gives the leases that last, in the order of their ends, behind `after`: at most `limit`
  // of 1 to kMaxLeasesListed.
  [[nodiscard]] Answer<Page<LeaseLine>> list(const Actor& actor, std::string_view after,
                                             std::size_t limit, UnixTime now) const;

  // revoke ends the renewal of a lease: its workload gets its resource no more.
  [[nodiscard]] Answer<Revocation> revoke(const Actor& actor, std::string_view id,
                                          UnixTime now) const;

  [[nodiscard]] Answer<Page<Revocation>> revocations(const Actor& actor, std::string_view after,
                                                     std::size_t limit) const;

  // lift takes a revocation back.
  [[nodiscard]] Answer<void> lift(const Actor& actor, std::string_view id, UnixTime now) const;

 private:
  const Service& service_;
};

}  // namespace ward::broker
