#pragma once

#include "keep/deadline.h"
#include "keep/device.h"
#include "keep/device_request.h"

namespace ward::keep {

// DeviceClient is the asking side of a device's stream (keep/device_request.h): the agent's, or
// a workload's. It borrows the socket and the deadline (nullptr: none), after which every call is
// kUnavailable. kMalformed and kLimit for answers that are none.
class DeviceClient final : public Device {
 public:
  explicit DeviceClient(int fd, const Deadline* deadline = nullptr)
      : fd_(fd), deadline_(deadline) {}

  [[nodiscard]] Answer<std::string> tee() override;
  [[nodiscard]] Answer<Evidence> evidence(ReportData report_data) override;
  [[nodiscard]] Answer<RawEvidence> raw_evidence(ReportData report_data) override;
  [[nodiscard]] Answer<std::string> info() override;
  [[nodiscard]] Answer<Buffer> local_report(Bytes target, ReportData report_data) override;
  [[nodiscard]] Answer<void> verify_report(Bytes report) override;
  [[nodiscard]] Answer<SecretBytes> key(Bytes request) override;
  [[nodiscard]] Answer<void> extend(unsigned index, Bytes event_data) override;

 private:
  [[nodiscard]] Answer<SecretBytes> ask(const DeviceRequest& request);
  [[nodiscard]] Answer<std::string> ask_for_text(const DeviceRequest& request);
  [[nodiscard]] Answer<void> ask_for_nothing(const DeviceRequest& request);

  int fd_;
  const Deadline* deadline_;
};

}  // namespace ward::keep
