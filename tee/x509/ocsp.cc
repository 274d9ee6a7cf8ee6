#include "tee/x509/ocsp.h"

#include <algorithm>

#include "codec/der.h"
#include "pki/algorithm.h"
#include "pki/extension.h"
#include "pki/oid.h"

namespace ward::x509 {
namespace {

namespace tag = codec::der_tag;
using codec::DerElement;
using codec::DerReader;
using codec::DerWriter;

// 1.3.6.1.5.5.7.48.1.1, id-pkix-ocsp-basic; 1.3.14.3.2.26, SHA-1.
constexpr std::uint8_t kBasicResponse[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};
constexpr std::uint8_t kSha1Oid[] = {0x2b, 0x0e, 0x03, 0x02, 0x1a};

struct HashRow {
  OcspHash hash;
  Bytes oid;
  std::size_t size;
};

const HashRow kHashes[] = {{OcspHash::kSha1, kSha1Oid, 20},
                           {OcspHash::kSha256, pki::oid::kSha256, 32},
                           {OcspHash::kSha384, pki::oid::kSha384, 48}};

const HashRow& row_of(OcspHash hash) {
  return *std::ranges::find_if(kHashes, [&](const HashRow& row) { return row.hash == hash; });
}

Error malformed(Literal what) { return {Errc::kMalformed, what}; }

// Extensions that say nothing critical may be passed over (RFC 6960 section 4.4).
Result<void> no_critical(DerReader& in, std::uint8_t number) {
  DerReader wrapper({});
  DerReader list({});
  if (!in.nested(tag::context_constructed(number), wrapper)) return {};
  if (!wrapper.nested(tag::kSequence, list) || !wrapper.empty()) {
    return malformed("x509.ocsp: extensions");
  }
  bool critical = false;
  WARD_CHECK_OK(pki::each_extension(
      list, [&](const pki::ExtensionView& e) { critical = critical || e.critical; }));
  if (critical) return Error(Errc::kUnsupported, "x509.ocsp: a critical extension");
  return {};
}

Result<void> parse_cert_id(DerReader in, OcspSingle& out) {
  DerReader algorithm({});
  Bytes oid;
  Bytes name;
  Bytes key;
  Bytes serial;
  if (!in.nested(tag::kSequence, algorithm) || !algorithm.oid(oid) ||
      (!algorithm.empty() && !algorithm.null()) || !algorithm.empty() || !in.octet_string(name) ||
      !in.octet_string(key) || !in.integer(serial) || !in.empty()) {
    return malformed("x509.ocsp: CertID");
  }
  const auto* row =
      std::ranges::find_if(kHashes, [&](const HashRow& r) { return equal(r.oid, oid); });
  if (row == std::end(kHashes)) return Error(Errc::kUnsupported, "x509.ocsp: hash of CertID");
  if (name.size() != row->size || key.size() != row->size ||
      serial.size() > pki::kMaxSerialBytes + 1) {
    return malformed("x509.ocsp: CertID");
  }
  out.hash = row->hash;
  out.issuer_name_hash = to_buffer(name);
  out.issuer_key_hash = to_buffer(key);
  out.serial = to_buffer(serial);
  return {};
}

Result<void> parse_status(DerReader& in, OcspSingle& out) {
  DerElement element;
  DerReader revoked({});
  if (in.element(tag::context(0), element)) {
    out.status = OcspStatus::kGood;
  } else if (in.element(tag::context(2), element)) {
    out.status = OcspStatus::kUnknown;
  } else if (in.nested(tag::context_constructed(1), revoked)) {
    out.status = OcspStatus::kRevoked;
    const bool time = revoked.time(out.revoked_at);
    if (!time || (!revoked.empty() && !revoked.element(tag::context_constructed(0), element)) ||
        !revoked.empty()) {
      return malformed("x509.ocsp: RevokedInfo");
    }
    return {};
  } else {
    return malformed("x509.ocsp: certStatus");
  }
  if (!element.contents.empty()) return malformed("x509.ocsp: certStatus");
  return {};
}

Result<OcspSingle> parse_single(DerReader& in) {
  OcspSingle out;
  DerReader fields({});
  DerReader id({});
  DerReader next({});
  if (!in.nested(tag::kSequence, fields) || !fields.nested(tag::kSequence, id)) {
    return malformed("x509.ocsp: SingleResponse");
  }
  WARD_CHECK_OK(parse_cert_id(id, out));
  WARD_CHECK_OK(parse_status(fields, out));
  if (!fields.time(out.this_update)) return malformed("x509.ocsp: thisUpdate");
  if (fields.nested(tag::context_constructed(0), next)) {
    UnixTime time;
    if (!next.time(time) || !next.empty()) return malformed("x509.ocsp: nextUpdate");
    out.next_update = time;
  }
  WARD_CHECK_OK(no_critical(fields, 1));
  if (!fields.empty()) return malformed("x509.ocsp: SingleResponse");
  return out;
}

Result<void> parse_data(DerReader in, OcspResponse& out) {
  DerElement responder;
  DerReader list({});
  // Version 1 is the default, and DER leaves it out.
  if (!in.element(tag::context_constructed(1), responder) &&
      !in.element(tag::context_constructed(2), responder)) {
    return malformed("x509.ocsp: responderID");
  }
  if (!in.time(out.produced_at) || !in.nested(tag::kSequence, list)) {
    return malformed("x509.ocsp: ResponseData");
  }
  while (!list.empty()) {
    if (out.singles.size() == kMaxOcspSingles) {
      return Error(Errc::kLimit, "x509.ocsp: responses", kMaxOcspSingles);
    }
    WARD_TRY(OcspSingle single, parse_single(list));
    out.singles.push_back(std::move(single));
  }
  WARD_CHECK_OK(no_critical(in, 1));
  if (!in.empty()) return malformed("x509.ocsp: ResponseData");
  return {};
}

Result<void> parse_certificates(DerReader& in, OcspResponse& out) {
  DerReader wrapper({});
  DerReader list({});
  if (!in.nested(tag::context_constructed(0), wrapper)) return {};
  if (!wrapper.nested(tag::kSequence, list) || !wrapper.empty()) {
    return malformed("x509.ocsp: certs");
  }
  while (!list.empty()) {
    if (out.certificates.size() == kMaxOcspCertificates) {
      return Error(Errc::kLimit, "x509.ocsp: certificates", kMaxOcspCertificates);
    }
    DerElement element;
    if (!list.element(tag::kSequence, element)) return malformed("x509.ocsp: certs");
    WARD_TRY(pki::Certificate certificate, pki::parse_certificate(element.encoding));
    out.certificates.push_back(std::move(certificate));
  }
  return {};
}

Result<void> parse_basic(Bytes der, OcspResponse& out) {
  WARD_TRY(const DerElement whole, codec::der_document(der, tag::kSequence));
  DerReader in(whole.contents);
  DerElement data;
  DerElement algorithm;
  Bytes signature;
  if (!in.element(tag::kSequence, data) || !in.element(tag::kSequence, algorithm) ||
      !in.bit_string(signature)) {
    return malformed("x509.ocsp: BasicOCSPResponse");
  }
  WARD_TRY(out.signature_algorithm, pki::parse_signature_algorithm(algorithm.contents));
  out.tbs = to_buffer(data.encoding);
  out.signature = to_buffer(signature);
  WARD_CHECK_OK(parse_data(DerReader(data.contents), out));
  WARD_CHECK_OK(parse_certificates(in, out));
  if (!in.empty()) return malformed("x509.ocsp: BasicOCSPResponse");
  return {};
}

// subjectPublicKey without its unused-bits octet, which CertID and byKey hash.
Bytes key_bits(const pki::Certificate& certificate) {
  DerReader in(certificate.spki);
  DerReader fields({});
  DerElement algorithm;
  Bytes bits;
  const bool ok = in.nested(tag::kSequence, fields) && fields.element(tag::kSequence, algorithm) &&
                  fields.bit_string(bits);
  return ok ? bits : Bytes{};
}

Buffer hashed(OcspHash hash, Bytes data) {
  switch (hash) {
    case OcspHash::kSha1:
      return to_buffer(crypto::sha1(data));
    case OcspHash::kSha256:
      return to_buffer(crypto::sha256(data));
    case OcspHash::kSha384:
      return to_buffer(crypto::sha384(data));
  }
  return {};
}

Buffer single_der(const OcspSingle& single) {
  const HashRow& row = row_of(single.hash);
  DerWriter algorithm;
  algorithm.oid(row.oid);
  algorithm.null();
  DerWriter id;
  id.element(tag::kSequence, algorithm.view());
  id.octet_string(single.issuer_name_hash);
  id.octet_string(single.issuer_key_hash);
  id.integer(single.serial);
  const auto generalized = [](UnixTime time) {
    std::string text = format_rfc3339(time);
    std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'T'; });
    DerWriter out;
    out.element(tag::kGeneralizedTime, as_bytes(text));
    return out.take();
  };
  DerWriter out;
  out.element(tag::kSequence, id.view());
  if (single.status == OcspStatus::kRevoked) {
    out.element(tag::context_constructed(1), generalized(single.revoked_at));
  } else {
    out.element(tag::context(single.status == OcspStatus::kGood ? 0 : 2), {});
  }
  out.raw(generalized(single.this_update));
  if (single.next_update) {
    out.element(tag::context_constructed(0), generalized(*single.next_update));
  }
  return out.take();
}

