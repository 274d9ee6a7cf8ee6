#pragma once

#include <vector>

#include "attest/collateral.h"
#include "attest/field.h"
#include "tee/dcap/verify.h"
#include "tee/tdx/td_report.h"

namespace ward::tdx {

// What fields.def writes of the values that a log states.
inline constexpr const char* kLogSource = "event log among the collateral";
inline constexpr attest::FieldForm kLogFlag{.kind = attest::FieldKind::kFlag, .source = kLogSource};
inline constexpr attest::FieldForm kLogItems{
    .kind = attest::FieldKind::kItems, .size = 48, .source = kLogSource};  // SHA-384

// check_event_log replays the event logs of measured boot (UEFI 2.10, 38.4, SHA-384) that
// `documents` are against RTMR0 to RTMR3, and records the checks tdx.event_log.*: not asked for
// where there is no log. Of several logs the one counts whose events give the most registers; the
// others are named in the notes. So is the log of another machine part, which is none here: one
// that only a TPM can have, or a log without SHA-384 that is no CCEL by its header or events. Adds
// the claims event_log.*: what events say whose register matches, and of no others. Where work is
// asked for, it gets the log, each register's extension and each separator's digest.
void check_event_log(dcap::Context& context, const dcap::Quote& quote,
                     std::span<const attest::Document* const> documents);

}  // namespace ward::tdx
