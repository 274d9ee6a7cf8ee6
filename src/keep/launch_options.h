#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::keep {

// LaunchOptions is what who asks for a keep says beside its manifest. None of it is the workload's
// identity; all of it that matters stands in the evidence.
struct LaunchOptions {
  std::string face = "sgx";  // which evidence the platform gives for the keep
  bool debug = false;        // the keep may be looked into; its evidence says so
  Buffer signature;          // in the TEE's own format, who vouches for ward-keep; empty: nobody

  friend bool operator==(const LaunchOptions&, const LaunchOptions&) = default;
};

inline constexpr std::size_t kMaxFaceBytes = 32;         // of a-z 0-9 . -
inline constexpr std::size_t kMaxSignatureBytes = 8192;  // SIGSTRUCT 1,808; ID block and more 4,192
inline constexpr std::size_t kMaxLaunchOptionsBytes = 8320;

// write_launch_options and parse_launch_options: deterministic CBOR, a map of the three members.
// kMalformed for anything else, kLimit beyond the bounds.
[[nodiscard]] Result<Buffer> write_launch_options(const LaunchOptions& options);
[[nodiscard]] Result<LaunchOptions> parse_launch_options(Bytes octets);

}  // namespace ward::keep
