#include "tee/dcap/report_body.h"

namespace ward::dcap {
namespace {

struct Row {
  const char* name;
  std::size_t begin;
  std::size_t end;
  bool integer;  // little-endian integer; other fields are octets
  bool reserved;
};

template <class F>
constexpr Row row(const char* name, bool integer = false, bool reserved = false) {
  return {name, F::kBegin, F::kEnd, integer, reserved};
}

constexpr Row kRows[] = {
    row<report_body::CpuSvn>("cpu_svn"),
    row<report_body::MiscSelect>("misc_select"),
    row<report_body::Reserved1>("reserved1", false, true),
    row<report_body::IsvExtProdId>("isv_ext_prod_id"),
    row<report_body::Attributes>("attributes"),
    row<report_body::MrEnclave>("mr_enclave"),
    row<report_body::Reserved2>("reserved2", false, true),
    row<report_body::MrSigner>("mr_signer"),
    row<report_body::Reserved3>("reserved3", false, true),
    row<report_body::ConfigId>("config_id"),
    row<report_body::IsvProdId>("isv_prod_id", true),
    row<report_body::IsvSvn>("isv_svn", true),
    row<report_body::ConfigSvn>("config_svn", true),
    row<report_body::Reserved4>("reserved4", false, true),
    row<report_body::IsvFamilyId>("isv_family_id"),
    row<report_body::ReportData>("report_data"),
};

std::uint64_t little_endian(Bytes b) {
  std::uint64_t v = 0;
  for (std::size_t i = b.size(); i > 0; --i)
    v = (v << 8U) | b[i - 1];
  return v;
}

}  // namespace

bool ReportBody::reserved_zero() const {
  return all_zero(report_body::Reserved1::in(raw_)) && all_zero(report_body::Reserved2::in(raw_)) &&
         all_zero(report_body::Reserved3::in(raw_)) && all_zero(report_body::Reserved4::in(raw_));
}

std::vector<attest::LayoutField> report_body_layout(const ReportBody& body, std::size_t offset,
                                                    const std::string& prefix) {
  std::vector<attest::LayoutField> out;
  for (const Row& r : kRows) {
    const Bytes b = body.raw().subspan(r.begin, r.end - r.begin);
    out.push_back({.offset = offset + r.begin,
                   .size = b.size(),
                   .name = prefix + r.name,
                   .type = "sgx_report_body_t",
                   .value = r.integer ? std::to_string(little_endian(b)) : to_hex(b)});
  }
  return out;
}

void add_report_body_claims(const ReportBody& body, const std::string& prefix,
                            std::vector<attest::Claim>& out) {
  for (const Row& r : kRows) {
    if (r.reserved) continue;
    const Bytes b = body.raw().subspan(r.begin, r.end - r.begin);
    attest::ClaimValue value = to_buffer(b);
    if (r.integer) value = little_endian(b);
    out.push_back({prefix + r.name, std::move(value)});
  }
}

}  // namespace ward::dcap
