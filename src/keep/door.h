#pragma once

#include "base/result.h"
#include "keep/failure.h"
#include "keep/fd.h"

namespace ward::keep {

// enter_door makes a pair of streams, hands one end through a workload's door (borrowed;
// keep/device_server.h) and returns the other: a stream to the device. kUnavailable where `door` is
// none or nobody stands behind it.
[[nodiscard]] Result<UniqueFd, Failure> enter_door(int door);

// enter_relay does the same with the agent's way out (borrowed; keep/keep_init.h, kRelayFd): a new
// stream, of which whoever stands outside makes a connection to the broker (receive_relayed). It
// waits for nobody: kUnavailable where too many streams were not taken.
[[nodiscard]] Result<UniqueFd> enter_relay(int relay);

// receive_relayed takes the other end of such a stream out of `relay`'s other end: kTruncated where
// the keep has ended, kMalformed for all that is no connected stream. Who sends is not trusted.
[[nodiscard]] Result<UniqueFd> receive_relayed(int relay);

}  // namespace ward::keep
