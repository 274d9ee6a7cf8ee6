#pragma once

#include "keep/deadline.h"
#include "keep/device.h"

// The device's socket, launcher's side and agent's side.
//
//   request   "t"                          which tee
//             "e" report_data(64)          evidence
//   reply     code(1) length(4, LE) octets
//
// code 0 is success: the tee's name, or the JSON text of primary_evidence. Another code is 1 +
// Errc, with length 0.
namespace ward::keep {

// DeviceClient is the agent's side. It borrows the socket and the deadline (nullptr: none), after
// which every call is kUnavailable.
class DeviceClient final : public Device {
 public:
  explicit DeviceClient(int fd, const Deadline* deadline = nullptr)
      : fd_(fd), deadline_(deadline) {}

  [[nodiscard]] Result<std::string> tee() override;
  [[nodiscard]] Result<Evidence> evidence(ReportData report_data) override;

 private:
  [[nodiscard]] Result<std::string> reply();

  int fd_;
  const Deadline* deadline_;
};

// serve_device_request reads one request from `fd`, asks `device` and answers. False at end of file
// before a request. kMalformed for a request that is none, kUnavailable for one that is not
// complete within `limit_ms`, and where the answer is not taken within it. It waits for a request's
// beginning without a bound.
[[nodiscard]] Result<bool> serve_device_request(int fd, Device& device,
                                                int limit_ms = kDeviceRequestLimitMs);

}  // namespace ward::keep
