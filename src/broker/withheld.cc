#include "broker/withheld.h"

#include <utility>

#include "broker/checks.h"
#include "broker/held.h"
#include "broker/incident.h"
#include "broker/lease.h"

namespace ward::broker {
namespace {

attest::Check failed(CheckId id, std::string found, std::string expected) {
  return {.info = &check_info(id),
          .outcome = attest::Outcome::kFailed,
          .not_done = attest::NotDone::kNone,
          .found = std::move(found),
          .expected = std::move(expected)};
}

}  // namespace

Result<std::vector<attest::Check>> withheld_resource(store::View& view, const Service& service,
                                                     std::string_view path, Bytes workload,
                                                     UnixTime now) {
  std::vector<attest::Check> out;
  WARD_TRY(const auto resource, load_resource(view, service.keys, path));
  if (resource && expired(resource->terms, now)) {
    out.push_back(failed(CheckId::kResourceUnexpired,
                         "good until " + format_rfc3339(*resource->terms.expires),
                         "a resource whose time is not over"));
  }
  WARD_TRY(const auto revoked, find_revocation(view, service.keys, path, workload));
  if (revoked) {
    out.push_back(failed(CheckId::kLeaseUnrevoked, "revoked at " + format_rfc3339(revoked->time),
                         "a workload whose lease is not revoked"));
  }
  return out;
}

Result<std::vector<attest::Check>> withheld_policy(store::View& view,
                                                   const EvidencePolicy& policy) {
  std::vector<attest::Check> out;
  WARD_TRY(const std::string incident, lifted_incident(view, policy));
  if (!incident.empty()) {
    out.push_back(failed(CheckId::kPolicyIncident, "incident " + incident,
                         "a policy that refuses its subject"));
  }
  return out;
}

}  // namespace ward::broker
