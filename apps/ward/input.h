#pragma once

#include <optional>
#include <string>

#include "attest/collateral.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace ward::cli {

// No evidence that ward reads is longer, in octets.
inline constexpr std::size_t kMaxEvidence = attest::kMaxEvidenceBytes;

// read_file reads a whole file of at most `max` octets; "-" is standard input. kUnavailable where
// it cannot be opened or read (file_error), kLimit where it is larger.
[[nodiscard]] Result<Buffer> read_file(const std::string& path, std::size_t max);

// read_front reads at most `max` octets of a file, and says nothing of the rest. kUnavailable.
[[nodiscard]] Result<Buffer> read_front(const std::string& path, std::size_t max);

// read_text is read_file for text.
[[nodiscard]] Result<std::string> read_text(const std::string& path, std::size_t max);

// seed_octets are what a --seed stands for: a seed in hex is its octets, any other text its own.
[[nodiscard]] Buffer seed_octets(const std::string& text);

// system_now is this machine's clock, for commands that were given no time.
[[nodiscard]] UnixTime system_now();

// read_collateral reads one file, or every regular file below a folder (symbolic links to folders
// are not followed), in the order of their names. Where one cannot be read, all of it is an error,
// "FILE: why": what was given is not passed over.
[[nodiscard]] Result<attest::Collateral, std::string> read_collateral(const std::string& path);

}  // namespace ward::cli
