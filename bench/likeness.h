#pragma once

#include <string>

#include "tee/soft/amd.h"
#include "tee/soft/world.h"

// Development platforms that look as other verifiers want them. The root is trusted only where it
// is named.
namespace ward::bench {

// in_intels_likeness gives certificates Intel's common names and a distribution point (PCK
// Certificate Profile 1.3.5). The organisation still says what they are.
void in_intels_likeness(soft::DcapWorld& w);

// in_amds_likeness gives them AMD's names, and the address of the CRL. `line` is "Genoa".
void in_amds_likeness(soft::AmdWorld& w, const std::string& line);

}  // namespace ward::bench
