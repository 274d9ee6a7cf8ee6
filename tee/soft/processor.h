#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "tee/sgx/key_request.h"
#include "tee/sgx/target_info.h"
#include "tee/soft/quoting_enclave.h"

namespace ward::soft {

// mr_enclave_of is the launch measurement of a runtime image's canonical form, domain separated.
[[nodiscard]] crypto::Sha256Digest mr_enclave_of(Bytes runtime);

// config_id_of places a workload's digest (48 octets of SHA-384, or 32) at the front of CONFIGID,
// zeros behind it. kMalformed for more than 64 octets.
[[nodiscard]] Result<std::array<std::uint8_t, 64>> config_id_of(Bytes workload);

// apply_sigstruct is EINIT: checks a SIGSTRUCT of `enclave`, whose MRENCLAVE and debug are
// measured, and adds what it says: MRSIGNER, product, SVN. Errors of sgx::parse_sigstruct;
// kUntrusted where its signature is wrong or it is for another image; kDenied where it does not
// allow the enclave's attributes, debugging among them.
Result<void> apply_sigstruct(Bytes sigstruct, EnclaveIdentity& enclave);

// Processor emulates what SGX hardware does for enclaves: local reports and keys, all derived from
// one device root secret that never leaves it. Who calls is told by the launcher that started the
// keep, never by the keep. Const methods are safe from several threads.
class Processor {
 public:
  Processor(Secret<32> device_root, std::array<std::uint8_t, 16> cpu_svn);

  // report makes a local report of `caller` for `target` (EREPORT): only the target's report key
  // verifies its MAC.
  [[nodiscard]] Buffer report(const EnclaveIdentity& caller, const sgx::TargetInfo& target,
                              std::span<const std::uint8_t, 64> report_data) const;

  // verify_report is true where `report` was made by this processor for the enclave `target`.
  [[nodiscard]] bool verify_report(Bytes report, const sgx::TargetInfo& target) const;

  // target_of is what local reports for `enclave` are made for.
  [[nodiscard]] sgx::TargetInfo target_of(const EnclaveIdentity& enclave) const;

  // get_key derives a key for `caller` (EGETKEY). kDenied for an ISVSVN or CONFIGSVN above the
  // caller's own, so that an older build cannot read what a newer one sealed; for a CPUSVN that the
  // platform does not reach; and for the keys of Intel's own enclaves. kUnsupported for other key
  // names.
  [[nodiscard]] Result<Secret<16>> get_key(const EnclaveIdentity& caller,
                                           const sgx::KeyRequest& request) const;

  // attestation_key is the quoting enclave's: the same for the same device root.
  [[nodiscard]] Result<crypto::PrivateKey> attestation_key() const;

  [[nodiscard]] const std::array<std::uint8_t, 16>& cpu_svn() const { return cpu_svn_; }

 private:
  [[nodiscard]] Secret<16> report_key(const sgx::TargetInfo& target, Bytes key_id) const;
  [[nodiscard]] Secret<16> seal_key(const EnclaveIdentity& caller,
                                    const sgx::KeyRequest& request) const;

  Secret<32> device_root_;
  std::array<std::uint8_t, 16> cpu_svn_;
};

// quote_report turns a local report for `enclave` into a quote of that form: a quoting enclave
// signs nothing that its processor did not report. kUntrusted where the MAC is wrong, kMalformed
// for another size.
[[nodiscard]] Result<Buffer> quote_report(const Processor& processor, const QuotingEnclave& enclave,
                                          Bytes report, const QuoteForm& form);

}  // namespace ward::soft
