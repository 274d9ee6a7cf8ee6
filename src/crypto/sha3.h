#pragma once

#include "base/bytes.h"
#include "crypto/digest.h"

namespace ward::crypto {

// sha3_512 hashes `data` whole (FIPS 202).
[[nodiscard]] Sha512Digest sha3_512(Bytes data);

}  // namespace ward::crypto
