#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "tee/tpm/credential.h"
#include "tee/tpm/structures.h"

namespace ward::tpm {

// AkChoice says which key quotes: one that is in the TPM, or a primary key of the owner hierarchy
// that is made for this call, the same as long as the hierarchy's seed is.
struct AkChoice {
  std::optional<std::uint32_t> handle;  // persistent
  std::uint16_t type = alg::kEcc;       // to make: kEcc (P-256, ECDSA) or kRsa (2048, RSASSA)
};

// RawQuote is what TPM2_Quote gives.
struct RawQuote {
  Buffer attest;     // TPMS_ATTEST
  Buffer signature;  // TPMT_SIGNATURE
  Buffer ak;         // TPMT_PUBLIC
};

// PcrRead is the values of one reading (TPM2_PCR_Read), in the order of the selection.
struct PcrRead {
  std::vector<Buffer> values;
  std::uint32_t update_counter = 0;  // another number: something was extended meanwhile
};

// Device is a TPM. Not thread safe.
class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device() = default;

  // quote asks for one over `extra_data` and the selection. kUnavailable where the TPM does not
  // answer, kDenied where it refuses; the value is its response code.
  [[nodiscard]] virtual Result<RawQuote> quote(const AkChoice& ak, Bytes extra_data,
                                               const std::vector<PcrSelection>& selection) = 0;

  // read_pcrs reads values; errors as quote, and kUnsupported where a bank is not there.
  [[nodiscard]] virtual Result<PcrRead> read_pcrs(const std::vector<PcrSelection>& selection) = 0;

  // activate opens a credential for `ak` (TPM2_ActivateCredential) with the EK at a persistent
  // handle, or with the primary key of the endorsement hierarchy that makers certify: of RSA, or on
  // P-256, as the credential is. Errors as quote; kUnsupported where there is neither; kUntrusted
  // where the credential is not for this EK and this AK.
  [[nodiscard]] virtual Result<SecretBytes> activate(const AkChoice& ak,
                                                     std::optional<std::uint32_t> ek,
                                                     const Credential& credential) = 0;
};

}  // namespace ward::tpm
