#pragma once

#include "tee/tcg/event_log.h"

namespace ward::tpm::stage {

// boot_log is the event log of a boot with Secure Boot on, in the banks SHA-256 and SHA-384: events
// in PCR 0 to 9, 11, 12, 14 and 15, and the workload's manifest in PCR 8.
[[nodiscard]] tcg::LogParts boot_log();

}  // namespace ward::tpm::stage
