#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/result.h"
#include "tee/tdx/td_report.h"

// The local report of a TD, TDREPORT_STRUCT (Intel TDX Module ABI Specification, TDREPORT_STRUCT;
// Intel SDM volume 3D, REPORTMACSTRUCT): what TDG.MR.REPORT gives, TDG.MR.VERIFYREPORT verifies on
// the same platform, and a quoting enclave turns into a quote.
namespace ward::tdx {

inline constexpr std::size_t kLocalReportSize = 1024;

namespace local_report {
// REPORTMACSTRUCT
using ReportType = Field<0, 4>;  // type, subtype, version, reserved
using Reserved1 = Field<4, 12>;
using CpuSvn = Field<16, 16>;
using TeeTcbInfoHash = Field<32, 48>;  // SHA-384 of TEE_TCB_INFO
using TeeInfoHash = Field<80, 48>;     // SHA-384 of TDINFO
using ReportData = Field<128, 64>;
using Reserved2 = Field<192, 32>;
using Mac = Field<224, 32>;
// TEE_TCB_INFO
using Valid = Field<256, 8>;  // which of its fields are there
using TeeTcbSvn = Field<264, 16>;
using MrSeam = Field<280, 48>;
using MrSignerSeam = Field<328, 48>;
using SeamAttributes = Field<376, 8>;
using TeeTcbSvn2 = Field<384, 16>;
using Reserved3 = Field<400, 95>;
using Reserved4 = Field<495, 17>;  // between the two
// TDINFO
using TdAttributes = Field<512, 8>;
using Xfam = Field<520, 8>;
using MrTd = Field<528, 48>;
using MrConfigId = Field<576, 48>;
using MrOwner = Field<624, 48>;
using MrOwnerConfig = Field<672, 48>;
using RtMr0 = Field<720, 48>;
using RtMr1 = Field<768, 48>;
using RtMr2 = Field<816, 48>;
using RtMr3 = Field<864, 48>;
using ServTdHash = Field<912, 48>;
using Reserved5 = Field<960, 64>;
static_assert(
    covers<ReportType, Reserved1, CpuSvn, TeeTcbInfoHash, TeeInfoHash, ReportData, Reserved2, Mac,
           Valid, TeeTcbSvn, MrSeam, MrSignerSeam, SeamAttributes, TeeTcbSvn2, Reserved3, Reserved4,
           TdAttributes, Xfam, MrTd, MrConfigId, MrOwner, MrOwnerConfig, RtMr0, RtMr1, RtMr2, RtMr3,
           ServTdHash, Reserved5>(kLocalReportSize));

using MacStruct = Field<0, 256>;
using TeeTcbInfo = Field<256, 239>;
using TdInfo = Field<512, 512>;
}  // namespace local_report

// LocalReportParts is what a local report says.
struct LocalReportParts {
  std::array<std::uint8_t, 16> cpu_svn{};
  TdReportParts td;  // what a report of TDX 1.5 has; the extended members are not used
  std::array<std::uint8_t, 32> mac{};

  // mac_input is what the MAC covers: REPORTMACSTRUCT before it.
  static constexpr std::size_t kMacInputSize = local_report::Mac::kBegin;
};

// write_local_report writes kLocalReportSize octets, with the hashes of the two parts.
[[nodiscard]] Buffer write_local_report(const LocalReportParts& parts);

// parse_local_report is its inverse. kTruncated and kMalformed for another size; kUnsupported for
// another type of report than a TD's; kMalformed where reserved octets are not zero or a hash is
// not that of its part: then it is no report of any platform. Whether the MAC is right only the
// platform knows.
[[nodiscard]] Result<LocalReportParts> parse_local_report(Bytes report);

}  // namespace ward::tdx
