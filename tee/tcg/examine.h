#pragma once

#include <span>
#include <vector>

#include "attest/appraisal.h"
#include "base/bytes.h"
#include "base/result.h"
#include "tee/tcg/replay.h"

namespace ward::tcg {

// LogFindings is all that a scheme needs of a log.
struct LogFindings {
  std::vector<Comparison> registers;  // one for each expected register, in its order
  std::vector<Remark> remarks;
  std::vector<attest::Claim> claims;  // of the registers that match, and no others
};

// examine reads a log and compares it with registers that genuine evidence states. Fails as
// parse_event_log() and replay() do: such a log explains no register.
[[nodiscard]] Result<LogFindings> examine(Bytes log, Registers registers, Algorithm algorithm,
                                          std::span<const ExpectedRegister> expected);

}  // namespace ward::tcg
