#pragma once

#include "keep/failure.h"
#include "keep/fd.h"

namespace ward::keep {

// enter_door makes a pair of streams, hands one end through a workload's door (borrowed;
// keep/device_server.h) and returns the other: a stream to the device. kUnavailable where `door` is
// none or nobody stands behind it.
[[nodiscard]] Result<UniqueFd, Failure> enter_door(int door);

}  // namespace ward::keep
