#include "tee/dcap/quote.h"

#include "base/writer.h"

namespace ward::dcap {
namespace {

constexpr std::uint16_t kOldest = 3;
constexpr std::uint16_t kNewest = 5;
constexpr std::uint16_t kEcdsaP256 = 2;
constexpr std::array<std::uint8_t, 16> kIntel = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                                 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

FormError form_error(CheckId check, Errc code, Literal what, std::uint64_t value) {
  return {check, Error(code, what, value)};
}

FormError cut(Literal what, std::uint64_t value) {
  return form_error(CheckId::kQuoteSize, Errc::kTruncated, what, value);
}

bool same_tee(std::uint16_t version, std::uint32_t type, TeeType tee) {
  return type == static_cast<std::uint32_t>(tee) && (version > kOldest || tee == TeeType::kSgx);
}

// Every length is given as far as it is there, so that a cut quote says "cut", not something else.
Result<void, FormError> read_header(Reader& r, TeeType tee, Quote& out) {
  constexpr Literal kHeader = "dcap.quote: header";
  std::uint16_t key_type = 0;
  std::uint32_t tee_type = 0;
  Bytes svns;
  Bytes vendor;
  if (!r.u16le(out.version)) return cut(kHeader, r.offset());
  if (out.version < kOldest || out.version > kNewest) {
    return form_error(CheckId::kQuoteVersion, Errc::kUnsupported, "dcap.quote: version",
                      out.version);
  }
  if (!r.u16le(key_type)) return cut(kHeader, r.offset());
  if (key_type != kEcdsaP256) {
    return form_error(CheckId::kQuoteAttKeyType, Errc::kUnsupported, "dcap.quote: att_key_type",
                      key_type);
  }
  if (!r.u32le(tee_type)) return cut(kHeader, r.offset());
  if (!same_tee(out.version, tee_type, tee)) {
    return form_error(CheckId::kQuoteTeeType, Errc::kMalformed, "dcap.quote: TEE type", tee_type);
  }
  if (!r.bytes(4, svns)) return cut(kHeader, r.offset());
  if (out.version > kOldest && !all_zero(svns)) {
    return form_error(CheckId::kQuoteReserved, Errc::kMalformed,
                      "dcap.quote: reserved bytes of the header", 0);
  }
  if (!r.bytes(kIntel.size(), vendor)) return cut(kHeader, r.offset());
  if (!equal(vendor, kIntel)) {
    return form_error(CheckId::kQuoteVendorId, Errc::kUnsupported, "dcap.quote: qe_vendor_id",
                      vendor[0]);
  }
  Bytes user_data;
  if (!r.bytes(header::UserData::kEnd - header::UserData::kBegin, user_data)) {
    return cut(kHeader, r.offset());
  }
  return {};
}

// Version 5 names its body; before that the TEE has but one.
Result<void, FormError> read_body_type(Reader& r, TeeType tee, Quote& out) {
  out.body_type = tee == TeeType::kSgx ? BodyType::kSgxReport : BodyType::kTdReport10;
  if (out.version < 5) return {};
  std::uint16_t type = 0;
  std::uint32_t size = 0;
  if (!r.u16le(type)) return cut("dcap.quote: body descriptor", r.offset());
  const bool known = type >= static_cast<std::uint16_t>(BodyType::kSgxReport) &&
                     type <= static_cast<std::uint16_t>(BodyType::kTdReport15Ex);
  const bool of_sgx = type == static_cast<std::uint16_t>(BodyType::kSgxReport);
  if (!known || of_sgx != (tee == TeeType::kSgx)) {
    return form_error(CheckId::kQuoteBodyType, Errc::kMalformed, "dcap.quote: body type", type);
  }
  out.body_type = static_cast<BodyType>(type);
  if (!r.u32le(size)) return cut("dcap.quote: body descriptor", r.offset());
  if (size != body_size(out.body_type)) {
    return form_error(CheckId::kQuoteBodyType, Errc::kMalformed, "dcap.quote: body size", size);
  }
  return {};
}

Result<void, FormError> read_body(Reader& r, Quote& out) {
  out.body_at = r.offset();
  if (!r.bytes(body_size(out.body_type), out.body)) return cut("dcap.quote: body", r.offset());
  if (out.body_type == BodyType::kSgxReport && !out.report().reserved_zero()) {
    return form_error(CheckId::kQuoteReserved, Errc::kMalformed,
                      "dcap.quote: reserved bytes of the body", 0);
  }
  return {};
}

// From version 4 on the quoting enclave's report is itself certification data (type 6), with that
// of the PCK inside.
Result<void, FormError> read_qe(Reader& r, Quote& out) {
  constexpr Literal kShort = "dcap.quote: signature data";
  if (out.version > kOldest) {
    std::uint16_t type = 0;
    std::uint32_t size = 0;
    out.qe_layout.outer_type = r.offset();
    if (!r.u16le(type)) return cut(kShort, r.offset());
    if (type != certification::kQeReport) {
      return form_error(CheckId::kCertificationDataType, Errc::kUnsupported,
                        "dcap.quote: certification data type", type);
    }
    if (!r.u32le(size) || size > r.rest().size()) return cut(kShort, r.offset());
    if (size < r.rest().size()) {
      return form_error(CheckId::kQuoteSize, Errc::kMalformed,
                        "dcap.quote: bytes behind the certification data", size);
    }
  }
  if (!read_qe_evidence(r, out.qe, out.qe_layout)) return cut(kShort, r.offset());
  if (!r.empty()) {
    return form_error(CheckId::kQuoteSize, Errc::kMalformed,
                      "dcap.quote: bytes behind the certification data", r.offset());
  }
  return {};
}

}  // namespace

std::size_t body_size(BodyType type) {
  switch (type) {
    case BodyType::kSgxReport:
      return kReportBodySize;
    case BodyType::kTdReport10:
      return kTdReport10Size;
    case BodyType::kTdReport15:
      return kTdReport15Size;
    case BodyType::kTdReport15Ex:
      return kTdReport15ExSize;
  }
  return 0;
}

Bytes intel_qe_vendor_id() { return kIntel; }

Result<Quote, FormError> parse_quote(Bytes in, TeeType tee) {
  if (in.size() > kMaxQuoteSize) {
    return form_error(CheckId::kQuoteSize, Errc::kLimit, "dcap.quote: size", in.size());
  }
  Reader r(in);
  Quote quote{.raw = in};
  WARD_CHECK_OK(read_header(r, tee, quote));
  quote.head = in.first<kHeaderSize>();
  WARD_CHECK_OK(read_body_type(r, tee, quote));
  WARD_CHECK_OK(read_body(r, quote));
  std::uint32_t signature_size = 0;
  if (!r.u32le(signature_size)) return cut("dcap.quote: signature data size", in.size());
  if (signature_size > r.rest().size()) return cut("dcap.quote: signature data", signature_size);
  if (signature_size < r.rest().size()) {
    return form_error(CheckId::kQuoteSize, Errc::kMalformed, "dcap.quote: trailing bytes",
                      r.rest().size() - signature_size);
  }
  if (!r.bytes(kSignatureSize, quote.signature) || !r.bytes(kKeySize, quote.attestation_key)) {
    return cut("dcap.quote: signature data", r.offset());
  }
  WARD_CHECK_OK(read_qe(r, quote));
  return quote;
}

Buffer write_signed_part(const QuoteParts& parts) {
  Writer w;
  w.u16le(parts.version);
  w.u16le(kEcdsaP256);
  w.u32le(static_cast<std::uint32_t>(parts.tee));
  w.u16le(parts.version == kOldest ? parts.qe_svn : std::uint16_t{0});
  w.u16le(parts.version == kOldest ? parts.pce_svn : std::uint16_t{0});
  w.bytes(kIntel);
  w.bytes(parts.user_data);
  if (parts.version >= 5) {
    w.u16le(static_cast<std::uint16_t>(parts.body_type));
    w.u32le(static_cast<std::uint32_t>(parts.body.size()));
  }
  w.bytes(parts.body);
  return w.take();
}

Buffer write_quote(const QuoteParts& parts) {
  Writer qe;
  qe.bytes(parts.qe_report);
  qe.bytes(parts.qe_signature);
  qe.u16le(static_cast<std::uint16_t>(parts.auth_data.size()));
  qe.bytes(parts.auth_data);
  qe.u16le(parts.certification_type);
  qe.u32le(static_cast<std::uint32_t>(parts.certification_data.size()));
  qe.bytes(parts.certification_data);
  Writer data;
  data.bytes(parts.signature);
  data.bytes(parts.attestation_key);
  if (parts.version > kOldest) {
    data.u16le(certification::kQeReport);
    data.u32le(static_cast<std::uint32_t>(qe.size()));
  }
  data.bytes(qe.view());
  Writer w;
  w.bytes(write_signed_part(parts));
  w.u32le(static_cast<std::uint32_t>(data.size()));
  w.bytes(data.view());
  return w.take();
}

QuoteParts parts_of(const Quote& q) {
  QuoteParts p;
  p.version = q.version;
  p.tee = q.body_type == BodyType::kSgxReport ? TeeType::kSgx : TeeType::kTdx;
  p.body_type = q.body_type;
  p.qe_svn = static_cast<std::uint16_t>(attest::little_endian(header::QeSvn::in(q.head)));
  p.pce_svn = static_cast<std::uint16_t>(attest::little_endian(header::PceSvn::in(q.head)));
  p.user_data = *to_array<20>(header::UserData::in(q.head));
  p.body = to_buffer(q.body);
  p.signature = to_buffer(q.signature);
  p.attestation_key = to_buffer(q.attestation_key);
  p.qe_report = to_buffer(q.qe.report);
  p.qe_signature = to_buffer(q.qe.signature);
  p.auth_data = to_buffer(q.qe.auth_data);
  p.certification_type = q.qe.certification_type;
  p.certification_data = to_buffer(q.qe.certification_data);
  return p;
}

}  // namespace ward::dcap
