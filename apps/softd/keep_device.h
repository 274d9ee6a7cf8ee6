#pragma once

#include <memory>

#include "keep/device.h"
#include "keep/launch_options.h"
#include "keep/measure.h"
#include "tee/soft/guest.h"

namespace ward::softd {

// KeepDevice is the device of one keep: what the platform answers for the guest that the launcher
// measured. The keep itself is not asked who it is.
class KeepDevice final : public keep::Device {
 public:
  // launch states the keep to the platform, before its first instruction. kUnsupported for a face
  // that is none or that the platform lacks; kDenied, kUntrusted and kMalformed for a signature
  // that does not fit. `platform` must outlive the device.
  [[nodiscard]] static Result<std::unique_ptr<KeepDevice>, keep::Failure> launch(
      const soft::Platform& platform, const keep::LaunchOptions& options,
      const keep::Measured& measured);

  [[nodiscard]] const soft::Guest& guest() const { return *guest_; }

  [[nodiscard]] Answer<std::string> tee() override;
  [[nodiscard]] Answer<std::string> info() override;
  [[nodiscard]] Answer<keep::Evidence> evidence(keep::ReportData report_data) override;
  [[nodiscard]] Answer<keep::RawEvidence> raw_evidence(keep::ReportData report_data) override;
  [[nodiscard]] Answer<Buffer> local_report(Bytes target, keep::ReportData report_data) override;
  [[nodiscard]] Answer<void> verify_report(Bytes report) override;
  [[nodiscard]] Answer<SecretBytes> key(Bytes request) override;
  [[nodiscard]] Answer<void> extend(unsigned index, Bytes event_data) override;

 private:
  KeepDevice(std::unique_ptr<soft::Guest> guest, const keep::LaunchOptions& options,
             const keep::Measured& measured)
      : guest_(std::move(guest)), debug_(options.debug), workload_(measured.workload) {}

  std::unique_ptr<soft::Guest> guest_;
  bool debug_;
  crypto::Sha384Digest workload_;
};

}  // namespace ward::softd
