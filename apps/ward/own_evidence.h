#pragma once

#include <string>

#include "apps/ward/child.h"
#include "apps/ward/cli.h"
#include "base/bytes.h"
#include "base/result.h"

namespace ward::args {
class Command;
}  // namespace ward::args

// Evidence of this machine, made by `ward attest` in a process of its own.
namespace ward::cli {

// OwnEvidence says by what: the options of `ward attest`; "": not given.
struct OwnEvidence {
  std::string tee = "auto";
  std::string device;
  std::string softd;
  std::string agent;
};

// add_own_evidence_options registers them; `options` outlives the parsing.
void add_own_evidence_options(args::Command& command, OwnEvidence& options);

// EvidenceFault is why there is no evidence, with the exit code.
struct EvidenceFault {
  int code = kCouldNotTell;
  std::string what;
};

// own_evidence has it made over `report_data`. Waits for it, as long as patience goes; may be
// called from several threads.
[[nodiscard]] Result<Buffer, EvidenceFault> own_evidence(const OwnEvidence& options,
                                                         Bytes report_data,
                                                         const Patience& patience = {});

}  // namespace ward::cli
