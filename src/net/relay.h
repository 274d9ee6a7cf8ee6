#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "net/socket.h"

namespace ward::net {

// Relayed is what a relay carried, in octets.
struct Relayed {
  std::uint64_t to_server = 0;
  std::uint64_t from_server = 0;
};

// relay joins the stream socket `inside` to the TCP server `server` and carries octets both ways
// without looking at them, until either side ends or `stop` is requested. The server is connected
// to when the first octet comes from inside, for at most `timeout_ms`; afterwards silence has no
// bound. `inside` is borrowed, and shut down at the end so that its reader sees it. kUnavailable
// where the server does not answer or a stream breaks.
[[nodiscard]] Result<Relayed> relay(int inside, const Url& server, int timeout_ms,
                                    const std::stop_token& stop);

}  // namespace ward::net
