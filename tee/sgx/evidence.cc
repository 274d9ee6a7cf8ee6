#include "tee/sgx/evidence.h"

#include "base/writer.h"

namespace ward::sgx {
namespace {

using dcap::CheckId;

constexpr std::uint16_t kVersion = 3;
constexpr std::uint16_t kEcdsaP256 = 2;
constexpr std::array<std::uint8_t, 16> kIntel = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                                 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

// Places of the signature data (ECDSA 256-bit Quote Signature Data Structure).
constexpr std::size_t kSignatureDataSize = kSignedSize;
constexpr std::size_t kSignature = kSignatureDataSize + 4;
constexpr std::size_t kAttestationKey = kSignature + dcap::kSignatureSize;

template <class F>
std::uint16_t u16(std::span<const std::uint8_t, kHeaderSize> head) {
  const auto b = F::in(head);
  return static_cast<std::uint16_t>(b[0] | (b[1] << 8U));
}

FormError form_error(CheckId check, Errc code, Literal what, std::uint64_t value) {
  return {check, Error(code, what, value)};
}

// Every length is given as far as it is there, so that a cut quote says "cut", not something else.
Result<void, FormError> check_header(Bytes in) {
  Reader r(in);
  std::uint16_t version = 0;
  std::uint16_t key_type = 0;
  std::uint32_t tee_type = 0;
  Bytes svns;
  Bytes vendor;
  if (!r.u16le(version))
    return form_error(CheckId::kQuoteSize, Errc::kTruncated, "sgx.quote: header", in.size());
  if (version != kVersion) {
    return form_error(CheckId::kQuoteVersion, Errc::kUnsupported, "sgx.quote: version", version);
  }
  if (!r.u16le(key_type))
    return form_error(CheckId::kQuoteSize, Errc::kTruncated, "sgx.quote: header", in.size());
  if (key_type != kEcdsaP256) {
    return form_error(CheckId::kQuoteAttKeyType, Errc::kUnsupported, "sgx.quote: att_key_type",
                      key_type);
  }
  if (!r.u32le(tee_type))
    return form_error(CheckId::kQuoteSize, Errc::kTruncated, "sgx.quote: header", in.size());
  if (tee_type != 0) {
    return form_error(CheckId::kQuoteTeeType, Errc::kMalformed, "sgx.quote: reserved header field",
                      tee_type);
  }
  if (!r.bytes(4, svns) || !r.bytes(kIntel.size(), vendor)) {
    return form_error(CheckId::kQuoteSize, Errc::kTruncated, "sgx.quote: header", in.size());
  }
  if (!equal(vendor, kIntel)) {
    return form_error(CheckId::kQuoteVendorId, Errc::kUnsupported, "sgx.quote: qe_vendor_id",
                      vendor[0]);
  }
  return {};
}

void add_integer(std::vector<attest::LayoutField>& out, std::size_t offset, std::size_t size,
                 const char* name, const char* type, std::uint64_t value) {
  out.push_back({offset, size, name, type, std::to_string(value)});
}

void add_octets(std::vector<attest::LayoutField>& out, std::size_t offset, const char* name,
                const char* type, Bytes value) {
  if (!value.empty()) out.push_back({offset, value.size(), name, type, to_hex(value)});
}

void add_header_layout(const Quote& q, std::vector<attest::LayoutField>& out) {
  static constexpr const char* kType = "sgx_quote_header_t";
  add_integer(out, header::Version::kBegin, 2, "header.version", kType,
              u16<header::Version>(q.head));
  add_integer(out, header::AttKeyType::kBegin, 2, "header.att_key_type", kType,
              u16<header::AttKeyType>(q.head));
  add_octets(out, header::AttKeyData0::kBegin, "header.att_key_data_0", kType,
             header::AttKeyData0::in(q.head));
  add_integer(out, header::QeSvn::kBegin, 2, "header.qe_svn", kType, u16<header::QeSvn>(q.head));
  add_integer(out, header::PceSvn::kBegin, 2, "header.pce_svn", kType, u16<header::PceSvn>(q.head));
  add_octets(out, header::QeVendorId::kBegin, "header.vendor_id", kType,
             header::QeVendorId::in(q.head));
  add_octets(out, header::UserData::kBegin, "header.user_data", kType,
             header::UserData::in(q.head));
}

}  // namespace

Bytes intel_qe_vendor_id() { return kIntel; }

Result<Quote, FormError> parse_quote(Bytes in) {
  if (in.size() > kMaxQuoteSize) {
    return form_error(CheckId::kQuoteSize, Errc::kLimit, "sgx.quote: size", in.size());
  }
  if (const auto ok = check_header(in); !ok) return ok.error();
  Reader r(in);
  Bytes head;
  Bytes body;
  std::uint32_t signature_size = 0;
  if (!r.bytes(kHeaderSize, head) || !r.bytes(dcap::kReportBodySize, body)) {
    return form_error(CheckId::kQuoteSize, Errc::kTruncated, "sgx.quote: body", in.size());
  }
  const auto report = body.first<dcap::kReportBodySize>();
  if (!dcap::ReportBody(report).reserved_zero()) {
    return form_error(CheckId::kQuoteReserved, Errc::kMalformed,
                      "sgx.quote: reserved bytes of the body", 0);
  }
  if (!r.u32le(signature_size)) {
    return form_error(CheckId::kQuoteSize, Errc::kTruncated, "sgx.quote: signature data size",
                      in.size());
  }
  if (signature_size > r.rest().size()) {
    return form_error(CheckId::kQuoteSize, Errc::kTruncated, "sgx.quote: signature data",
                      signature_size);
  }
  if (signature_size < r.rest().size()) {
    return form_error(CheckId::kQuoteSize, Errc::kMalformed, "sgx.quote: trailing bytes",
                      signature_size);
  }
  Quote quote{.raw = in, .head = head.first<kHeaderSize>(), .body = report};
  if (!r.bytes(dcap::kSignatureSize, quote.signature) ||
      !r.bytes(dcap::kKeySize, quote.attestation_key) ||
      !dcap::read_qe_evidence(r, quote.qe, quote.qe_layout)) {
    return form_error(CheckId::kQuoteSize, Errc::kTruncated, "sgx.quote: signature data",
                      r.offset());
  }
  if (!r.empty()) {
    return form_error(CheckId::kQuoteSize, Errc::kMalformed,
                      "sgx.quote: bytes behind the certification data", r.offset());
  }
  return quote;
}

Buffer write_signed_part(const QuoteParts& parts) {
  Writer w;
  w.u16le(kVersion);
  w.u16le(kEcdsaP256);
  w.u32le(0);
  w.u16le(parts.qe_svn);
  w.u16le(parts.pce_svn);
  w.bytes(kIntel);
  w.bytes(parts.user_data);
  w.bytes(parts.body);
  return w.take();
}

Buffer write_quote(const QuoteParts& parts) {
  Writer data;
  data.bytes(parts.signature);
  data.bytes(parts.attestation_key);
  data.bytes(parts.qe_report);
  data.bytes(parts.qe_signature);
  data.u16le(static_cast<std::uint16_t>(parts.auth_data.size()));
  data.bytes(parts.auth_data);
  data.u16le(parts.certification_type);
  data.u32le(static_cast<std::uint32_t>(parts.certification_data.size()));
  data.bytes(parts.certification_data);
  Writer w;
  w.bytes(write_signed_part(parts));
  w.u32le(static_cast<std::uint32_t>(data.size()));
  w.bytes(data.view());
  return w.take();
}

std::vector<attest::LayoutField> quote_layout(const Quote& q) {
  std::vector<attest::LayoutField> out;
  add_header_layout(q, out);
  for (auto& field :
       dcap::report_body_layout(dcap::ReportBody(q.body), kHeaderSize, "report_body.")) {
    out.push_back(std::move(field));
  }
  static constexpr const char* kQuoteType = "sgx_quote3_t";
  static constexpr const char* kDataType = "sgx_ql_ecdsa_sig_data_t";
  static constexpr const char* kAuthType = "sgx_ql_auth_data_t";
  static constexpr const char* kCertType = "sgx_ql_certification_data_t";
  const dcap::QeLayout& at = q.qe_layout;
  add_integer(out, kSignatureDataSize, 4, "signature_data_len", kQuoteType,
              q.raw.size() - kSignature);
  add_octets(out, kSignature, "sig", kDataType, q.signature);
  add_octets(out, kAttestationKey, "attest_pub_key", kDataType, q.attestation_key);
  for (auto& field :
       dcap::report_body_layout(dcap::ReportBody(q.qe.report), at.report, "qe_report.")) {
    out.push_back(std::move(field));
  }
  add_octets(out, at.signature, "qe_report_sig", kDataType, q.qe.signature);
  add_integer(out, at.auth_data_size, 2, "auth_data.size", kAuthType, q.qe.auth_data.size());
  add_octets(out, at.auth_data, "auth_data.auth_data", kAuthType, q.qe.auth_data);
  add_integer(out, at.certification_type, 2, "certification_data.cert_key_type", kCertType,
              q.qe.certification_type);
  add_integer(out, at.certification_size, 4, "certification_data.size", kCertType,
              q.qe.certification_data.size());
  add_octets(out, at.certification_data, "certification_data.certification_data", kCertType,
             q.qe.certification_data);
  return out;
}

std::vector<attest::Claim> quote_claims(const Quote& q) {
  std::vector<attest::Claim> out;
  out.push_back({"version", std::uint64_t{u16<header::Version>(q.head)}});
  out.push_back({"att_key_type", std::uint64_t{u16<header::AttKeyType>(q.head)}});
  out.push_back({"qe_svn", std::uint64_t{u16<header::QeSvn>(q.head)}});
  out.push_back({"pce_svn", std::uint64_t{u16<header::PceSvn>(q.head)}});
  out.push_back({"qe_vendor_id", to_buffer(header::QeVendorId::in(q.head))});
  out.push_back({"user_data", to_buffer(header::UserData::in(q.head))});
  dcap::add_report_body_claims(dcap::ReportBody(q.body), "", out);
  out.push_back({"debug", dcap::ReportBody(q.body).debug()});
  out.push_back({"certification_data_type", std::uint64_t{q.qe.certification_type}});
  const dcap::ReportBody qe(q.qe.report);
  out.push_back({"qe_report.mr_enclave", to_buffer(qe.get<dcap::report_body::MrEnclave>())});
  out.push_back({"qe_report.mr_signer", to_buffer(qe.get<dcap::report_body::MrSigner>())});
  out.push_back({"qe_report.isv_prod_id", std::uint64_t{qe.u16<dcap::report_body::IsvProdId>()}});
  out.push_back({"qe_report.isv_svn", std::uint64_t{qe.u16<dcap::report_body::IsvSvn>()}});
  return out;
}

}  // namespace ward::sgx