Buffer sequence_of(Bytes contents) {
  DerWriter out;
  out.element(tag::kSequence, contents);
  return out.take();
}

}  // namespace

Result<OcspResponse> parse_ocsp_response(Bytes der) {
  if (der.size() > kMaxOcspBytes) return Error(Errc::kLimit, "x509.ocsp: size", der.size());
  WARD_TRY(const DerElement whole, codec::der_document(der, tag::kSequence));
  DerReader in(whole.contents);
  DerElement status;
  if (!in.element(tag::kEnumerated, status) || status.contents.size() != 1) {
    return malformed("x509.ocsp: responseStatus");
  }
  if (status.contents[0] != 0) {
    return Error(Errc::kUnsupported, "x509.ocsp: the responder gave no answer", status.contents[0]);
  }
  DerReader wrapper({});
  DerReader fields({});
  Bytes type;
  Bytes basic;
  if (!in.nested(tag::context_constructed(0), wrapper) || !in.empty() ||
      !wrapper.nested(tag::kSequence, fields) || !wrapper.empty() || !fields.oid(type) ||
      !fields.octet_string(basic) || !fields.empty()) {
    return malformed("x509.ocsp: responseBytes");
  }
  if (!equal(type, kBasicResponse)) return Error(Errc::kUnsupported, "x509.ocsp: response type");
  OcspResponse out;
  WARD_CHECK_OK(parse_basic(basic, out));
  out.der = to_buffer(der);
  out.fingerprint = crypto::sha256(der);
  return out;
}

