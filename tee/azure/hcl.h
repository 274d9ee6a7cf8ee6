#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

// The report of Azure's paravisor (host compatibility layer, HCL), as a guest reads it from its
// virtual TPM (NV index 0x01400001): a report of the hardware, and the data that the paravisor had
// it report on. Layout: openvmm, openhcl_attestation_protocol, igvm_attest (IgvmAttestRequest).
// Numbers are little-endian. Form only: nothing in it is authenticated.
namespace ward::azure {

inline constexpr std::size_t kHclHeaderSize = 32;
inline constexpr std::size_t kHardwareReportSize = 1184;  // octets; a TDREPORT is filled with zeros
inline constexpr std::size_t kRequestDataSize = 20;
inline constexpr std::size_t kRuntimeDataAt =
    kHclHeaderSize + kHardwareReportSize + kRequestDataSize;
inline constexpr std::size_t kMaxHcl = 8192;  // octets; the NV index has 2600

inline constexpr std::uint32_t kAkCertificateRequest = 2;  // of the header: the request's type

namespace report_type {
inline constexpr std::uint32_t kSnp = 2;
inline constexpr std::uint32_t kTdx = 4;
}  // namespace report_type

namespace hash_type {
inline constexpr std::uint32_t kSha256 = 1;
inline constexpr std::uint32_t kSha384 = 2;
inline constexpr std::uint32_t kSha512 = 3;
}  // namespace hash_type

// Hcl is a report's parts. A value.
struct Hcl {
  std::uint32_t version = 1;  // of the header: 1 or 2
  Buffer hardware;            // kHardwareReportSize octets
  std::uint32_t report_type = report_type::kSnp;
  std::uint32_t hash_type = hash_type::kSha256;
  Buffer runtime_data;      // JSON (runtime_data.h)
  std::size_t padding = 0;  // zeros behind it

  friend bool operator==(const Hcl&, const Hcl&) = default;
};

// parse_hcl reads one report and nothing behind it but zeros; what is wrong is said in a line.
// Types of report and hash are read as they stand.
[[nodiscard]] Result<Hcl, std::string> parse_hcl(Bytes in);

// write_hcl is its inverse.
[[nodiscard]] Buffer write_hcl(const Hcl& hcl);

}  // namespace ward::azure
