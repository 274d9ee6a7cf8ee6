#include "pki/build.h"

#include <algorithm>

#include "codec/der.h"
#include "pki/algorithm.h"
#include "pki/oid.h"

namespace ward::pki {
namespace {

namespace tag = codec::der_tag;
using codec::DerReader;
using codec::DerWriter;

constexpr std::size_t kKeyIdBytes = 20;
constexpr std::uint64_t kVersion3 = 2;
constexpr std::uint64_t kCrlVersion2 = 1;

struct PartType {
  std::string_view text;
  Bytes oid;
  std::uint8_t tag;
};

const PartType kPartTypes[] = {
    {"C", oid::kCountry, tag::kPrintableString},
    {"ST", oid::kState, tag::kUtf8String},
    {"L", oid::kLocality, tag::kUtf8String},
    {"O", oid::kOrganization, tag::kUtf8String},
    {"OU", oid::kUnit, tag::kUtf8String},
    {"CN", oid::kCommonName, tag::kUtf8String},
    {"serialNumber", oid::kSerialNumber, tag::kPrintableString},
    {"DC", oid::kDomainComponent, tag::kIa5String},
};

const PartType* part_type(std::string_view text) {
  const auto* found = std::find_if(std::begin(kPartTypes), std::end(kPartTypes),
                                   [&](const PartType& row) { return row.text == text; });
  return found == std::end(kPartTypes) ? nullptr : found;
}

bool printable_string(std::string_view text) {
  constexpr std::string_view kOthers = " '()+,-./:=?";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool fits(std::uint8_t string_type, std::string_view value) {
  if (value.empty()) return false;
  if (string_type == tag::kPrintableString) return printable_string(value);
  // Beyond ASCII nothing is written: it would need normalization (RFC 5280 section 7.1).
  return ascii(value);
}

Buffer sequence(Bytes contents) {
  DerWriter out;
  out.element(tag::kSequence, contents);
  return out.take();
}

bool writable(UnixTime time) {
  const CivilTime civil = to_civil(time);
  return civil.year >= 0 && civil.year <= 9999;
}

void put_extensions(DerWriter& out, std::uint8_t context, const std::vector<Extension>& list) {
  if (list.empty()) return;
  DerWriter elements;
  for (const Extension& extension : list) {
    DerWriter fields;
    fields.oid(extension.oid);
    if (extension.critical) fields.boolean(true);
    fields.octet_string(extension.value);
    elements.element(tag::kSequence, fields.view());
  }
  out.element(tag::context_constructed(context), sequence(elements.view()));
}

// SEQUENCE { tbs, algorithm, signature }.
Result<Buffer> sign(Bytes tbs, crypto::SignatureAlgorithm algorithm, const Signer& signer) {
  WARD_TRY(const Buffer signature, signer(tbs));
  DerWriter out;
  out.raw(tbs);
  out.raw(write_signature_algorithm(algorithm));
  out.bit_string(signature);
  return sequence(out.view());
}

Extension extension(Bytes oid, bool critical, Bytes value) {
  return {to_buffer(oid), critical, to_buffer(value)};
}

}  // namespace

Result<Name> make_name(std::span<const NamePart> parts) {
  if (parts.size() > kMaxNameAttributes) {
    return Error(Errc::kLimit, "pki.name: attributes", parts.size());
  }
  DerWriter rdns;
  for (const NamePart& part : parts) {
    const PartType* type = part_type(part.type);
    if (type == nullptr || !fits(type->tag, part.value)) {
      return Error(Errc::kMalformed, "pki.name: attribute type or value");
    }
    DerWriter fields;
    fields.oid(type->oid);
    fields.element(type->tag, as_bytes(part.value));
    rdns.element(tag::kSet, sequence(fields.view()));
  }
  return Name(sequence(rdns.view()));
}

Extension basic_constraints_extension(const BasicConstraints& value) {
  DerWriter fields;
  if (value.ca) fields.boolean(true);
  if (value.path_len) fields.small_uint(*value.path_len);
  return extension(oid::kBasicConstraints, true, sequence(fields.view()));
}

Extension key_usage_extension(std::uint16_t usage) {
  // Bit 0 is the leftmost; trailing zero bits are left out (X.690 section 11.2.2).
  Buffer octets(2);
  std::size_t used = 0;
  for (std::size_t bit = 0; bit < 16; ++bit) {
    if (((usage >> bit) & 1U) == 0) continue;
    octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] | (0x80U >> (bit % 8)));
    used = bit + 1;
  }
  octets.resize((used + 7) / 8);
  DerWriter out;
  out.bit_string(octets, static_cast<std::uint8_t>(octets.size() * 8 - used));
  return extension(oid::kKeyUsage, true, out.view());
}

