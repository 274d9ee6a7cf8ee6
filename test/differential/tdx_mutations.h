#pragma once

#include "test/differential/mutations.h"

namespace ward::differential {

// Changes of what only a TD and its TDX TCB info have; on SGX's faces they change nothing that a
// verifier reads.
void td_svns(soft::fixture::Stage& s, Dice& d);
void td_levels(soft::fixture::Stage& s, Dice& d);
void td_modules(soft::fixture::Stage& s, Dice& d);
void td_module_report(soft::fixture::Stage& s, Dice& d);
void td_attributes(soft::fixture::Stage& s, Dice& d);

}  // namespace ward::differential
