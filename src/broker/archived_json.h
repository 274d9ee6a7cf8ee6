#pragma once

#include <string>

#include "base/result.h"
#include "broker/archive.h"

// An archived appraisal as an administrator reads it (docs/wardd.md, schema ward.archived/1).
namespace ward::broker {

// StillKept says what of a record's the service still has, so that it can be repeated with it.
struct StillKept {
  bool policy = false;      // the version of the policy for evidence that it was judged by
  bool collateral = false;  // the set of collateral
};

// archived_json writes a record. Evidence names the machine that it is of, and no identifier of one
// leaves the archive: its size and SHA-256 stand for it. Errors of JsonWriter::take.
[[nodiscard]] Result<std::string> archived_json(const ArchivedAppraisal& record,
                                                const StillKept& kept);

}  // namespace ward::broker
