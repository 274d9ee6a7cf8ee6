#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/reader.h"
#include "tee/dcap/quote.h"

namespace ward::tdx {

// TD report bodies (Intel TDX DCAP Quoting Library API, A.3.2: sgx_report2_body_t of TDX 1.0,
// sgx_report2_body_v1_5_t of 1.5, which has two fields more; sgx_quote_5.h of Intel's SDK:
// sgx_report2_body_v1_5_ex_t, which has those and nine more). Octets.
namespace td_report {
using TeeTcbSvn = Field<0, 16>;
using MrSeam = Field<16, 48>;
using MrSignerSeam = Field<64, 48>;
using SeamAttributes = Field<112, 8>;
using TdAttributes = Field<120, 8>;
using Xfam = Field<128, 8>;
using MrTd = Field<136, 48>;
using MrConfigId = Field<184, 48>;
using MrOwner = Field<232, 48>;
using MrOwnerConfig = Field<280, 48>;
using RtMr0 = Field<328, 48>;
using RtMr1 = Field<376, 48>;
using RtMr2 = Field<424, 48>;
using RtMr3 = Field<472, 48>;
using ReportData = Field<520, 64>;
using TeeTcbSvn2 = Field<584, 16>;
using MrServiceTd = Field<600, 48>;
using VmId = Field<648, 1>;
using TdId = Field<649, 32>;
using DevInfo = Field<681, 48>;
using InitServiceTdHash = Field<729, 48>;
using InitServiceTdAttributes = Field<777, 8>;
using InitCpuSvn = Field<785, 16>;
using InitTeeTcbSvn = Field<801, 16>;
using InitTeeFmspc = Field<817, 12>;
using CurServiceTdHash = Field<829, 48>;
using CurServiceTdAttributes = Field<877, 8>;
static_assert(
    covers<TeeTcbSvn, MrSeam, MrSignerSeam, SeamAttributes, TdAttributes, Xfam, MrTd, MrConfigId,
           MrOwner, MrOwnerConfig, RtMr0, RtMr1, RtMr2, RtMr3, ReportData>(dcap::kTdReport10Size));
static_assert(covers<TeeTcbSvn, MrSeam, MrSignerSeam, SeamAttributes, TdAttributes, Xfam, MrTd,
                     MrConfigId, MrOwner, MrOwnerConfig, RtMr0, RtMr1, RtMr2, RtMr3, ReportData,
                     TeeTcbSvn2, MrServiceTd>(dcap::kTdReport15Size));
static_assert(covers<TeeTcbSvn, MrSeam, MrSignerSeam, SeamAttributes, TdAttributes, Xfam, MrTd,
                     MrConfigId, MrOwner, MrOwnerConfig, RtMr0, RtMr1, RtMr2, RtMr3, ReportData,
                     TeeTcbSvn2, MrServiceTd, VmId, TdId, DevInfo, InitServiceTdHash,
                     InitServiceTdAttributes, InitCpuSvn, InitTeeTcbSvn, InitTeeFmspc,
                     CurServiceTdHash, CurServiceTdAttributes>(dcap::kTdReport15ExSize));
}  // namespace td_report

// TD ATTRIBUTES (Intel TDX Module ABI Specification, ATTRIBUTES): bit numbers.
namespace td_attributes {
inline constexpr unsigned kDebug = 0;
inline constexpr unsigned kHgsPlusProf = 4;
inline constexpr unsigned kPerfProf = 5;
inline constexpr unsigned kPmtProf = 6;
inline constexpr unsigned kIcssd = 16;
inline constexpr unsigned kLass = 27;
inline constexpr unsigned kSeptVeDisable = 28;
inline constexpr unsigned kMigratable = 29;
inline constexpr unsigned kPks = 30;
inline constexpr unsigned kKl = 31;
inline constexpr unsigned kTpa = 62;
inline constexpr unsigned kPerfmon = 63;
}  // namespace td_attributes

// TdReport views a TD report body of any of the three sizes. Borrows it; nothing is authenticated.
class TdReport {
 public:
  // `quote` is one of TDX.
  explicit TdReport(const dcap::Quote& quote) : raw_(quote.body), at_(quote.body_at) {}

