#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "attest/appraisal.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/result.h"

// Keystone's attestation report (keystone-enclave/keystone, sm/src/enclave.h, struct report): bytes
// to a view and back. Form only. The layout is the same on RV32 and RV64.
namespace ward::keystone {

inline constexpr std::size_t kHashSize = 64;  // SHA3-512
inline constexpr std::size_t kKeySize = 32;
inline constexpr std::size_t kSignatureSize = 64;
inline constexpr std::size_t kMaxData = 1024;  // ATTEST_DATA_MAXLEN
inline constexpr std::size_t kReportSize = 1352;

// Report borrows from the octets that it was parsed from.
struct Report {
  // The enclave's part, signed by the monitor's key.
  Bytes enclave_hash;
  Bytes data;     // what the enclave asked to have signed; at most kMaxData octets
  Bytes padding;  // behind the data, kMaxData octets with it: not signed, and whatever stood there
  Bytes enclave_signature;

  // The security monitor's part, signed by the device's key.
  Bytes monitor_hash;
  Bytes monitor_key;
  Bytes monitor_signature;

  Bytes device_key;  // signed by nobody

  // What each signature is over; of a report that was parsed.
  Bytes enclave_signed;
  Bytes monitor_signed;

  void add_claims(std::vector<attest::Claim>& out) const;
  [[nodiscard]] std::vector<attest::LayoutField> layout(Bytes whole) const;
};

// parse_report reads a report; the text is what was found instead.
[[nodiscard]] std::variant<Report, std::string> parse_report(Bytes octets);

// write_report is the inverse; every view must have its size. What is signed is not looked at.
[[nodiscard]] Buffer write_report(const Report& report);

// is_report is true for a report whose hashes look like hashes: no other evidence's head stands
// there. may_be_report is true where one of the two, form or hashes, is right, and where
// something stands behind a report.
[[nodiscard]] bool is_report(Bytes octets);
[[nodiscard]] bool may_be_report(Bytes octets);

}  // namespace ward::keystone
