#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"

namespace ward::keep {

// The field of the evidence that a keep fills: 64 octets on SGX, TDX and SNP.
inline constexpr std::size_t kReportDataSize = 64;
using ReportData = std::span<const std::uint8_t, kReportDataSize>;

// Evidence is one answer of the platform, in the words of the KBS protocol (section 3): `tee` is
// the name sent in /auth ("sgx"), `primary` the JSON text of the member `primary_evidence`.
struct Evidence {
  std::string tee;
  std::string primary;
};

// No evidence is longer; a longer answer is kLimit.
inline constexpr std::size_t kMaxEvidenceBytes = std::size_t{1} << 20U;

// Device is the platform as a keep sees it: hardware, or softd over a socket. One caller at a time.
class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device() = default;

  // tee is the KBS name of the platform ("sgx"), needed before any evidence exists.
  // kUnavailable where the platform does not answer.
  [[nodiscard]] virtual Result<std::string> tee() = 0;

  // evidence asks the platform to vouch for the calling keep with `report_data` in its report.
  // kUnavailable where the platform does not answer, kDenied where it will not vouch.
  [[nodiscard]] virtual Result<Evidence> evidence(ReportData report_data) = 0;
};

}  // namespace ward::keep
