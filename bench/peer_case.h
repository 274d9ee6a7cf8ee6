#pragma once

#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "tee/soft/amd.h"
#include "tee/soft/world.h"

// A platform as other verifiers read it: JSON, as the cases of test/differential/compare.py have
// it.
namespace ward::bench {

[[nodiscard]] std::string dcap_case(const soft::DcapCollateral& made, Bytes quote, UnixTime now);

[[nodiscard]] std::string amd_case(const soft::AmdCollateral& made, snp::Line line, Bytes report,
                                   UnixTime now);

}  // namespace ward::bench
