#pragma once

#include <string>

#include "apps/wardd/config.h"
#include "apps/wardd/failure.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/rng.h"
#include "server/key_file.h"

namespace ward::wardd {

// rotate_token_keys does what `wardd rotate` does: the configuration's `token_key` is replaced
// whole by one with the keys as `how` has them. A new key is of `algorithm`
// (server::kTokenAlgorithms), or of the kind that signs where that is empty. Returns the lines for
// people, a key each. The service reads the file when it starts.
[[nodiscard]] Result<std::string, Failure> rotate_token_keys(const Config& config,
                                                             server::Rotation how,
                                                             const std::string& algorithm,
                                                             UnixTime now, crypto::Rng& rng);

}  // namespace ward::wardd
