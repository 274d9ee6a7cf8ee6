#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/result.h"
#include "tee/dcap/report_body.h"

// What EREPORT takes and gives (Intel SDM volume 3D, 38.16 TARGETINFO and 38.15 REPORT).
namespace ward::sgx {

inline constexpr std::size_t kTargetInfoSize = 512;

namespace target_info {
using Measurement = Field<0, 32>;  // MRENCLAVE
using Attributes = Field<32, 16>;
using CetAttributes = Field<48, 1>;
using Reserved1 = Field<49, 1>;
using ConfigSvn = Field<50, 2>;
using MiscSelect = Field<52, 4>;
using Reserved2 = Field<56, 8>;
using ConfigId = Field<64, 64>;
using Reserved3 = Field<128, 384>;
static_assert(covers<Measurement, Attributes, CetAttributes, Reserved1, ConfigSvn, MiscSelect,
                     Reserved2, ConfigId, Reserved3>(kTargetInfoSize));
}  // namespace target_info

// TargetInfo names the enclave that a local report is for: what its report key derives from.
struct TargetInfo {
  std::array<std::uint8_t, 32> mr_enclave{};
  std::array<std::uint8_t, 16> attributes{};
  std::uint8_t cet_attributes = 0;
  std::uint16_t config_svn = 0;
  std::array<std::uint8_t, 4> misc_select{};
  std::array<std::uint8_t, 64> config_id{};

  friend bool operator==(const TargetInfo&, const TargetInfo&) = default;
};

// parse_target_info reads one of exactly kTargetInfoSize octets. kTruncated, kMalformed: another
// size, or reserved octets that are not zero.
[[nodiscard]] Result<TargetInfo> parse_target_info(Bytes in);

// write_target_info is its inverse.
[[nodiscard]] Buffer write_target_info(const TargetInfo& target);

// target_info_of is the target that the enclave of this report is.
[[nodiscard]] TargetInfo target_info_of(const dcap::ReportBody& body);

// A local report: the body, the key id, and the MAC of the body.
inline constexpr std::size_t kLocalReportSize = 432;

namespace local_report {
using Body = Field<0, dcap::kReportBodySize>;
using KeyId = Field<384, 32>;
using Mac = Field<416, 16>;
static_assert(covers<Body, KeyId, Mac>(kLocalReportSize));
}  // namespace local_report

}  // namespace ward::sgx
