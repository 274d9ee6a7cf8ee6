#pragma once

#include <span>

#include "attest/collateral.h"
#include "tee/tpm/verify.h"

namespace ward::tpm {

// check_event_log replays the event logs of measured boot that `documents` hold against the quoted
// PCRs of the best bank that a log has, and records the checks tpm.event_log.*: not asked for where
// there is no log. Of several logs the one counts whose events give the most PCRs; the others are
// named in the notes. So is a log of another machine part, which is none here: one without digests
// of a quoted bank, or one that extends what a TD's does and gives no quoted PCR. Adds the claims
// event_log.*: what events say whose PCR matches, and of no others; and which quoted PCRs the log
// says nothing of.
void check_event_log(Context& context, std::span<const PcrValue> values,
                     std::span<const attest::Document* const> documents);

// check_ima_log replays IMA's measurement list likewise: a beginning of it must give the quoted
// PCR. Adds the claims ima_log.*, of the entries that the quote shows and of no others.
void check_ima_log(Context& context, std::span<const PcrValue> values,
                   std::span<const attest::Document* const> documents);

}  // namespace ward::tpm
