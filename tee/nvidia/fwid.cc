#include "tee/nvidia/fwid.h"

#include "codec/der.h"
#include "pki/oid.h"

namespace ward::nvidia {
namespace {

namespace tag = codec::der_tag;
using codec::DerElement;
using codec::DerReader;
using codec::DerWriter;

constexpr std::uint8_t kFwid[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x01};           // 2.23.133.5.4.1
constexpr std::uint8_t kTcbInfo[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x01, 0x01};  // 2.23.133.5.4.1.1
constexpr std::size_t kDigestSize = 48;
constexpr std::uint8_t kFwids = 6;  // of DiceTcbInfo

Error malformed() { return {Errc::kMalformed, "nvidia.fwid: no SHA-384 digest of firmware"}; }

// FWID ::= SEQUENCE { hashAlg OBJECT IDENTIFIER, digest OCTET STRING }.
Result<Buffer> take_digest(DerReader& in) {
  DerReader fields({});
  Bytes algorithm;
  Bytes digest;
  if (!in.nested(tag::kSequence, fields) || !fields.oid(algorithm) ||
      !fields.octet_string(digest) || !fields.empty() || !equal(algorithm, pki::oid::kSha384) ||
      digest.size() != kDigestSize) {
    return malformed();
  }
  return to_buffer(digest);
}

// CompositeDeviceID ::= SEQUENCE { version INTEGER, deviceID SubjectPublicKeyInfo, fwid FWID }.
Result<Buffer> composite_digest(DerReader in) {
  std::uint64_t version = 0;
  DerElement key;
  if (!in.small_uint(version) || version != 1 || !in.element(tag::kSequence, key)) {
    return malformed();
  }
  WARD_TRY(Buffer digest, take_digest(in));
  if (!in.empty()) return malformed();
  return digest;
}

// DiceTcbInfo: optional fields by rising context tags.
Result<Buffer> tcb_info_digest(DerReader in) {
  DerReader list({});
  DerElement other;
  while (!in.nested(tag::context_constructed(kFwids), list)) {
    if (!in.any(other)) return malformed();
  }
  return take_digest(list);
}

Buffer fwid_der(Bytes digest) {
  DerWriter fields;
  fields.oid(pki::oid::kSha384);
  fields.octet_string(digest);
  DerWriter out;
  out.element(tag::kSequence, fields.view());
  return out.take();
}

}  // namespace

bool has_fwid(const pki::Certificate& certificate) {
  return certificate.find(kFwid) != nullptr || certificate.find(kTcbInfo) != nullptr;
}

Result<Buffer> fwid_of(const pki::Certificate& certificate) {
  const pki::Extension* old_form = certificate.find(kFwid);
  const pki::Extension* extension = old_form != nullptr ? old_form : certificate.find(kTcbInfo);
  if (extension == nullptr) return malformed();
  WARD_TRY(const DerElement whole, codec::der_document(extension->value, tag::kSequence));
  const DerReader in(whole.contents);
  DerReader first = in;
  Bytes version;
  const bool composite = old_form != nullptr && first.integer(version);
  return composite ? composite_digest(in) : tcb_info_digest(in);
}

pki::Extension fwid_extension(Bytes digest, Bytes spki) {
  DerWriter fields;
  fields.small_uint(1);
  fields.raw(spki);
  fields.raw(fwid_der(digest));
  DerWriter out;
  out.element(tag::kSequence, fields.view());
  return {to_buffer(kFwid), false, out.take()};
}

pki::Extension tcb_info_extension(Bytes digest) {
  DerWriter fields;
  fields.element(tag::context_constructed(kFwids), fwid_der(digest));
  DerWriter out;
  out.element(tag::kSequence, fields.view());
  return {to_buffer(kTcbInfo), false, out.take()};
}

}  // namespace ward::nvidia
