#include "tee/nvidia/made/stage.h"

#include <algorithm>
#include <cstdlib>

#include "codec/pem.h"
#include "codec/xml.h"
#include "crypto/digest.h"
#include "crypto/repeatable.h"
#include "crypto/rng.h"
#include "tee/nvidia/fwid.h"
#include "tee/x509/development.h"

namespace ward::nvidia {
namespace {

constexpr auto kAlgorithm = crypto::SignatureAlgorithm::kEcdsaP384Sha384;
constexpr UnixTime kMadeFrom{1'760'000'000};
constexpr UnixTime kNoEnd{253'402'300'799};  // 9999-12-31T23:59:59Z
constexpr UnixTime kRimTo{1'850'000'000};
// Blocks of measurements: those that the manifests name, one more, and that of NVDEC 0.
constexpr std::uint8_t kBlocks[] = {1, 2, 8, 10, 13, 36};

// extKeyUsage of id-kp-OCSPSigning, critical, as NVIDIA's responders have it.
pki::Extension ocsp_usage() {
  return {{0x55, 0x1d, 0x25},
          true,
          {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09}};
}

Buffer measured(std::string_view what, std::size_t index) {
  return to_buffer(crypto::sha384(as_bytes(std::string(what) + " " + std::to_string(index))));
}

std::vector<pki::Extension> extensions(bool authority) {
  const auto ca =
      static_cast<std::uint16_t>(pki::key_usage::kKeyCertSign | pki::key_usage::kCrlSign);
  return {pki::basic_constraints_extension({.ca = authority}),
          pki::key_usage_extension(authority ? ca : pki::key_usage::kDigitalSignature)};
}

void set_certificates(Stage& s) {
  const std::string mark(x509::kDevelopmentMark);
  const std::string& chip = s.chip.name;
  const auto set = [&](Role role, std::string name, std::string id, UnixTime to, bool authority) {
    s.certificate(role) = {
        std::move(name), std::move(id), kMadeFrom, to, extensions(authority), {}, {}};
  };
  set(Role::kRoot, "Own Root CA", "", kNoEnd, true);
  set(Role::kIdentity, "Own " + chip + " Identity", mark, kNoEnd, true);
  set(Role::kProvisioner, "Own " + chip + " Provisioner ICA 1", "", kNoEnd, true);
  set(Role::kDevice, chip + " A01 GSP BROM", "FF7761726401020304", kNoEnd, true);
  set(Role::kFirmware, chip + " A01 GSP FMC LF", "", kNoEnd, false);
  set(Role::kRimCa, "Own Reference Value " + chip + " CA", mark, kRimTo, true);
  set(Role::kRimIssuer, "Own Reference Value L3 " + chip + " 001", "", kRimTo, true);
  set(Role::kRimSigner, "Own RIM L4 Signer", "", kRimTo, false);
  set(Role::kResponder, "Own OCSP Responder L3", "", kRimTo, false);
  s.certificate(Role::kResponder).extensions.push_back(ocsp_usage());
  const Buffer digest = s.device.fwid.value_or(measured("firmware", 0));
  s.certificate(Role::kFirmware)
      .extensions.push_back(
          s.chip.arch == Arch::kBlackwell
              ? tcb_info_extension(digest)
              : fwid_extension(digest, stage_keys(s.seed)[Role::kDevice].public_key().to_spki()));
}

Golden golden(std::uint32_t index, const char* name) {
  return {index, name, {measured("another", index), measured("good", index)}};
}

void set_rims(Stage& s) {
  s.rims.push_back({{s.device.vbios_version, s.chip.name, {golden(1, "FSP"), golden(9, "VBIOS")}},
                    "vbios_rim.xml"});
  if (s.device.is_switch()) return;
  s.rims.push_back({{s.device.driver_version,
                     s.chip.name,
                     {golden(7, "GSP"), golden(12, "driver"), golden(35, "NVDEC0")}},
                    "driver_rim.xml"});
}

// The library takes long to sign repeatably, and most of what is signed is the same each time.
Buffer signed_once(const crypto::PrivateKey& key, Bytes message, bool fixed) {
  static std::map<crypto::Sha256Digest, Buffer> all;
  const Buffer spki = key.public_key().to_spki();
  const auto [known, is_new] =
      all.try_emplace(crypto::sha256(concat({Buffer{fixed}, spki, message})));
  if (!is_new) return known->second;
  const auto signature = fixed ? crypto::sign_repeatably_rs(key, kAlgorithm, message)
                               : crypto::sign_repeatably(key, kAlgorithm, message);
  if (!signature) std::abort();
  return known->second = *signature;
}

Result<Buffer> signed_by(const crypto::PrivateKey& key, Bytes tbs) {
  return signed_once(key, tbs, false);
}

pki::Name plain_name(std::string_view common_name) {
  const pki::NamePart parts[] = {{"C", "US"}, {"O", "Ward"}, {"CN", common_name}};
  return *pki::make_name(parts);
}

pki::Name name_of(const StageCert& cert) {
  if (cert.id.empty()) return plain_name(cert.name);
  const pki::NamePart parts[] = {
      {"serialNumber", cert.id}, {"C", "US"}, {"O", "Ward"}, {"CN", cert.name}};
  return *pki::make_name(parts);
}

Buffer built(const Stage& s, Role role) {
  const StageCert& cert = s.certificate(role);
  const Role issuer = issuer_of(role);
  const StageKeys& keys = stage_keys(s.seed);
  const pki::CertificateSpec spec{
      .serial = {static_cast<std::uint8_t>(0x10 + static_cast<int>(role))},
      .signature_algorithm = kAlgorithm,
      .issuer = cert.issuer ? plain_name(*cert.issuer) : name_of(s.certificate(issuer)),
      .subject = name_of(cert),
      .not_before = cert.not_before,
      .not_after = cert.not_after,
      .spki = keys[role].public_key().to_spki(),
      .extensions = cert.extensions};
  const auto der = pki::build_certificate(
      spec, [&](Bytes tbs) { return signed_by(keys[cert.signed_by.value_or(issuer)], tbs); });
  if (!der) std::abort();
  return *der;
}

std::string pem_of(const Stage& s, std::initializer_list<Role> roles) {
  std::string out;
  for (const Role role : roles)
    out += codec::to_pem("CERTIFICATE", built(s, role));
  return out;
}

Buffer ocsp_response(const Stage& s, Role role, const StageOcsp& said) {
  const auto certificate = pki::parse_certificate(built(s, role));
  const auto issuer = pki::parse_certificate(built(s, issuer_of(role)));
  x509::OcspSingle single = x509::ocsp_single(
      *certificate, *issuer,
      role == Role::kIdentity ? x509::OcspHash::kSha256 : x509::OcspHash::kSha384);
  single.status = said.status;
  single.revoked_at = kStageFrom;
  single.this_update = said.this_update;
  single.next_update = said.next_update;
  // The device's issuer has a responder of its own, the others answer themselves.
  const Role by =
      said.signed_by.value_or(role == Role::kDevice ? Role::kResponder : issuer_of(role));
  const Buffer responder = built(s, by);
  x509::OcspSpec spec{.signature_algorithm = kAlgorithm,
                      .responder_key_hash = x509::ocsp_key_hash(*pki::parse_certificate(responder)),
                      .produced_at = kStageFrom,
                      .singles = {single}};
  if (by != issuer_of(role)) spec.certificates.push_back(responder);
  const StageKeys& keys = stage_keys(s.seed);
  return *x509::build_ocsp_response(spec, [&](Bytes tbs) { return signed_by(keys[by], tbs); });
}

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + std::string(value) + "\"";
}

std::string resource(const Golden& one) {
  std::string out = "        <ns0:Resource" + attribute("type", "Measurement") +
                    attribute("index", std::to_string(one.index)) + attribute("active", "True") +
                    attribute("alternatives", std::to_string(one.values.size()));
  for (std::size_t i = 0; i < one.values.size(); ++i)
    out += attribute("ns2:Hash" + std::to_string(i), to_hex(one.values[i]));
  return out + attribute("name", one.name) + attribute("size", "48") + "/>\n";
}

constexpr const char* kC14n = "http://www.w3.org/2006/12/xml-c14n11";

std::string signature_xml(const std::string& digest, const std::string& value,
                          const std::vector<Buffer>& certificates) {
  const std::string dsig = "http://www.w3.org/2000/09/xmldsig#";
  const std::string more = "http://www.w3.org/2001/04/xmldsig-more#";
  std::string out = "<ds:Signature" + attribute("xmlns:ds", dsig) +
                    "><ds:SignedInfo><ds:CanonicalizationMethod" + attribute("Algorithm", kC14n) +
                    "/><ds:SignatureMethod" + attribute("Algorithm", more + "ecdsa-sha384") +
                    "/><ds:Reference URI=\"\"><ds:Transforms><ds:Transform" +
                    attribute("Algorithm", dsig + "enveloped-signature") + "/><ds:Transform" +
                    attribute("Algorithm", kC14n) + "/></ds:Transforms><ds:DigestMethod" +
                    attribute("Algorithm", more + "sha384") + "/><ds:DigestValue>" + digest +
                    "</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>" + value +
                    "</ds:SignatureValue><ds:KeyInfo><ds:X509Data>";
  for (const Buffer& certificate : certificates) {
    out += "<ds:X509Certificate>" + to_base64(certificate, Base64::kStandard) +
           "\n</ds:X509Certificate>";
  }
  return out + "</ds:X509Data></ds:KeyInfo></ds:Signature>";
}

std::string manifest_xml(const RimContent& content, const std::string& signature) {
  const std::string swid = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";
  std::string out = "<SoftwareIdentity" + attribute("xmlns", swid) + attribute("xmlns:ns0", swid) +
                    attribute("xmlns:ns2", "http://www.w3.org/2001/04/xmlenc#sha384") +
                    attribute("name", content.product) + attribute("tagId", "own") +
                    ">\n    <ns0:Entity" + attribute("name", "Own") +
                    attribute("role", "tagCreator") + "/>\n    <ns0:Meta" +
                    attribute("colloquialVersion", content.version) +
                    attribute("product", content.product) + "/>\n    <ns0:Payload>\n";
  for (const Golden& one : content.golden)
    out += resource(one);
  return out + "    </ns0:Payload>\n" + signature + "</SoftwareIdentity>";
}

}  // namespace

Role issuer_of(Role role) {
  static constexpr Role kIssuers[kRoles] = {
      Role::kRoot, Role::kRoot,  Role::kIdentity,  Role::kProvisioner, Role::kDevice,
      Role::kRoot, Role::kRimCa, Role::kRimIssuer, Role::kProvisioner};
  return kIssuers[static_cast<std::size_t>(role)];
}

StageKeys::StageKeys(std::string_view seed) {
  crypto::SeededRng makers(as_bytes("nvidia " + std::string(seed.substr(0, seed.find('/')))));
  crypto::SeededRng chips(as_bytes("nvidia " + std::string(seed)));
  for (std::size_t i = 0; i < kRoles; ++i) {
    const auto role = static_cast<Role>(i);
    const bool of_chip = role == Role::kDevice || role == Role::kFirmware;
    keys_.push_back(
        *crypto::PrivateKey::generate(crypto::KeyType::kP384, of_chip ? chips : makers));
  }
}

const StageKeys& stage_keys(const std::string& seed) {
  static std::map<std::string, StageKeys> all;
  return all.try_emplace(seed, seed).first->second;
}

Stage good_stage(Arch arch, const std::string& seed) {
  Stage s;
  s.seed = seed + "/" + std::string(arch_name(arch));
  s.chip = {arch, arch == Arch::kHopper ? "GH100" : arch == Arch::kBlackwell ? "GB100" : "LS_10"};
  if (arch == Arch::kLs10) {
    s.device = {.vbios_version = "96.10.55.00.01"};
  } else {
    s.device = {.driver_version = "570.1.2",
                .vbios_version = "96.00.5E.00.01",
                .project = "1010",
                .project_sku = "0200",
                .chip_sku = "882",
                .chip = arch == Arch::kBlackwell ? s.chip.name : "",
                .fwid = measured("firmware", 1),
                .nvdec0 = true,
                .protected_pcie = false,
                .mode = "SPT"};
  }
  s.report.nonce = crypto::sha256(as_bytes("nonce"));
  s.report.response_nonce = crypto::sha256(as_bytes("response " + seed));
  for (const std::uint8_t block : kBlocks)
    s.report.measurements.push_back({block, 1, measured("good", block - 1U)});
  set_certificates(s);
  set_rims(s);
  for (const Role role : {Role::kIdentity, Role::kProvisioner, Role::kDevice, Role::kRimCa,
                          Role::kRimIssuer, Role::kRimSigner}) {
    s.ocsp[role] = {};
  }
  return s;
}

Buffer& Stage::measurement(std::uint32_t index) {
  for (Measurement& m : report.measurements) {
    if (m.index == index + 1) return m.value;
  }
  std::abort();
}

Buffer& Made::document(std::string_view name) {
  for (attest::Document& d : documents.documents) {
    if (d.name == name) return d.bytes;
  }
  std::abort();
}

void Made::drop(std::string_view name) {
  std::erase_if(documents.documents, [&](const attest::Document& d) { return d.name == name; });
}

Buffer sign_report(const Report& report, const std::string& seed) {
  Buffer out = write_report(report);
  const auto signature =
      crypto::sign_repeatably_rs(stage_keys(seed)[Role::kFirmware], kAlgorithm, signed_part(out));
  std::ranges::copy(*signature, out.end() - static_cast<std::ptrdiff_t>(kSignatureSize));
  return out;
}

std::string rim_xml(const RimContent& content, const std::vector<Buffer>& certificates,
                    const crypto::PrivateKey& key) {
  const auto signature_of = [](const codec::XmlElement& root) { return root.elements().back(); };
  const auto unsigned_root =
      codec::parse_xml(as_bytes(manifest_xml(content, signature_xml("", "", {}))));
  const std::string covered = codec::canonical_xml(*unsigned_root, signature_of(*unsigned_root));
  const std::string digest = to_base64(crypto::sha384(as_bytes(covered)), Base64::kStandard);
  const auto root =
      codec::parse_xml(as_bytes(manifest_xml(content, signature_xml(digest, "", {}))));
  const codec::XmlElement* signature = signature_of(*root);
  codec::XmlNamespaces inherited = root->declared;
  inherited.insert(inherited.end(), signature->declared.begin(), signature->declared.end());
  const std::string info = codec::canonical_xml(*signature->elements()[0], nullptr, inherited);
  const Buffer value = signed_once(key, as_bytes(info), true);
  return manifest_xml(content,
                      signature_xml(digest, to_base64(value, Base64::kStandard), certificates));
}

Made make(const Stage& s) {
  Report report = s.report;
  report.opaque = write_fields(s.device);
  Made out;
  out.device = {.arch = arch_name(s.chip.arch),
                .nonce = to_buffer(report.nonce),
                .report = sign_report(report, s.seed),
                .certificates = pem_of(s, {Role::kFirmware, Role::kDevice, Role::kProvisioner,
                                           Role::kIdentity, Role::kRoot})};
  const std::vector<Buffer> signers{built(s, Role::kRimSigner), built(s, Role::kRimIssuer),
                                    built(s, Role::kRimCa), built(s, Role::kRoot)};
  for (const StageRim& rim : s.rims) {
    const std::string xml = rim_xml(rim.content, signers, stage_keys(s.seed)[Role::kRimSigner]);
    out.documents.documents.push_back({rim.file, to_buffer(as_bytes(xml))});
  }
  for (const auto& [role, said] : s.ocsp) {
    out.documents.documents.push_back(
        {"ocsp_" + std::to_string(static_cast<int>(role)) + ".der", ocsp_response(s, role, said)});
  }
  return out;
}

std::string stage_root_pem(const Stage& stage) { return pem_of(stage, {Role::kRoot}); }

attest::Anchor stage_anchor(const Stage& stage) {
  return {.spki_sha256 = crypto::sha256(stage_keys(stage.seed)[Role::kRoot].public_key().to_spki()),
          .name = "development",
          .development = true};
}

Buffer stage_measurement(const Buffer& report) {
  return to_buffer(crypto::sha384(measurement_record(report)));
}

}  // namespace ward::nvidia
