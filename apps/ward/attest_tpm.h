#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tee/tpm/attester/device.h"

namespace ward::cli {

// TpmRequest is what `ward attest --tee tpm` was asked for.
struct TpmRequest {
  std::string report_data;  // hex
  std::string out;          // "-": stdout
  std::string pcrs;         // "sha256:0,1,7"
  std::string ak;           // "ecc", "rsa", or a persistent handle: "0x81010002"
  std::string tcti;         // "": the library's default
  bool force = false;
  bool json = false;
};

// attest_tpm has a TPM quote and writes the evidence; the exit code.
[[nodiscard]] int attest_tpm(const TpmRequest& request);

// handle_of reads a persistent handle (TPM 2.0 Library, Part 2, 7.5); ak_of what --ak takes.
// nullopt for neither.
[[nodiscard]] std::optional<std::uint32_t> handle_of(std::string_view text);
[[nodiscard]] std::optional<tpm::AkChoice> ak_of(const std::string& text);
inline constexpr const char* kAkHint =
    "ecc or rsa make one; a persistent handle names one: 0x81010002";

// open_tpm opens a TPM, or says why not and returns the exit code.
[[nodiscard]] Result<std::unique_ptr<tpm::Device>, int> open_tpm(const std::string& tcti);

}  // namespace ward::cli