Extension subject_key_id_extension(Bytes key_id) {
  DerWriter out;
  out.octet_string(key_id);
  return extension(oid::kSubjectKeyId, false, out.view());
}

Extension authority_key_id_extension(Bytes key_id) {
  DerWriter fields;
  fields.element(tag::context(0), key_id);
  return extension(oid::kAuthorityKeyId, false, sequence(fields.view()));
}

Extension crl_distribution_point_extension(std::string_view uri) {
  DerWriter name;
  name.element(tag::context(static_cast<std::uint8_t>(GeneralName::Kind::kUri)), as_bytes(uri));
  DerWriter full;
  full.element(tag::context_constructed(0), name.view());
  DerWriter point;
  point.element(tag::context_constructed(0), full.view());
  return extension(oid::kCrlDistributionPoints, false, sequence(sequence(point.view())));
}

Extension crl_number_extension(std::uint64_t number) {
  DerWriter out;
  out.small_uint(number);
  return extension(oid::kCrlNumber, false, out.view());
}

Result<Buffer> key_id(Bytes spki) {
  WARD_TRY(const codec::DerElement whole, codec::der_document(spki, tag::kSequence));
  DerReader in(whole.contents);
  DerReader algorithm({});
  Bytes key;
  if (!in.nested(tag::kSequence, algorithm) || !in.bit_string(key) || !in.empty()) {
    return Error(Errc::kMalformed, "pki.key_id: subjectPublicKeyInfo");
  }
  return to_buffer(Bytes(crypto::sha256(key)).first(kKeyIdBytes));
}

Result<Buffer> build_certificate(const CertificateSpec& spec, const Signer& signer) {
  if (!writable(spec.not_before) || !writable(spec.not_after)) {
    return Error(Errc::kMalformed, "pki.certificate: year");
  }
  DerWriter version;
  version.small_uint(kVersion3);
  DerWriter validity;
  validity.time(spec.not_before);
  validity.time(spec.not_after);
  DerWriter fields;
  fields.element(tag::context_constructed(0), version.view());
  fields.unsigned_integer(spec.serial);
  fields.raw(write_signature_algorithm(spec.signature_algorithm));
  fields.raw(spec.issuer.der());
  fields.element(tag::kSequence, validity.view());
  fields.raw(spec.subject.der());
  fields.raw(spec.spki);
  put_extensions(fields, 3, spec.extensions);
  WARD_TRY(Buffer out, sign(sequence(fields.view()), spec.signature_algorithm, signer));
  WARD_CHECK_OK(parse_certificate(out));
  return out;
}

Result<Buffer> build_crl(const CrlSpec& spec, const Signer& signer) {
  if (!writable(spec.this_update) || (spec.next_update && !writable(*spec.next_update))) {
    return Error(Errc::kMalformed, "pki.crl: year");
  }
  DerWriter entries;
  for (const RevokedEntry& entry : spec.revoked) {
    if (!writable(entry.revoked_at)) return Error(Errc::kMalformed, "pki.crl: year");
    DerWriter fields;
    fields.integer(entry.serial);
    fields.time(entry.revoked_at);
    entries.element(tag::kSequence, fields.view());
  }
  DerWriter fields;
  fields.small_uint(kCrlVersion2);
  fields.raw(write_signature_algorithm(spec.signature_algorithm));
  fields.raw(spec.issuer.der());
  fields.time(spec.this_update);
  if (spec.next_update) fields.time(*spec.next_update);
  if (!spec.revoked.empty()) fields.element(tag::kSequence, entries.view());
  put_extensions(fields, 0, spec.extensions);
  WARD_TRY(Buffer out, sign(sequence(fields.view()), spec.signature_algorithm, signer));
  WARD_CHECK_OK(parse_crl(out));
  return out;
}

}  // namespace ward::pki
