#pragma once

#include <cstddef>

#include "attest/appraisal.h"
#include "base/time.h"

// What is known of a platform, told again for another piece of evidence and another time.
namespace ward::attest {

// kTimeOfAppraisal is where an expectation comes from whose text ends in the time of appraisal.
inline constexpr const char* kTimeOfAppraisal = "time of appraisal";

// recall writes what was found out of a platform at `then` over whatever `out` held, as it is at
// `now`; both lie in one window. Claims and the facts of fields are not written: those of the
// evidence belong to them.
void recall(const Findings& known, UnixTime then, UnixTime now, Findings& out);

// is_sound is true where no check failed and nothing was absent, but for revocation lists that a
// policy may do without: such findings are worth keeping.
[[nodiscard]] bool is_sound(const Findings& findings);

// memory_of is about how many octets findings occupy.
[[nodiscard]] std::size_t memory_of(const Findings& findings);

}  // namespace ward::attest
