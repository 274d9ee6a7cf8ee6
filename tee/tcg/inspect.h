#pragma once

#include <string>
#include <vector>

#include "attest/scheme.h"
#include "base/result.h"
#include "tee/tcg/event_log.h"

// A log for people and scripts, without judging it: the bank of the strongest algorithm, registers
// as guess_registers() takes them.
namespace ward::tcg {

// The schema's name, published as docs/schemas/ward.event-log-1.json.
inline constexpr const char* kEventLogSchema = "ward.event-log/1";

// inspect_json and inspect_text list the registers that the log would give, the remarks, and what
// each event says; lines end with '\n' in the text, and not in the JSON. Fail as replay() does, and
// with kUnsupported where ward can compute none of the log's algorithms.
[[nodiscard]] Result<std::string> inspect_json(const EventLog& log);
[[nodiscard]] Result<std::string> inspect_text(const EventLog& log);

// log_layout lists every field of every event, and the padding, without gap or overlap.
[[nodiscard]] std::vector<attest::LayoutField> log_layout(const EventLog& log);

}  // namespace ward::tcg