  template <class F>
  [[nodiscard]] Bytes get() const {
    static_assert(F::kEnd <= dcap::kTdReport10Size);
    return raw_.subspan(F::kBegin, F::kEnd - F::kBegin);
  }

  // version_15 is true where TEE_TCB_SVN2 and MRSERVICETD are there.
  [[nodiscard]] bool version_15() const { return raw_.size() >= dcap::kTdReport15Size; }

  // extended is true where what came with the extended report of TDX 1.5 is there as well. Claims:
  // Intel's QVL judges none of it either.
  [[nodiscard]] bool extended() const { return raw_.size() == dcap::kTdReport15ExSize; }

  // tee_tcb_svn2 and mr_service_td are empty in a report of TDX 1.0.
  [[nodiscard]] Bytes tee_tcb_svn2() const { return late<td_report::TeeTcbSvn2>(); }

  [[nodiscard]] Bytes mr_service_td() const { return late<td_report::MrServiceTd>(); }

  // module_version is TEE_TCB_SVN[1]: 0 for modules before 1.5. Which TDX module identity counts.
  [[nodiscard]] std::uint8_t module_version() const { return get<td_report::TeeTcbSvn>()[1]; }

  // attribute is one bit of TD ATTRIBUTES.
  [[nodiscard]] bool attribute(unsigned bit) const;

  // under_debug is true where any bit of ATTRIBUTES.TUD (7:0) is set: the host may look into the TD
  // or profile it, "the TD is untrusted".
  [[nodiscard]] bool under_debug() const;

  // reserved_zero is true where the bits of ATTRIBUTES.SEC (31:8) and OTHER (63:32) that have no
  // meaning yet are zero.
  [[nodiscard]] bool reserved_zero() const;

  // layout lists every field; add_claims what they say, with the attributes one by one.
  [[nodiscard]] std::vector<attest::LayoutField> layout() const;
  void add_claims(attest::ClaimList& out) const;

 private:
  template <class F>
  [[nodiscard]] Bytes late() const {
    return version_15() ? raw_.subspan(F::kBegin, F::kEnd - F::kBegin) : Bytes();
  }

  Bytes raw_;
  std::size_t at_;
};

// TdReportParts is what a TD report body is written from.
struct TdReportParts {
  std::array<std::uint8_t, 16> tee_tcb_svn{};
  std::array<std::uint8_t, 48> mr_seam{};
  std::array<std::uint8_t, 48> mr_signer_seam{};
  std::array<std::uint8_t, 8> seam_attributes{};
  std::uint64_t td_attributes = 0;
  std::uint64_t xfam = 0;
  std::array<std::uint8_t, 48> mr_td{};
  std::array<std::uint8_t, 48> mr_config_id{};
  std::array<std::uint8_t, 48> mr_owner{};
  std::array<std::uint8_t, 48> mr_owner_config{};
  std::array<std::array<std::uint8_t, 48>, 4> rt_mr{};
  std::array<std::uint8_t, 64> report_data{};
  std::array<std::uint8_t, 16> tee_tcb_svn2{};   // written in reports of TDX 1.5
  std::array<std::uint8_t, 48> mr_service_td{};  // written in reports of TDX 1.5
  // Written in extended reports alone.
  std::uint8_t vm_id = 0;
  std::array<std::uint8_t, 32> td_id{};
  std::array<std::uint8_t, 48> dev_info{};
  std::array<std::uint8_t, 48> init_service_td_hash{};
  std::array<std::uint8_t, 8> init_service_td_attributes{};
  std::array<std::uint8_t, 16> init_cpu_svn{};
  std::array<std::uint8_t, 16> init_tee_tcb_svn{};
  std::array<std::uint8_t, 12> init_tee_fmspc{};
  std::array<std::uint8_t, 48> cur_service_td_hash{};
  std::array<std::uint8_t, 8> cur_service_td_attributes{};
};

// write_td_report writes a body of `type`, one of the three TD reports: TdReport's inverse.
[[nodiscard]] Buffer write_td_report(const TdReportParts& parts, dcap::BodyType type);

}  // namespace ward::tdx
