#include "tee/tdx/local_report.h"

#include <algorithm>

#include "attest/field_table.h"
#include "base/writer.h"
#include "crypto/digest.h"

namespace ward::tdx {
namespace {

using Raw = std::span<const std::uint8_t, kLocalReportSize>;

// TYPE 81h, SUBTYPE 0; VERSION 1 where SERVTD_HASH is in use.
constexpr std::uint8_t kTdType = 0x81;
constexpr std::uint64_t kValid = 0x301ff;

template <std::size_t N>
void copy(std::span<const std::uint8_t, N> from, std::array<std::uint8_t, N>& to) {
  std::ranges::copy(from, to.begin());
}

Buffer write_tcb_info(const TdReportParts& td) {
  Writer w;
  w.u64le(kValid);
  w.bytes(td.tee_tcb_svn);
  w.bytes(td.mr_seam);
  w.bytes(td.mr_signer_seam);
  w.bytes(td.seam_attributes);
  w.bytes(td.tee_tcb_svn2);
  w.zeros(local_report::Reserved3::kEnd - local_report::Reserved3::kBegin);
  return w.take();
}

Buffer write_td_info(const TdReportParts& td) {
  Writer w;
  w.u64le(td.td_attributes);
  w.u64le(td.xfam);
  w.bytes(td.mr_td);
  w.bytes(td.mr_config_id);
  w.bytes(td.mr_owner);
  w.bytes(td.mr_owner_config);
  for (const auto& rt_mr : td.rt_mr) {
    w.bytes(rt_mr);
  }
  w.bytes(td.mr_service_td);
  w.zeros(local_report::Reserved5::kEnd - local_report::Reserved5::kBegin);
  return w.take();
}

bool has_service_td(const TdReportParts& td) { return !all_zero(td.mr_service_td); }

bool reserved_zero(Raw raw) {
  return all_zero(local_report::Reserved1::in(raw)) && all_zero(local_report::Reserved2::in(raw)) &&
         all_zero(local_report::Reserved3::in(raw)) && all_zero(local_report::Reserved4::in(raw)) &&
         all_zero(local_report::Reserved5::in(raw));
}

TdReportParts read_td(Raw raw) {
  namespace field = local_report;
  TdReportParts td;
  copy(field::TeeTcbSvn::in(raw), td.tee_tcb_svn);
  copy(field::MrSeam::in(raw), td.mr_seam);
  copy(field::MrSignerSeam::in(raw), td.mr_signer_seam);
  copy(field::SeamAttributes::in(raw), td.seam_attributes);
  copy(field::TeeTcbSvn2::in(raw), td.tee_tcb_svn2);
  td.td_attributes = attest::little_endian(field::TdAttributes::in(raw));
  td.xfam = attest::little_endian(field::Xfam::in(raw));
  copy(field::MrTd::in(raw), td.mr_td);
  copy(field::MrConfigId::in(raw), td.mr_config_id);
  copy(field::MrOwner::in(raw), td.mr_owner);
  copy(field::MrOwnerConfig::in(raw), td.mr_owner_config);
  copy(field::RtMr0::in(raw), td.rt_mr[0]);
  copy(field::RtMr1::in(raw), td.rt_mr[1]);
  copy(field::RtMr2::in(raw), td.rt_mr[2]);
  copy(field::RtMr3::in(raw), td.rt_mr[3]);
  copy(field::ServTdHash::in(raw), td.mr_service_td);
  copy(field::ReportData::in(raw), td.report_data);
  return td;
}

}  // namespace

Buffer write_local_report(const LocalReportParts& parts) {
  const Buffer tcb_info = write_tcb_info(parts.td);
  const Buffer td_info = write_td_info(parts.td);
  Writer w;
  w.u8(kTdType);
  w.u8(0);
  w.u8(has_service_td(parts.td) ? 1 : 0);
  w.zeros(1 + 12);
  w.bytes(parts.cpu_svn);
  w.bytes(crypto::sha384(tcb_info));
  w.bytes(crypto::sha384(td_info));
  w.bytes(parts.td.report_data);
  w.zeros(local_report::Reserved2::kEnd - local_report::Reserved2::kBegin);
  w.bytes(parts.mac);
  w.bytes(tcb_info);
  w.zeros(local_report::Reserved4::kEnd - local_report::Reserved4::kBegin);
  w.bytes(td_info);
  return w.take();
}

Result<LocalReportParts> parse_local_report(Bytes report) {
  if (report.size() < kLocalReportSize) {
    return Error(Errc::kTruncated, "tdx.local_report: size", report.size());
  }
  if (report.size() > kLocalReportSize) {
    return Error(Errc::kMalformed, "tdx.local_report: size", report.size());
  }
  const Raw raw = report.first<kLocalReportSize>();
  LocalReportParts out;
  out.td = read_td(raw);
  const auto type = local_report::ReportType::in(raw);
  if (type[0] != kTdType || type[1] != 0) {
    return Error(Errc::kUnsupported, "tdx.local_report: not the report of a TD", type[0]);
  }
  if (type[2] != (has_service_td(out.td) ? 1 : 0)) {
    return Error(Errc::kMalformed, "tdx.local_report: version of the report type", type[2]);
  }
  if (type[3] != 0 || !reserved_zero(raw)) {
    return Error(Errc::kMalformed, "tdx.local_report: reserved octets");
  }
  const std::uint64_t valid = attest::little_endian(local_report::Valid::in(raw));
  if (valid != kValid) {
    return Error(Errc::kMalformed, "tdx.local_report: TEE_TCB_INFO.VALID", valid);
  }
  if (!equal(local_report::TeeTcbInfoHash::in(raw),
             crypto::sha384(local_report::TeeTcbInfo::in(raw))) ||
      !equal(local_report::TeeInfoHash::in(raw), crypto::sha384(local_report::TdInfo::in(raw)))) {
    return Error(Errc::kMalformed, "tdx.local_report: hash of a part");
  }
  copy(local_report::CpuSvn::in(raw), out.cpu_svn);
  copy(local_report::Mac::in(raw), out.mac);
  return out;
}

}  // namespace ward::tdx
