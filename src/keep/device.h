#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "keep/failure.h"

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

// RawEvidence is the same in the TEE's own format: a quote, or a report with its certificate table;
// and the event log that explains it, empty where the TEE has none.
struct RawEvidence {
  Buffer evidence;
  Buffer event_log;
};

// No evidence is longer, nor any other answer; a longer one is kLimit.
inline constexpr std::size_t kMaxEvidenceBytes = std::size_t{1} << 20U;

// Whom a local report is for (SGX: TARGETINFO, 512 octets; nothing on TDX), a local report (SGX:
// 432, TDX: 1024), a key's description (SGX: KEYREQUEST, 512; SNP: MSG_KEY_REQ, 32), and an event
// for a run-time register. More is kLimit before anybody looks at it.
inline constexpr std::size_t kMaxTargetBytes = 1024;
inline constexpr std::size_t kMaxLocalReportBytes = 4096;
inline constexpr std::size_t kMaxKeyRequestBytes = 1024;
inline constexpr std::size_t kMaxEventDataBytes = std::size_t{16} << 10U;

// Device is the platform as a keep sees it: hardware, or softd over a socket. It speaks of the keep
// that calls, and of no other. The octets of reports and key requests are the TEE's own and mean
// nothing here. One caller at a time.
//
// Everywhere: kUnavailable where the platform does not answer, kDenied where it will not,
// kUnsupported where this TEE has no such thing; a failure says why in the platform's own words.
class Device {
 public:
  template <class T>
  using Answer = Result<T, Failure>;

  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device() = default;

  // tee is the KBS name of the platform ("sgx"), needed before any evidence exists.
  [[nodiscard]] virtual Answer<std::string> tee() = 0;

  // evidence asks the platform to vouch for the calling keep with `report_data` in its report.
  [[nodiscard]] virtual Answer<Evidence> evidence(ReportData report_data) = 0;

  // raw_evidence is the same in the TEE's own format.
  [[nodiscard]] virtual Answer<RawEvidence> raw_evidence(ReportData report_data);

  // info is a JSON object that says what the platform knows of the calling keep
  // (docs/protocols/device.md).
  [[nodiscard]] virtual Answer<std::string> info();

  // local_report makes a report that `target` alone can verify; an empty `target` is the caller.
  [[nodiscard]] virtual Answer<Buffer> local_report(Bytes target, ReportData report_data);

  // verify_report succeeds where this same platform made `report` for the calling keep. kUntrusted.
  [[nodiscard]] virtual Answer<void> verify_report(Bytes report);

  // key derives a key that depends on platform and caller as `request` says. kDenied for one that
  // the caller may not have.
  [[nodiscard]] virtual Answer<SecretBytes> key(Bytes request);

  // extend adds an event to a run-time register, which later evidence shows. kLimit once there are
  // too many.
  [[nodiscard]] virtual Answer<void> extend(unsigned index, Bytes event_data);
};

}  // namespace ward::keep
