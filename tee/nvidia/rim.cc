#include "tee/nvidia/rim.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "codec/json.h"
#include "codec/xml.h"

namespace ward::nvidia {
namespace {

using codec::XmlAttribute;
using codec::XmlElement;

constexpr std::string_view kSwid = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";
constexpr std::string_view kHashNs = "http://www.w3.org/2001/04/xmlenc#sha384";
constexpr std::string_view kDsig = "http://www.w3.org/2000/09/xmldsig#";
constexpr std::string_view kEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
constexpr std::string_view kEcdsaSha384 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
constexpr std::string_view kSha384 = "http://www.w3.org/2001/04/xmldsig-more#sha384";
// Canonical XML 1.1, and 1.0, which agree here (codec/xml.h).
constexpr std::string_view kCanonical[] = {"http://www.w3.org/2006/12/xml-c14n11",
                                           "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"};
constexpr std::size_t kMaxBase64 = 16384;

Error malformed(Literal what) { return {Errc::kMalformed, what}; }

Error unsupported(Literal what) { return {Errc::kUnsupported, what}; }

std::string_view attribute(const XmlElement& e, std::string_view name) {
  const XmlAttribute* found = e.find("", name);
  return found == nullptr ? std::string_view{} : std::string_view(found->value);
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t out = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, out);
  if (error != std::errc() || rest != end || text.empty()) return std::nullopt;
  return out;
}

// Base64 as XML Schema has it: blanks do not count.
std::optional<Buffer> base64_text(const XmlElement& e) {
  auto text = e.text();
  if (!text || text->size() > kMaxBase64) return std::nullopt;
  std::erase_if(*text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return from_base64(*text, Base64::kStandard);
}

// children_are is true where exactly these elements of XML Signature stand below, and no text.
bool children_are(const XmlElement& e, std::initializer_list<std::string_view> names) {
  const auto below = e.elements();
  return !e.has_text() &&
         std::equal(below.begin(), below.end(), names.begin(), names.end(),
                    [](const XmlElement* c, std::string_view name) { return c->is(kDsig, name); });
}

// algorithm_is is true for an element that names this algorithm, and no parameters.
bool algorithm_is(const XmlElement& e, std::string_view algorithm) {
  return attribute(e, "Algorithm") == algorithm && e.attributes.size() == 1 && e.children.empty();
}

bool is_canonicalization(const XmlElement& e) {
  return std::ranges::any_of(kCanonical, [&](auto one) { return algorithm_is(e, one); });
}

// The one reference is to the whole document without the signature (XML Signature 4.4.3.2), so that
// no part of it stays uncovered.
Result<void> read_reference(const XmlElement& reference, Rim& out) {
  const XmlAttribute* uri = reference.find("", "URI");
  if (uri == nullptr || !uri->value.empty() || reference.attributes.size() != 1) {
    return unsupported("nvidia.rim: a reference to another thing than the whole document");
  }
  if (!children_are(reference, {"Transforms", "DigestMethod", "DigestValue"})) {
    return malformed("nvidia.rim: Reference");
  }
  const auto parts = reference.elements();
  const auto transforms = parts[0]->elements();
  const bool two = children_are(*parts[0], {"Transform", "Transform"});
  if (!two && !children_are(*parts[0], {"Transform"})) {
    return unsupported("nvidia.rim: other transforms");
  }
  if (!algorithm_is(*transforms[0], kEnveloped) || (two && !is_canonicalization(*transforms[1]))) {
    return unsupported("nvidia.rim: other transforms");
  }
  if (!algorithm_is(*parts[1], kSha384)) return unsupported("nvidia.rim: another digest");
  auto digest = base64_text(*parts[2]);
  if (!digest || digest->size() != kGoldenSize) return malformed("nvidia.rim: DigestValue");
  out.digest = *std::move(digest);
  return {};
}

Result<void> read_certificates(const XmlElement& key_info, Rim& out) {
  if (!children_are(key_info, {"X509Data"})) return malformed("nvidia.rim: KeyInfo");
  for (const XmlElement* e : key_info.elements()[0]->elements()) {
    const auto der = e->is(kDsig, "X509Certificate") ? base64_text(*e) : std::nullopt;
    if (!der) return malformed("nvidia.rim: X509Data");
    if (out.certificates.size() == kMaxRimCertificates) {
      return Error(Errc::kLimit, "nvidia.rim: certificates", kMaxRimCertificates);
    }
    WARD_TRY(pki::Certificate certificate, pki::parse_certificate(*der));
    out.certificates.push_back(std::move(certificate));
  }
  if (out.certificates.empty()) return malformed("nvidia.rim: no certificate");
  return {};
}

Result<void> read_signature(const XmlElement& root, const XmlElement& signature, Rim& out) {
  if (!children_are(signature, {"SignedInfo", "SignatureValue", "KeyInfo"})) {
    return malformed("nvidia.rim: Signature");
  }
  const auto parts = signature.elements();
  const XmlElement& info = *parts[0];
  if (!children_are(info, {"CanonicalizationMethod", "SignatureMethod", "Reference"})) {
    return malformed("nvidia.rim: SignedInfo");
  }
  const auto rows = info.elements();
  if (!is_canonicalization(*rows[0])) return unsupported("nvidia.rim: another canonical form");
  if (!algorithm_is(*rows[1], kEcdsaSha384)) {
    return unsupported("nvidia.rim: another signature algorithm");
  }
  WARD_CHECK_OK(read_reference(*rows[2], out));
  auto value = base64_text(*parts[1]);
  if (!value || value->size() != 2 * kGoldenSize) return malformed("nvidia.rim: SignatureValue");
  out.signature = *std::move(value);
  WARD_CHECK_OK(read_certificates(*parts[2], out));
  codec::XmlNamespaces inherited = root.declared;
  inherited.insert(inherited.end(), signature.declared.begin(), signature.declared.end());
  out.signed_info = codec::canonical_xml(info, nullptr, inherited);
  return {};
}

std::size_t count_signatures(const XmlElement& e) {
  std::size_t out = e.is(kDsig, "Signature") ? 1 : 0;
  for (const XmlElement* child : e.elements())
    out += count_signatures(*child);
  return out;
}

// One Resource; it is kept where it is active.
Result<void> read_resource(const XmlElement& e, std::vector<bool>& seen, RimContent& out) {
  if (!e.is(kSwid, "Resource") || attribute(e, "type") != "Measurement") {
    return unsupported("nvidia.rim: a resource that is no measurement");
  }
  const auto index = number(attribute(e, "index"));
  const auto alternatives = number(attribute(e, "alternatives"));
  const std::string_view active = attribute(e, "active");
  if (!index || *index >= kMaxGolden || !alternatives || *alternatives == 0 ||
      *alternatives > kMaxAlternatives || attribute(e, "size") != "48" ||
      (active != "True" && active != "False")) {
    return malformed("nvidia.rim: Resource");
  }
  if (seen[*index]) return malformed("nvidia.rim: a measurement twice");
  seen[*index] = true;
  Golden golden{*index, std::string(attribute(e, "name")), {}};
  for (std::uint32_t i = 0; i < *alternatives; ++i) {
    const XmlAttribute* hash = e.find(kHashNs, "Hash" + std::to_string(i));
    auto value = hash == nullptr ? std::nullopt : from_hex(hash->value);
    if (!value || value->size() != kGoldenSize) return malformed("nvidia.rim: Hash");
    golden.values.push_back(*std::move(value));
  }
  if (active == "True") out.golden.push_back(std::move(golden));
  return {};
}

Result<RimContent> read_content(const XmlElement& root) {
  RimContent out;
  const XmlElement* meta = nullptr;
  const XmlElement* payload = nullptr;
  for (const XmlElement* e : root.elements()) {
    const bool known = e->is(kSwid, "Meta") || e->is(kSwid, "Payload") || e->is(kSwid, "Entity") ||
                       e->is(kSwid, "Link");
    if (!known) return unsupported("nvidia.rim: an element that ward does not know");
    const XmlElement** place = e->name == "Meta"      ? &meta
                               : e->name == "Payload" ? &payload
                                                      : nullptr;
    if (place == nullptr) continue;
    if (*place != nullptr) return malformed("nvidia.rim: Meta or Payload twice");
    *place = e;
  }
  if (meta == nullptr || payload == nullptr) return malformed("nvidia.rim: Meta or Payload");
  out.version = attribute(*meta, "colloquialVersion");
  out.product = attribute(*meta, "product");
  if (out.version.empty() || out.product.empty()) return malformed("nvidia.rim: Meta");
  std::vector<bool> seen(kMaxGolden);
  for (const XmlElement* e : payload->elements())
    WARD_CHECK_OK(read_resource(*e, seen, out));
  if (out.golden.empty()) return malformed("nvidia.rim: no active measurement");
  std::ranges::sort(out.golden, {}, &Golden::index);
  return out;
}

}  // namespace

bool is_rim(Bytes document) {
  const std::string_view text = as_text(document);
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && text[begin] == '<' &&
         text.find("SoftwareIdentity") != std::string_view::npos;
}

Buffer unwrap_rim(Bytes document) {
  const std::string_view text = as_text(document);
  if (text.find('{') == text.find_first_not_of(" \t\r\n") &&
      text.find("\"rim\"") != std::string_view::npos) {
    const auto json = codec::parse_json(document, {.max_bytes = 2 * codec::kMaxXmlBytes});
    const codec::JsonValue* rim = json ? json->find("rim") : nullptr;
    const auto encoded = rim == nullptr ? std::nullopt : rim->as_string();
    auto octets = encoded ? from_base64(*encoded, Base64::kStandard) : std::nullopt;
    if (octets) return *std::move(octets);
  }
  return to_buffer(document);
}

Result<Rim> parse_rim(Bytes document) {
  WARD_TRY(const XmlElement root, codec::parse_xml(document));
  if (!root.is(kSwid, "SoftwareIdentity")) return malformed("nvidia.rim: another root element");
  const XmlElement* signature = nullptr;
  for (const XmlElement* e : root.elements()) {
    if (e->is(kDsig, "Signature")) signature = e;
  }
  if (signature == nullptr || count_signatures(root) != 1) {
    return unsupported("nvidia.rim: not one signature, right below the root");
  }
  Rim out;
  WARD_CHECK_OK(read_signature(root, *signature, out));
  out.signed_octets = codec::canonical_xml(root, signature);
  WARD_TRY(const XmlElement content, codec::parse_xml(as_bytes(out.signed_octets)));
  WARD_TRY(out.content, read_content(content));
  return out;
}

}  // namespace ward::nvidia
