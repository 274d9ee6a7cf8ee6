#include "tee/dcap/report_body.h"

namespace ward::dcap {
namespace {

using attest::field_row;
using attest::FieldRow;

constexpr FieldRow kRows[] = {
    field_row<report_body::CpuSvn>("cpu_svn"),
    field_row<report_body::MiscSelect>("misc_select"),
    field_row<report_body::Reserved1>("reserved1", false, true),
    field_row<report_body::IsvExtProdId>("isv_ext_prod_id"),
    field_row<report_body::Attributes>("attributes"),
    field_row<report_body::MrEnclave>("mr_enclave"),
    field_row<report_body::Reserved2>("reserved2", false, true),
    field_row<report_body::MrSigner>("mr_signer"),
    field_row<report_body::Reserved3>("reserved3", false, true),
    field_row<report_body::ConfigId>("config_id"),
    field_row<report_body::IsvProdId>("isv_prod_id", true),
    field_row<report_body::IsvSvn>("isv_svn", true),
    field_row<report_body::ConfigSvn>("config_svn", true),
    field_row<report_body::Reserved4>("reserved4", false, true),
    field_row<report_body::IsvFamilyId>("isv_family_id"),
    field_row<report_body::ReportData>("report_data"),
};

}  // namespace

bool ReportBody::reserved_zero() const {
  return all_zero(report_body::Reserved1::in(raw_)) && all_zero(report_body::Reserved2::in(raw_)) &&
         all_zero(report_body::Reserved3::in(raw_)) && all_zero(report_body::Reserved4::in(raw_));
}

void add_report_body_layout(const ReportBody& body, std::size_t offset, const std::string& prefix,
                            std::vector<attest::LayoutField>& out) {
  attest::add_table_layout(kRows, body.raw(), {offset, prefix, "sgx_report_body_t"}, out);
}

void add_report_body_claims(const ReportBody& body, attest::ClaimList& out) {
  attest::add_table_claims(kRows, body.raw(), "", out);
}

}  // namespace ward::dcap
