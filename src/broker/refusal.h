#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "base/diag.h"
#include "base/result.h"
#include "broker/checks.h"
#include "protocol/kbs/message.h"

namespace ward::broker {

// Refusal is why a request is not answered with what it asked for.
struct Refusal {
  unsigned status = 401;            // of HTTP
  protocol::kbs::ErrorBody body;    // type and detail; the detail names the failed check first
  std::vector<std::string> checks;  // ids that failed; empty where the service itself could not
  std::vector<std::string> passed;  // ids that passed before; for the ledger, not for the client
  std::string found{};              // what the first failed check found, and what it expected;
  std::string expected{};           // empty where the check has no such values
};

// refuse names one of the broker's checks. The detail reads "<id>: <meaning> <more>".
[[nodiscard]] Refusal refuse(unsigned status, std::string_view type, CheckId id,
                             std::string_view more = {});

// over_quota is the refusal of what would be `found` where a quota (quotas.h) allows `most`.
[[nodiscard]] Refusal over_quota(unsigned status, std::string_view type, std::string_view quota,
                                 std::uint64_t found, std::uint64_t most);

// refuse_document names the place in a document that is wrong.
[[nodiscard]] Refusal refuse_document(std::string_view type, CheckId id, const Diag& diag);

// refuse_checks names the first of the failed checks, with what was found and expected, and lists
// the others.
[[nodiscard]] Refusal refuse_checks(std::string_view type,
                                    const std::vector<attest::Check>& failed);

// passed_ids lists the checks that passed, in their order.
[[nodiscard]] std::vector<std::string> passed_ids(const std::vector<attest::Check>& checks);

// joined_ids writes ids as a ledger's leaf holds them, with a blank between.
[[nodiscard]] std::string joined_ids(const std::vector<std::string>& ids);

// unavailable is for what the service could not do: 503, kStale of the ledger being its clock.
[[nodiscard]] Refusal unavailable(const Error& error);

}  // namespace ward::broker
