#pragma once

#include <span>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace ward::crypto {

// hmac_into writes the tag into `out`, which has the hash's size.
void hmac_into(Hash hash, Bytes key, Bytes data, std::span<std::uint8_t> out);

}  // namespace ward::crypto