OcspSingle ocsp_single(const pki::Certificate& certificate, const pki::Certificate& issuer,
                       OcspHash hash) {
  return {.hash = hash,
          .issuer_name_hash = hashed(hash, certificate.issuer.der()),
          .issuer_key_hash = hashed(hash, key_bits(issuer)),
          .serial = certificate.serial};
}

Buffer ocsp_key_hash(const pki::Certificate& certificate) {
  return hashed(OcspHash::kSha1, key_bits(certificate));
}

Result<Buffer> build_ocsp_response(const OcspSpec& spec, const pki::Signer& signer) {
  DerWriter responder;
  responder.octet_string(spec.responder_key_hash);
  DerWriter singles;
  for (const OcspSingle& single : spec.singles)
    singles.element(tag::kSequence, single_der(single));
  std::string produced = format_rfc3339(spec.produced_at);
  std::erase_if(produced, [](char c) { return c == '-' || c == ':' || c == 'T'; });
  DerWriter data;
  data.element(tag::context_constructed(2), responder.view());
  data.element(tag::kGeneralizedTime, as_bytes(produced));
  data.element(tag::kSequence, singles.view());
  const Buffer tbs = sequence_of(data.view());
  WARD_TRY(const Buffer signature, signer(tbs));
  DerWriter basic;
  basic.raw(tbs);
  basic.raw(pki::write_signature_algorithm(spec.signature_algorithm));
  basic.bit_string(signature);
  if (!spec.certificates.empty()) {
    DerWriter certificates;
    for (const Buffer& certificate : spec.certificates)
      certificates.raw(certificate);
    basic.element(tag::context_constructed(0), sequence_of(certificates.view()));
  }
  DerWriter bytes;
  bytes.oid(kBasicResponse);
  bytes.octet_string(sequence_of(basic.view()));
  DerWriter out;
  out.element(tag::kEnumerated, Buffer{0});
  out.element(tag::context_constructed(0), sequence_of(bytes.view()));
  return sequence_of(out.view());
}

}  // namespace ward::x509
