#include "pki/certificate.h"

#include "codec/der.h"
#include "codec/pem.h"
#include "pki/extension.h"
#include "pki/oid.h"

namespace ward::pki {
namespace {

namespace tag = codec::der_tag;
using codec::DerElement;
using codec::DerReader;

// Takes [0] EXPLICIT INTEGER DEFAULT v1.
Result<std::uint8_t> parse_version(DerReader& in) {
  DerReader field({});
  std::uint64_t value = 0;
  if (!in.nested(tag::context_constructed(0), field)) return std::uint8_t{1};
  if (!field.small_uint(value) || !field.empty()) {
    return Error(Errc::kMalformed, "pki.certificate: version");
  }
  if (value == 0) return Error(Errc::kMalformed, "pki.certificate: version 1 written out");
  if (value > 2) return Error(Errc::kUnsupported, "pki.certificate: version", value + 1);
  return static_cast<std::uint8_t>(value + 1);
}

// Checks the form and takes the key, or nullopt where it is none that we can use.
Result<std::optional<crypto::PublicKey>> parse_public_key(Bytes spki) {
  WARD_TRY(const DerElement whole, codec::der_document(spki, tag::kSequence));
  DerReader in(whole.contents);
  DerReader algorithm({});
  Bytes oid;
  Bytes key;
  if (!in.nested(tag::kSequence, algorithm) || !algorithm.oid(oid) || !in.bit_string(key) ||
      !in.empty()) {
    return Error(Errc::kMalformed, "pki.certificate: subjectPublicKeyInfo");
  }
  auto parsed = crypto::PublicKey::from_spki(spki);
  if (!parsed) return std::optional<crypto::PublicKey>();
  return std::optional<crypto::PublicKey>(std::move(*parsed));
}

Result<void> parse_validity(DerReader& in, Certificate& out) {
  DerReader validity({});
  if (!in.nested(tag::kSequence, validity) || !validity.time(out.not_before) ||
      !validity.time(out.not_after) || !validity.empty()) {
    return Error(Errc::kMalformed, "pki.certificate: validity");
  }
  return {};
}

// Reads the values of the extensions that we process.
Result<void> read_extensions(Certificate& out) {
  if (const Extension* e = out.find(oid::kBasicConstraints)) {
    WARD_TRY(out.basic_constraints, parse_basic_constraints(e->value));
  }
  if (const Extension* e = out.find(oid::kKeyUsage)) {
    WARD_TRY(out.key_usage, parse_key_usage(e->value));
  }
  if (const Extension* e = out.find(oid::kSubjectKeyId)) {
    WARD_TRY(out.subject_key_id, parse_subject_key_id(e->value));
  }
  if (const Extension* e = out.find(oid::kAuthorityKeyId)) {
    WARD_TRY(out.authority_key_id, parse_authority_key_id(e->value));
  }
  if (const Extension* e = out.find(oid::kSubjectAltName)) {
    WARD_TRY(out.subject_alt_names, parse_subject_alt_names(e->value));
  }
  if (const Extension* e = out.find(oid::kNameConstraints)) {
    WARD_TRY(out.name_constraints, parse_name_constraints(e->value));
  }
  if (const Extension* e = out.find(oid::kCrlDistributionPoints)) {
    WARD_TRY(out.distribution_points, parse_distribution_points(e->value, out.issuer));
  }
  return {};
}

// Takes unique identifiers (versions 2 and 3) and extensions (version 3) to the end.
Result<void> parse_tail(DerReader& in, Certificate& out) {
  DerElement unique_id;
  const bool has_unique_id = in.element(tag::context(1), unique_id);
  const bool has_second = in.element(tag::context(2), unique_id);
  if ((has_unique_id || has_second) && out.version < 2) {
    return Error(Errc::kMalformed, "pki.certificate: unique identifier in version", out.version);
  }
  DerReader wrapper({});
  if (in.nested(tag::context_constructed(3), wrapper)) {
    DerReader list({});
    if (out.version < 3) {
      return Error(Errc::kMalformed, "pki.certificate: extensions in version", out.version);
    }
    if (!wrapper.nested(tag::kSequence, list) || !wrapper.empty()) {
      return Error(Errc::kMalformed, "pki.certificate: extensions");
    }
    WARD_TRY(out.extensions, parse_extensions(list));
  }
  if (!in.empty()) return Error(Errc::kMalformed, "pki.certificate: trailing fields");
  return read_extensions(out);
}

Result<void> parse_tbs(DerReader in, Bytes outer_algorithm, Certificate& out) {
  Bytes serial;
  DerElement algorithm;
  DerElement spki;
  WARD_TRY(out.version, parse_version(in));
  if (!in.integer(serial)) return Error(Errc::kMalformed, "pki.certificate: serial number");
  if (serial.size() > kMaxSerialBytes + (serial[0] == 0 ? 1 : 0)) {
    return Error(Errc::kLimit, "pki.certificate: serial number", serial.size());
  }
  out.serial = to_buffer(serial);
  if (!in.element(tag::kSequence, algorithm) || !equal(algorithm.encoding, outer_algorithm)) {
    return Error(Errc::kMalformed, "pki.certificate: signature algorithms differ");
  }
  WARD_TRY(out.issuer, parse_name(in));
  if (out.issuer.empty()) {
    return Error(Errc::kMalformed, "pki.certificate: empty issuer");  // RFC 5280 section 4.1.2.4
  }
  WARD_CHECK_OK(parse_validity(in, out));
  WARD_TRY(out.subject, parse_name(in));
  if (!in.element(tag::kSequence, spki)) {
    return Error(Errc::kMalformed, "pki.certificate: subjectPublicKeyInfo");
  }
  out.spki = to_buffer(spki.encoding);
  out.spki_sha256 = crypto::sha256(spki.encoding);
  WARD_TRY(out.public_key, parse_public_key(spki.encoding));
  return parse_tail(in, out);
}

}  // namespace

const Extension* Certificate::find(Bytes oid) const { return find_extension(extensions, oid); }

Result<Certificate> parse_certificate(Bytes der) {
  if (der.size() > kMaxCertificateBytes) {
    return Error(Errc::kLimit, "pki.certificate: size", der.size());
  }
  WARD_TRY(const Signed outer, parse_signed(der));
  Certificate out;
  out.der = to_buffer(der);
  out.fingerprint = crypto::sha256(der);
  out.tbs = to_buffer(outer.tbs.encoding);
  out.signature_algorithm = outer.signature_algorithm;
  out.signature = to_buffer(outer.signature);
  WARD_CHECK_OK(parse_tbs(DerReader(outer.tbs.contents), outer.algorithm, out));
  return out;
}

Result<std::vector<Certificate>> parse_certificates(std::string_view pem) {
  WARD_TRY(const std::vector<codec::PemBlock> blocks, codec::parse_pem(pem));
  std::vector<Certificate> out;
  for (const codec::PemBlock& block : blocks) {
    if (block.label != "CERTIFICATE") {
      return Error(Errc::kMalformed, "pki.certificate: PEM block of another label");
    }
    WARD_TRY(Certificate certificate, parse_certificate(block.der));
    out.push_back(std::move(certificate));
  }
  return out;
}

bool signed_by(const Certificate& certificate, const crypto::PublicKey& issuer) {
  return issuer.verify(certificate.signature_algorithm, certificate.tbs, certificate.signature);
}

}  // namespace ward::pki
