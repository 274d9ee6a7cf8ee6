#pragma once

#include "keep/device.h"
#include "keep/measure.h"
#include "tee/soft/attester/device_dir.h"

namespace ward::softd {

// kTee is the name of the platform in the KBS protocol: the software TEE shows its SGX face.
inline constexpr const char* kTee = "sgx";

// identity_of says what a keep is to the platform: the ward-keep image is the enclave (MRENCLAVE),
// the workload stands in CONFIGID. MRSIGNER is zero: nobody signs the image. kInternal.
[[nodiscard]] Result<soft::EnclaveIdentity> identity_of(const keep::Measured& measured);

// KeepDevice vouches for one keep, as what the launcher measured; the keep itself is not asked who
// it is.
class KeepDevice final : public keep::Device {
 public:
  KeepDevice(soft::Device device, soft::EnclaveIdentity identity)
      : processor_(std::move(device.processor)),
        quoting_(processor_, std::move(device.quoting_enclave)),
        identity_(identity) {}

  [[nodiscard]] Answer<std::string> tee() override;
  [[nodiscard]] Answer<keep::Evidence> evidence(keep::ReportData report_data) override;

 private:
  soft::Processor processor_;
  soft::QuotingService quoting_;  // borrows processor_
  soft::EnclaveIdentity identity_;
};

}  // namespace ward::softd
