#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "tee/soft/quoting_enclave.h"

namespace ward::soft {

// sgx_report_t (SDM volume 3D, 34.15): body, key id, MAC. Octets.
inline constexpr std::size_t kReportSize = 432;

// sgx_key_request_t's KEYNAME and KEYPOLICY, those that the software TEE answers (SDM volume
// 3D, 34.18).
enum class KeyName : std::uint16_t { kReport = 3, kSeal = 4 };

namespace key_policy {
inline constexpr std::uint16_t kMrEnclave = 1U << 0U;
inline constexpr std::uint16_t kMrSigner = 1U << 1U;
inline constexpr std::uint16_t kConfigId = 1U << 3U;
}  // namespace key_policy

// KeyRequest names a key: sgx_key_request_t, the members that the software TEE heeds.
struct KeyRequest {
  KeyName name = KeyName::kSeal;
  std::uint16_t policy = key_policy::kMrEnclave;
  std::uint16_t isv_svn = 0;  // at most the caller's own
  std::array<std::uint8_t, 32> key_id{};
};

// mr_enclave_of is the launch measurement of a runtime image's canonical form, domain separated.
[[nodiscard]] crypto::Sha256Digest mr_enclave_of(Bytes runtime);

// config_id_of places a workload's digest (48 octets of SHA-384, or 32) at the front of CONFIGID,
// zeros behind it. kMalformed for more than 64 octets.
[[nodiscard]] Result<std::array<std::uint8_t, 64>> config_id_of(Bytes workload);

// Processor emulates what SGX hardware does for enclaves: local reports and keys, all derived from
// one device root secret that never leaves it. Who calls is told by the launcher that started the
// keep, never by the keep. Const methods are safe from several threads.
class Processor {
 public:
  Processor(Secret<32> device_root, std::array<std::uint8_t, 16> cpu_svn);

  // report makes a local report of `caller` for `target` (EREPORT): only the target's report key
  // verifies its MAC.
  [[nodiscard]] Buffer report(const EnclaveIdentity& caller,
                              const crypto::Sha256Digest& target_mr_enclave,
                              std::span<const std::uint8_t, 64> report_data) const;

  // verify_report is true where `report` was made by this processor for the enclave `target`.
  [[nodiscard]] bool verify_report(Bytes report,
                                   const crypto::Sha256Digest& target_mr_enclave) const;

  // get_key derives a key for `caller` (EGETKEY). kDenied for an ISVSVN above the caller's own, so
  // that an older build cannot read what a newer one sealed; DEBUG is always part of the
  // derivation. kUnsupported for a policy without MRENCLAVE and MRSIGNER.
  [[nodiscard]] Result<Secret<16>> get_key(const EnclaveIdentity& caller,
                                           const KeyRequest& request) const;

  // attestation_key is the quoting enclave's: the same for the same device root.
  [[nodiscard]] Result<crypto::PrivateKey> attestation_key() const;

  [[nodiscard]] const std::array<std::uint8_t, 16>& cpu_svn() const { return cpu_svn_; }

 private:
  [[nodiscard]] Secret<16> report_key(const crypto::Sha256Digest& target, Bytes key_id) const;

  Secret<32> device_root_;
  std::array<std::uint8_t, 16> cpu_svn_;
};

// QuotingService turns local reports for the quoting enclave into quotes; it signs nothing that its
// processor did not report.
class QuotingService {
 public:
  // `processor` must outlive the service.
  QuotingService(const Processor& processor, QuotingEnclave enclave)
      : processor_(processor), enclave_(std::move(enclave)) {}

  // quote verifies the local report and signs its body. kUntrusted where the MAC is wrong,
  // kMalformed for another size.
  [[nodiscard]] Result<Buffer> quote(Bytes report) const;

  // mr_enclave is the target that reports for this service are made for.
  [[nodiscard]] static crypto::Sha256Digest mr_enclave();

 private:
  const Processor& processor_;
  QuotingEnclave enclave_;
};

}  // namespace ward::soft
