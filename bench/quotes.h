#pragma once

#include "bench/hot_paths.h"

// Evidence that the software TEE gives, made in this process; against the one signature in it.
namespace ward::bench {

[[nodiscard]] HotPath sgx_quote();
[[nodiscard]] HotPath tdx_quote();
[[nodiscard]] HotPath snp_report();

}  // namespace ward::bench
