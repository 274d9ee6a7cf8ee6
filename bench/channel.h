#pragma once

#include <vector>

#include "bench/hot_paths.h"

namespace ward::bench {

// channel_paths are whole openings of an attested channel in this process: TLS 1.3 with two
// certificates, fresh SGX evidence of the software TEE, its appraisal, both acceptances. Each is
// against the same TLS handshake alone, by the same engine.
[[nodiscard]] std::vector<HotPath> channel_paths();

}  // namespace ward::bench
