#pragma once

#include <string>

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

}  // namespace ward::cli
