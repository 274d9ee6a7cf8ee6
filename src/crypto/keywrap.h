#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace ward::crypto {

inline constexpr std::size_t kKeyWrapMinBytes = 16;  // two blocks, RFC 3394 section 2
inline constexpr std::size_t kKeyWrapMaxBytes = 4096;

// wrap_key wraps `key` under `kek` by AES Key Wrap (RFC 3394) with the default initial value; the
// result is 8 octets longer. A `kek` has 32 octets (A256KW), or 16 or 24 for those who must read
// what others wrote. kMalformed for a key-encryption key of another size or a key that is no
// multiple of 8 octets, kLimit for one outside kKeyWrapMinBytes to kKeyWrapMaxBytes.
[[nodiscard]] Result<Buffer> wrap_key(Bytes kek, Bytes key);

// unwrap_key is the inverse. kUntrusted where the integrity check fails; sizes as wrap_key.
[[nodiscard]] Result<SecretBytes> unwrap_key(Bytes kek, Bytes wrapped);

}  // namespace ward::crypto
