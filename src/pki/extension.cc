#include "pki/extension.h"

#include "pki/algorithm.h"

namespace ward::pki {
namespace {

namespace tag = codec::der_tag;
using codec::DerElement;
using codec::DerReader;
using codec::DerWriter;

constexpr std::uint16_t kUsageBits = 16;
constexpr std::size_t kFewExtensions = 8;  // a first guess

// [0] or [1] of DistributionPointName. A relative name stands for the issuer's name with one more
// RelativeDistinguishedName.
Result<std::vector<GeneralName>> parse_point_name(DerReader in, const Name& issuer) {
  DerReader full({});
  if (in.nested(tag::context_constructed(0), full)) {
    if (!in.empty()) return Error(Errc::kMalformed, "pki.distribution_point: name");
    return parse_general_names(full);
  }
  DerElement relative;
  if (!in.element(tag::context_constructed(1), relative) || !in.empty()) {
    return Error(Errc::kMalformed, "pki.distribution_point: name");
  }
  WARD_TRY(const DerElement base, codec::der_document(issuer.der(), tag::kSequence));
  DerWriter rdns;
  rdns.raw(base.contents);
  rdns.element(tag::kSet, relative.contents);
  DerWriter name;
  name.element(tag::kSequence, rdns.view());
  if (!well_formed_name(name.view())) {
    return Error(Errc::kMalformed, "pki.distribution_point: relative name");
  }
  return std::vector<GeneralName>{{GeneralName::Kind::kDirectory, name.take()}};
}

Result<DistributionPoint> parse_distribution_point(DerReader& in, const Name& issuer) {
  DerReader fields({});
  DerReader name({});
  DerElement element;
  DistributionPoint out;
  if (!in.nested(tag::kSequence, fields)) {
    return Error(Errc::kMalformed, "pki.distribution_point: form");
  }
  if (fields.nested(tag::context_constructed(0), name)) {
    WARD_TRY(out.names, parse_point_name(name, issuer));
  }
  out.some_reasons = fields.element(tag::context(1), element);
  out.other_issuer = fields.element(tag::context_constructed(2), element);
  if (!fields.empty()) return Error(Errc::kMalformed, "pki.distribution_point: trailing bytes");
  return out;
}

// An implicitly tagged BOOLEAN DEFAULT FALSE; false where it is not one.
bool take_flag(DerReader& in, std::uint8_t number, bool& out) {
  DerElement element;
  if (!in.element(tag::context(number), element)) return true;
  if (element.contents.size() != 1) return false;
  if (element.contents[0] != 0x00 && element.contents[0] != 0xff) return false;
  out = element.contents[0] == 0xff;
  return true;
}

}  // namespace

Result<Signed> parse_signed(Bytes der) {
  WARD_TRY(const DerElement whole, codec::der_document(der, tag::kSequence));
  DerReader in(whole.contents);
  DerElement algorithm;
  Signed out;
  if (!in.element(tag::kSequence, out.tbs) || !in.element(tag::kSequence, algorithm) ||
      !in.bit_string(out.signature) || !in.empty()) {
    return Error(Errc::kMalformed, "pki.signed: form");
  }
  out.algorithm = algorithm.encoding;
  WARD_TRY(out.signature_algorithm, parse_signature_algorithm(algorithm.contents));
  return out;
}

Result<Name> parse_name(DerReader& in) {
  DerElement element;
  if (!in.element(tag::kSequence, element) || !well_formed_name(element.encoding)) {
    return Error(Errc::kMalformed, "pki.name: form");
  }
  return Name(element.encoding);
}

Result<ExtensionView> take_extension(DerReader& in) {
  DerReader fields({});
  Bytes oid;
  Bytes value;
  bool critical = false;
  if (!in.nested(tag::kSequence, fields) || !fields.oid(oid)) {
    return Error(Errc::kMalformed, "pki.extension: type");
  }
  if (fields.peek() == tag::kBoolean && !fields.boolean(critical)) {
    return Error(Errc::kMalformed, "pki.extension: critical");
  }
  if (!fields.octet_string(value) || !fields.empty()) {
    return Error(Errc::kMalformed, "pki.extension: value");
  }
  return ExtensionView{oid, critical, value};
}

Result<std::vector<Extension>> parse_extensions(DerReader in) {
  std::vector<Extension> out;
  out.reserve(kFewExtensions);
  WARD_CHECK_OK(each_extension(in, [&out](const ExtensionView& e) {
    out.push_back({to_buffer(e.oid), e.critical, to_buffer(e.value)});
  }));
  return out;
}

const Extension* find_extension(const std::vector<Extension>& extensions, Bytes oid) {
  for (const Extension& extension : extensions) {
    if (equal(extension.oid, oid)) return &extension;
  }
  return nullptr;
}

Result<BasicConstraints> parse_basic_constraints(Bytes value) {
  WARD_TRY(const DerElement whole, codec::der_document(value, tag::kSequence));
  DerReader in(whole.contents);
  BasicConstraints out;
  std::uint64_t path_len = 0;
  if (in.peek() == tag::kBoolean && !in.boolean(out.ca)) {
    return Error(Errc::kMalformed, "pki.basic_constraints: cA");
  }
  if (in.empty()) return out;
  if (!in.small_uint(path_len) || path_len > UINT32_MAX || !in.empty()) {
    return Error(Errc::kMalformed, "pki.basic_constraints: pathLenConstraint");
  }
  out.path_len = static_cast<std::uint32_t>(path_len);
  return out;
}

Result<std::uint16_t> parse_key_usage(Bytes value) {
  DerReader in(value);
  Bytes bits;
  std::uint8_t unused = 0;
  if (!in.bit_string(bits, unused) || !in.empty() || bits.size() * 8 > kUsageBits) {
    return Error(Errc::kMalformed, "pki.key_usage: form");
  }
  std::uint16_t out = 0;
  for (std::size_t i = 0; i < bits.size() * 8; ++i) {
    const bool set = ((bits[i / 8] >> (7 - i % 8)) & 1U) != 0;  // bit 0 is the leftmost
    if (set) out = static_cast<std::uint16_t>(out | (1U << i));
  }
  return out;
}

Result<Buffer> parse_subject_key_id(Bytes value) {
  WARD_TRY(const DerElement whole, codec::der_document(value, tag::kOctetString));
  return to_buffer(whole.contents);
}

Result<std::optional<Buffer>> parse_authority_key_id(Bytes value) {
  WARD_TRY(const DerElement whole, codec::der_document(value, tag::kSequence));
  DerReader in(whole.contents);
  std::optional<Buffer> out;
  DerElement element;
  if (in.element(tag::context(0), element)) out = to_buffer(element.contents);
  const bool issuer = in.element(tag::context_constructed(1), element);
  const bool serial = in.element(tag::context(2), element);
  if (issuer != serial || !in.empty()) return Error(Errc::kMalformed, "pki.authority_key_id: form");
  return out;
}

Result<std::vector<GeneralName>> parse_subject_alt_names(Bytes value) {
  WARD_TRY(const DerElement whole, codec::der_document(value, tag::kSequence));
  return parse_general_names(DerReader(whole.contents));
}

Result<std::vector<DistributionPoint>> parse_distribution_points(Bytes value, const Name& issuer) {
  WARD_TRY(const DerElement whole, codec::der_document(value, tag::kSequence));
  std::vector<DistributionPoint> out;
  DerReader in(whole.contents);
  if (in.empty()) return Error(Errc::kMalformed, "pki.distribution_point: none");
  while (!in.empty()) {
    if (out.size() == kMaxGeneralNames) {
      return Error(Errc::kLimit, "pki.distribution_point: number", kMaxGeneralNames);
    }
    WARD_TRY(DistributionPoint point, parse_distribution_point(in, issuer));
    out.push_back(std::move(point));
  }
  return out;
}

Result<IssuingDistributionPoint> parse_issuing_distribution_point(Bytes value, const Name& issuer) {
  WARD_TRY(const DerElement whole, codec::der_document(value, tag::kSequence));
  DerReader in(whole.contents);
  DerReader name({});
  DerElement element;
  IssuingDistributionPoint out;
  if (in.nested(tag::context_constructed(0), name)) {
    WARD_TRY(out.names, parse_point_name(name, issuer));
  }
  const bool user = take_flag(in, 1, out.only_user_certificates);
  const bool ca = take_flag(in, 2, out.only_ca_certificates);
  out.some_reasons = in.element(tag::context(3), element);
  const bool indirect = take_flag(in, 4, out.indirect);
  const bool attribute = take_flag(in, 5, out.only_attribute_certificates);
  if (!user || !ca || !indirect || !attribute || !in.empty()) {
    return Error(Errc::kMalformed, "pki.issuing_distribution_point: form");
  }
  return out;
}

}  // namespace ward::pki
