#include "apps/wardd/certificate.h"

#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "codec/der.h"
#include "codec/pem.h"

namespace ward::wardd {
namespace {

using codec::DerWriter;
namespace der_tag = codec::der_tag;

// wrap writes one element around what `inner` holds.
Buffer wrap(std::uint8_t tag, const DerWriter& inner) {
  DerWriter out;
  out.element(tag, inner.view());
  return out.take();
}

Buffer oid(std::string_view dotted) { return codec::der_oid(dotted).value_or(Buffer{}); }

Buffer name_of(std::string_view common_name) {
  DerWriter attribute;
  attribute.oid(oid("2.5.4.3"));
  attribute.element(der_tag::kUtf8String, as_bytes(common_name));
  DerWriter set;
  set.raw(wrap(der_tag::kSequence, attribute));
  DerWriter sequence;
  sequence.raw(wrap(der_tag::kSet, set));
  return wrap(der_tag::kSequence, sequence);
}

Buffer algorithm() {
  DerWriter out;
  out.oid(oid("1.2.840.10045.4.3.2"));  // ecdsa-with-SHA256
  return wrap(der_tag::kSequence, out);
}

void add_extension(DerWriter& list, std::string_view dotted, bool critical, Bytes value) {
  DerWriter out;
  out.oid(oid(dotted));
  if (critical) out.boolean(true);
  out.octet_string(value);
  list.raw(wrap(der_tag::kSequence, out));
}

Buffer alternative_names(const std::vector<std::string>& names) {
  DerWriter out;
  for (const std::string& name : names) {
    std::array<std::uint8_t, 4> address{};
    if (::inet_pton(AF_INET, name.c_str(), address.data()) == 1) {
      out.element(der_tag::context(7), address);
    } else {
      out.element(der_tag::context(2), as_bytes(name));
    }
  }
  return wrap(der_tag::kSequence, out);
}

Buffer extensions(const CertificateRequest& request) {
  DerWriter list;
  add_extension(list, "2.5.29.17", false, alternative_names(request.names));
  DerWriter usage;
  usage.bit_string(std::array<std::uint8_t, 1>{0x80}, 7);  // digitalSignature
  add_extension(list, "2.5.29.15", true, usage.view());
  DerWriter purpose;
  purpose.oid(oid("1.3.6.1.5.5.7.3.1"));  // serverAuth
  add_extension(list, "2.5.29.37", false, wrap(der_tag::kSequence, purpose));
  DerWriter outer;
  outer.raw(wrap(der_tag::kSequence, list));
  return wrap(der_tag::context_constructed(3), outer);
}

}  // namespace

Result<std::string> self_signed(const CertificateRequest& request, const crypto::PrivateKey& key,
                                crypto::Rng& rng) {
  DerWriter tbs;
  DerWriter version;
  version.small_uint(2);  // v3
  tbs.raw(wrap(der_tag::context_constructed(0), version));
  auto serial = crypto::random_array<16>(rng);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7fU) | 0x40U);
  tbs.unsigned_integer(serial);
  tbs.raw(algorithm());
  tbs.raw(name_of(request.common_name));
  DerWriter validity;
  validity.time(request.not_before);
  validity.time(request.not_after);
  tbs.raw(wrap(der_tag::kSequence, validity));
  tbs.raw(name_of(request.common_name));
  tbs.raw(key.public_key().to_spki());
  tbs.raw(extensions(request));
  const Buffer signed_part = wrap(der_tag::kSequence, tbs);
  WARD_TRY(const Buffer signature,
           key.sign(crypto::SignatureAlgorithm::kEcdsaP256Sha256, signed_part));
  DerWriter certificate;
  certificate.raw(signed_part);
  certificate.raw(algorithm());
  certificate.bit_string(signature);
  return codec::to_pem("CERTIFICATE", wrap(der_tag::kSequence, certificate));
}

}  // namespace ward::wardd
