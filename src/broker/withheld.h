#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attest/check.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/broker.h"
#include "store/store.h"

// What keeps somebody from access whatever policies say, for a replay (replay.h).
namespace ward::broker {

// withheld_resource lists why a workload that a results policy grants a resource does not get it
// now: the resource's time is over, or its owner revoked the workload's lease. The checks are those
// of GET /resource. An incident's word about one result is not among them: who is refused by it
// attests again. Errors of load_resource and find_revocation.
[[nodiscard]] Result<std::vector<attest::Check>> withheld_resource(store::View& view,
                                                                   const Service& service,
                                                                   std::string_view path,
                                                                   Bytes workload, UnixTime now);

// withheld_policy is why a policy for evidence cannot be put in force: an incident is open whose
// subject it does not refuse. Errors of lifted_incident.
[[nodiscard]] Result<std::vector<attest::Check>> withheld_policy(store::View& view,
                                                                 const EvidencePolicy& policy);

}  // namespace ward::broker
