#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::protocol {

// Transport is one ordered stream of octets to a peer: a socket, TLS over one, or what a test puts
// in its place. One thread at a time. Its destructor ends the stream.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // read waits for at least one octet and returns how many it wrote to the front of `into`; 0 at
  // the orderly end of the stream. kTruncated: the stream ended without saying so (TLS: no
  // close_notify); kUnavailable: the peer is gone or too slow.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;

  // write sends all of `octets`. kUnavailable as for read.
  [[nodiscard]] virtual Result<void> write(Bytes octets) = 0;
};

}  // namespace ward::protocol
