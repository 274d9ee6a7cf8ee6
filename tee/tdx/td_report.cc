#include "tee/tdx/td_report.h"

#include "attest/field_table.h"
#include "base/writer.h"

namespace ward::tdx {
namespace {

using attest::field_row;
using attest::FieldRow;

constexpr FieldRow kRows[] = {
    field_row<td_report::TeeTcbSvn>("tee_tcb_svn"),
    field_row<td_report::MrSeam>("mr_seam"),
    field_row<td_report::MrSignerSeam>("mrsigner_seam"),
    field_row<td_report::SeamAttributes>("seam_attributes"),
    field_row<td_report::TdAttributes>("td_attributes"),
    field_row<td_report::Xfam>("xfam"),
    field_row<td_report::MrTd>("mr_td"),
    field_row<td_report::MrConfigId>("mr_config_id"),
    field_row<td_report::MrOwner>("mr_owner"),
    field_row<td_report::MrOwnerConfig>("mr_owner_config"),
    field_row<td_report::RtMr0>("rt_mr0"),
    field_row<td_report::RtMr1>("rt_mr1"),
    field_row<td_report::RtMr2>("rt_mr2"),
    field_row<td_report::RtMr3>("rt_mr3"),
    field_row<td_report::ReportData>("report_data"),
    field_row<td_report::TeeTcbSvn2>("tee_tcb_svn2"),
    field_row<td_report::MrServiceTd>("mr_servicetd"),
    field_row<td_report::VmId>("vm_id", true),
    field_row<td_report::TdId>("td_id"),
    field_row<td_report::DevInfo>("dev_info"),
    field_row<td_report::InitServiceTdHash>("init_servicetd_hash"),
    field_row<td_report::InitServiceTdAttributes>("init_servicetd_attributes"),
    field_row<td_report::InitCpuSvn>("init_cpu_svn"),
    field_row<td_report::InitTeeTcbSvn>("init_tee_tcb_svn"),
    field_row<td_report::InitTeeFmspc>("init_tee_fmspc"),
    field_row<td_report::CurServiceTdHash>("cur_servicetd_hash"),
    field_row<td_report::CurServiceTdAttributes>("cur_servicetd_attributes"),
};
constexpr std::size_t kRows10 = 15;
constexpr std::size_t kRows15 = 17;

struct Attribute {
  unsigned bit;
  const char* name;
};

constexpr Attribute kAttributes[] = {
    {td_attributes::kDebug, "debug"},
    {td_attributes::kHgsPlusProf, "hgs_plus_prof"},
    {td_attributes::kPerfProf, "perf_prof"},
    {td_attributes::kPmtProf, "pmt_prof"},
    {td_attributes::kIcssd, "icssd"},
    {td_attributes::kLass, "lass"},
    {td_attributes::kSeptVeDisable, "sept_ve_disable"},
    {td_attributes::kMigratable, "migratable"},
    {td_attributes::kPks, "pks"},
    {td_attributes::kKl, "kl"},
    {td_attributes::kTpa, "tpa"},
    {td_attributes::kPerfmon, "perfmon"},
};

constexpr std::uint64_t kTud = 0xff;

constexpr std::uint64_t known_bits() {
  std::uint64_t out = 0;
  for (const Attribute& a : kAttributes) {
    out |= std::uint64_t{1} << a.bit;
  }
  return out;
}

std::span<const FieldRow> rows(const TdReport& report) {
  const std::span<const FieldRow> all = kRows;
  if (report.extended()) return all;
  return all.first(report.version_15() ? kRows15 : kRows10);
}

void write_extension(const TdReportParts& parts, Writer& w) {
  w.u8(parts.vm_id);
  w.bytes(parts.td_id);
  w.bytes(parts.dev_info);
  w.bytes(parts.init_service_td_hash);
  w.bytes(parts.init_service_td_attributes);
  w.bytes(parts.init_cpu_svn);
  w.bytes(parts.init_tee_tcb_svn);
  w.bytes(parts.init_tee_fmspc);
  w.bytes(parts.cur_service_td_hash);
  w.bytes(parts.cur_service_td_attributes);
}

}  // namespace

bool TdReport::attribute(unsigned bit) const {
  return ((attest::little_endian(get<td_report::TdAttributes>()) >> bit) & 1U) != 0;
}

bool TdReport::under_debug() const {
  return (attest::little_endian(get<td_report::TdAttributes>()) & kTud) != 0;
}

bool TdReport::reserved_zero() const {
  return (attest::little_endian(get<td_report::TdAttributes>()) & ~kTud & ~known_bits()) == 0;
}

std::vector<attest::LayoutField> TdReport::layout() const {
  std::vector<attest::LayoutField> out;
  const char* type = extended()     ? "sgx_report2_body_v1_5_ex_t"
                     : version_15() ? "sgx_report2_body_v1_5_t"
                                    : "sgx_report2_body_t";
  attest::add_table_layout(rows(*this), raw_, {at_, "report_body.", type}, out);
  return out;
}

void TdReport::add_claims(attest::ClaimList& out) const {
  attest::add_table_claims(rows(*this), raw_, "", out);
  for (const Attribute& a : kAttributes) {
    out.flag({"td_attributes.", a.name}, attribute(a.bit));
  }
  out.flag("debug", under_debug());
}

Buffer write_td_report(const TdReportParts& parts, dcap::BodyType type) {
  Writer w;
  w.bytes(parts.tee_tcb_svn);
  w.bytes(parts.mr_seam);
  w.bytes(parts.mr_signer_seam);
  w.bytes(parts.seam_attributes);
  w.u64le(parts.td_attributes);
  w.u64le(parts.xfam);
  w.bytes(parts.mr_td);
  w.bytes(parts.mr_config_id);
  w.bytes(parts.mr_owner);
  w.bytes(parts.mr_owner_config);
  for (const auto& rt_mr : parts.rt_mr) {
    w.bytes(rt_mr);
  }
  w.bytes(parts.report_data);
  if (type == dcap::BodyType::kTdReport10) return w.take();
  w.bytes(parts.tee_tcb_svn2);
  w.bytes(parts.mr_service_td);
  if (type == dcap::BodyType::kTdReport15Ex) write_extension(parts, w);
  return w.take();
}

}  // namespace ward::tdx
