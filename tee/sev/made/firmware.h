#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "crypto/sign.h"
#include "tee/sev/session.h"

// The platform firmware's side of a launch, for tests: unwraps what an owner wrapped.
namespace ward::sev::made {

// start is LAUNCH_START: kUntrusted where a MAC is wrong, kMalformed where GODH or session is.
[[nodiscard]] Result<TransportKeys> start(const crypto::PrivateKey& pdh, Bytes godh, Bytes session,
                                          std::uint32_t policy);

// inject is LAUNCH_SECRET: kUntrusted where the MAC is wrong, kMalformed where the packet is.
[[nodiscard]] Result<SecretBytes> inject(const TransportKeys& keys,
                                         std::span<const std::uint8_t, kMacSize> measure,
                                         const Packet& packet);

}  // namespace ward::sev::made
