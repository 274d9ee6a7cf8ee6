// What a quote's fields are called and what they say.
#include "tee/dcap/quote.h"

namespace ward::dcap {
namespace {

using attest::field_row;
using attest::FieldRow;

constexpr FieldRow kHeader3[] = {
    field_row<header::Version>("version", true),
    field_row<header::AttKeyType>("att_key_type", true),
    field_row<header::TeeTypeField>("att_key_data_0", false, true),
    field_row<header::QeSvn>("qe_svn", true),
    field_row<header::PceSvn>("pce_svn", true),
    field_row<header::QeVendorId>("vendor_id", false, true),  // its claim is named apart
    field_row<header::UserData>("user_data"),
};

constexpr FieldRow kHeader4[] = {
    field_row<header::Version>("version", true),
    field_row<header::AttKeyType>("att_key_type", true),
    field_row<header::TeeTypeField>("tee_type", true),
    {"reserved", header::QeSvn::kBegin, header::PceSvn::kEnd, false, true},
    field_row<header::QeVendorId>("vendor_id", false, true),  // its claim is named apart
    field_row<header::UserData>("user_data"),
};

std::span<const FieldRow> header_table(const Quote& q) {
  if (q.version == 3) return kHeader3;
  return kHeader4;
}

// The specification's structure names carry the version.
struct TypeNames {
  const char* header;
  const char* quote;
};

TypeNames type_names(const Quote& q) {
  if (q.version == 3) return {"sgx_quote_header_t", "sgx_quote3_t"};
  if (q.version == 4) return {"sgx_quote4_header_t", "sgx_quote4_t"};
  return {"sgx_quote4_header_t", "sgx_quote5_t"};
}

class Layout {
 public:
  explicit Layout(std::vector<attest::LayoutField>& out) : out_(out) {}

  void integer(std::size_t offset, std::size_t size, const char* name, const char* type,
               std::uint64_t value) {
    out_.push_back({offset, size, name, type, std::to_string(value)});
  }

  void octets(std::size_t offset, const char* name, const char* type, Bytes value) {
    if (!value.empty()) out_.push_back({offset, value.size(), name, type, to_hex(value)});
  }

 private:
  std::vector<attest::LayoutField>& out_;
};

void add_qe_layout(const Quote& q, std::vector<attest::LayoutField>& out) {
  static constexpr const char* kDataType = "sgx_ql_ecdsa_sig_data_t";
  static constexpr const char* kAuthType = "sgx_ql_auth_data_t";
  static constexpr const char* kCertType = "sgx_ql_certification_data_t";
  const QeLayout& at = q.qe_layout;
  const char* report_type = q.version == 3 ? kDataType : "sgx_qe_report_certification_data_t";
  Layout to(out);
  if (q.version > 3) {
    to.integer(at.outer_type, 2, "qe_certification_data.cert_key_type", kCertType,
               certification::kQeReport);
    to.integer(at.outer_type + 2, 4, "qe_certification_data.size", kCertType,
               q.raw.size() - at.report);
  }
  add_report_body_layout(ReportBody(q.qe.report), at.report, "qe_report.", out);
  to.octets(at.signature, "qe_report_sig", report_type, q.qe.signature);
  to.integer(at.auth_data_size, 2, "auth_data.size", kAuthType, q.qe.auth_data.size());
  to.octets(at.auth_data, "auth_data.auth_data", kAuthType, q.qe.auth_data);
  to.integer(at.certification_type, 2, "certification_data.cert_key_type", kCertType,
             q.qe.certification_type);
  to.integer(at.certification_size, 4, "certification_data.size", kCertType,
             q.qe.certification_data.size());
  to.octets(at.certification_data, "certification_data.certification_data", kCertType,
            q.qe.certification_data);
}

}  // namespace

std::vector<attest::LayoutField> quote_layout(const Quote& q,
                                              std::vector<attest::LayoutField> body) {
  std::vector<attest::LayoutField> out;
  const TypeNames types = type_names(q);
  attest::add_table_layout(header_table(q), q.head, {0, "header.", types.header}, out);
  Layout to(out);
  if (q.version >= 5) {
    to.integer(kHeaderSize, 2, "type", types.quote, static_cast<std::uint64_t>(q.body_type));
    to.integer(kHeaderSize + 2, 4, "size", types.quote, q.body.size());
  }
  out.insert(out.end(), std::make_move_iterator(body.begin()), std::make_move_iterator(body.end()));
  const std::size_t size_at = q.body_at + q.body.size();
  const std::size_t signature_at = size_at + 4;
  static constexpr const char* kDataType = "sgx_ql_ecdsa_sig_data_t";
  to.integer(size_at, 4, "signature_data_len", types.quote, q.raw.size() - signature_at);
  to.octets(signature_at, "sig", kDataType, q.signature);
  to.octets(signature_at + kSignatureSize, "attest_pub_key", kDataType, q.attestation_key);
  add_qe_layout(q, out);
  return out;
}

void add_claims_before(const Quote& q, attest::ClaimList& out) {
  attest::add_table_claims(header_table(q), q.head, "", out);
  out.octets("qe_vendor_id", header::QeVendorId::in(q.head));
  if (q.version >= 5) out.number("body_type", static_cast<std::uint64_t>(q.body_type));
}

void add_claims_behind(const Quote& q, attest::ClaimList& out) {
  out.number("certification_data_type", q.qe.certification_type);
  const ReportBody qe(q.qe.report);
  out.octets("qe_report.mr_enclave", qe.get<report_body::MrEnclave>());
  out.octets("qe_report.mr_signer", qe.get<report_body::MrSigner>());
  out.number("qe_report.isv_prod_id", qe.u16<report_body::IsvProdId>());
  out.number("qe_report.isv_svn", qe.u16<report_body::IsvSvn>());
}

}  // namespace ward::dcap
