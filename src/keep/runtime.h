#pragma once

#include "keep/measure.h"

namespace ward::keep {

// Where things of ward's own lie in a keep's root; a manifest cannot name paths below /ward.
inline constexpr const char* kAgentPath = "/ward/keep";
inline constexpr const char* kManifestPath = "/ward/manifest.cbor";
inline constexpr const char* kInitDataPath = "/ward/init-data.toml";

// runtime_log is the canonical CBOR that names the ward-keep image (Measured::runtime).
[[nodiscard]] Buffer runtime_log(const MeasuredFile& agent);

}  // namespace ward::keep
