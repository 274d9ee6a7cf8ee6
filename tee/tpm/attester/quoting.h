#pragma once

#include "tee/tpm/attester/device.h"
#include "tee/tpm/evidence.h"

namespace ward::tpm {

// attest makes evidence: a quote and the values that it is of. PCRs may be extended between quoting
// and reading: then both are done again, at most so many times.
inline constexpr int kMaxQuoteTries = 5;
[[nodiscard]] Result<Evidence> attest(Device& device, const AkChoice& ak, Bytes extra_data,
                                      const std::vector<PcrSelection>& selection);

}  // namespace ward::tpm
