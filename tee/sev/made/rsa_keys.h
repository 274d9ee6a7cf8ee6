#pragma once

#include "crypto/sign.h"

namespace ward::sev::made {

// The keys of the made AMD: 2048 bits as of Naples, 4096 as of the lines behind it.
[[nodiscard]] const crypto::PrivateKey& ark_key(unsigned bits);
[[nodiscard]] const crypto::PrivateKey& ask_key(unsigned bits);

}  // namespace ward::sev::made
