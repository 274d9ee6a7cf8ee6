#pragma once

#include "base/result.h"
#include "crypto/secret.h"

namespace ward::cli {

// ask_passphrase asks the person at the terminal for a passphrase, without showing it; where
// `twice`, again, and both must be the same. kUnavailable: there is no terminal; kDenied: given up
// (Control-C, or nothing typed); kMalformed: the two differ, or more than 1024 octets.
[[nodiscard]] Result<SecretBytes> ask_passphrase(bool twice);

}  // namespace ward::cli
