#include "tee/soft/amd.h"

#include <algorithm>

#include "codec/pem.h"
#include "tee/soft/world.h"

namespace ward::soft {
namespace {

using crypto::PrivateKey;
using crypto::SignatureAlgorithm;

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kRootYears = 20;
constexpr auto kSigned = SignatureAlgorithm::kRsaPssSha384;

// AMD's name, every part of which other verifiers ask for, and the mark.
Result<pki::Name> name(const std::string& common) {
  const pki::NamePart parts[] = {{"OU", "Engineering"},
                                 {"C", "US"},
                                 {"L", "Santa Clara"},
                                 {"ST", "CA"},
                                 {"O", "Advanced Micro Devices"},
                                 {"CN", common},
                                 {"serialNumber", x509::kDevelopmentMark}};
  return pki::make_name(parts);
}

// Where the line's list would be fetched: nobody is there, it comes with the platform.
pki::Extension crl_point(const char* key, const std::string& line) {
  return pki::crl_distribution_point_extension("https://not-a-tee.ward.example/" +
                                               std::string(key) + "/v1/" + line + "/crl");
}

Buffer serial(crypto::Rng& rng) {
  Buffer out(8);
  rng.fill(out);
  out[0] = static_cast<std::uint8_t>((out[0] & 0x7fU) | 0x40U);
  return out;
}

struct Validity {
  UnixTime from;
  UnixTime to;
};

pki::CertificateSpec certificate(const pki::Name& issuer, const pki::Name& subject,
                                 const PrivateKey& key, Validity validity, crypto::Rng& rng) {
  pki::CertificateSpec out;
  out.serial = serial(rng);
  out.signature_algorithm = kSigned;
  out.issuer = issuer;
  out.subject = subject;
  out.not_before = validity.from;
  out.not_after = validity.to;
  out.spki = key.public_key().to_spki();
  return out;
}

void make_ca(pki::CertificateSpec& spec, std::uint32_t path_len) {
  spec.extensions.push_back(mark_extension());
  spec.extensions.push_back(
      pki::key_usage_extension(pki::key_usage::kKeyCertSign | pki::key_usage::kCrlSign));
  spec.extensions.push_back(pki::basic_constraints_extension({.ca = true, .path_len = path_len}));
}

template <std::size_t N>
void fill(std::array<std::uint8_t, N>& out, crypto::Rng& rng) {
  rng.fill(out);
}

snp::Tcb default_tcb(snp::Line line) {
  snp::Tcb out{.bootloader = 4, .tee = 0, .snp = 24, .microcode = 219};
  if (line == snp::Line::kTurin) out.fmc = 1;
  return out;
}

std::array<std::uint8_t, 3> default_cpuid(snp::Line line) {
  if (line == snp::Line::kMilan) return {0x19, 0x01, 1};
  if (line == snp::Line::kGenoa) return {0x19, 0x11, 1};
  return {0x1a, 0x02, 1};
}

snp::ReportParts default_report(const AmdFace& face, crypto::Rng& rng) {
  snp::ReportParts p;
  p.version = face.version;
  p.guest_svn = 3;
  p.policy = (std::uint64_t{1} << snp::guest_policy::kReservedOne) |
             (std::uint64_t{1} << snp::guest_policy::kSmt) | 0x0137;
  const auto tcb = snp::write_tcb(default_tcb(face.line), face.line);
  p.current_tcb = tcb;
  p.reported_tcb = tcb;
  p.committed_tcb = tcb;
  p.launch_tcb = tcb;
  p.platform_info = 0x25;  // SMT_EN, ECC_EN, ALIAS_CHECK_COMPLETE
  p.key_info = static_cast<std::uint32_t>(face.key) << 2U;
  p.report_data = {1, 2, 3};
  fill(p.measurement, rng);
  fill(p.host_data, rng);
  fill(p.id_key_digest, rng);
  fill(p.report_id, rng);
  p.report_id_ma.fill(0xff);
  if (face.version >= 3) p.cpuid = default_cpuid(face.line);
  if (face.key == snp::SigningKey::kVcek) {
    fill(p.chip_id, rng);
    std::ranges::copy(x509::kDevelopmentId, p.chip_id.begin());
    if (face.line == snp::Line::kTurin) std::fill(p.chip_id.begin() + 8, p.chip_id.end(), 0);
  }
  p.current_version = {1, 55, 40};
  p.committed_version = {1, 55, 40};
  if (face.version >= 5) p.mit_vectors = std::array<std::uint64_t, 2>{1, 3};
  return p;
}

Result<Buffer> sign_certificate(pki::CertificateSpec spec, std::vector<pki::Extension> more,
                                const PrivateKey& key, Signing signing) {
  spec.extensions.insert(spec.extensions.end(), more.begin(), more.end());
  return pki::build_certificate(
      spec, [&](Bytes tbs) { return sign(key, spec.signature_algorithm, tbs, signing); });
}

attest::Document document(const char* file, Bytes octets) { return {file, to_buffer(octets)}; }

}  // namespace

Result<AmdWorld> default_amd_world(const AmdKeys& keys, const AmdFace& face, UnixTime from,
                                   unsigned days, crypto::Rng& rng) {
  const std::string line = snp::line_name(face.line);
  WARD_TRY(const pki::Name ark, name("ARK-" + line));
  WARD_TRY(const pki::Name ask, name("SEV-" + line));
  WARD_TRY(const pki::Name asvk, name("SEV-VLEK-" + line));
  WARD_TRY(const pki::Name vcek, name("SEV-VCEK"));
  WARD_TRY(const pki::Name vlek, name("SEV-VLEK"));
  const UnixTime to{from.seconds + static_cast<std::int64_t>(days) * kDay};
  const Validity years{from, UnixTime{from.seconds + kRootYears * 365 * kDay}};
  AmdWorld out;
  out.ark_cert = certificate(ark, ark, keys.ark, years, rng);
  out.ark_cert.extensions.push_back(crl_point("vcek", line));
  make_ca(out.ark_cert, 1);
  out.ask_cert = certificate(ark, ask, keys.ask, years, rng);
  out.ask_cert.extensions.push_back(crl_point("vcek", line));
  make_ca(out.ask_cert, 0);
  out.asvk_cert = certificate(ark, asvk, keys.asvk, years, rng);
  out.asvk_cert.extensions.push_back(crl_point("vlek", line));
  make_ca(out.asvk_cert, 0);
  out.vcek_cert = certificate(ask, vcek, keys.vcek, {from, to}, rng);
  out.vlek_cert = certificate(asvk, vlek, keys.vlek, {from, to}, rng);
  out.report = default_report(face, rng);
  out.vcek.struct_version = face.line == snp::Line::kTurin ? 1 : 0;
  out.vcek.product_name = line + "-B0";
  out.vcek.tcb = default_tcb(face.line);
  out.vlek = out.vcek;
  out.vlek.product_name = line;  // without a stepping, as AMD's
  const std::size_t chip = face.line == snp::Line::kTurin ? 8 : out.report.chip_id.size();
  out.vcek.hwid = to_buffer(Bytes(out.report.chip_id).first(chip));
  out.vlek.csp_id = "CN=not-a-tee.ward.example";
  out.crl.signature_algorithm = kSigned;
  out.crl.issuer = ark;
  out.crl.this_update = from;
  out.crl.next_update = to;
  out.crl.extensions = {pki::crl_number_extension(1)};
  return out;
}

attest::Collateral AmdCollateral::documents(snp::SigningKey key) const {
  const bool is_vlek = key == snp::SigningKey::kVlek;
  const std::string root = codec::to_pem("CERTIFICATE", ark);
  return {{document("root_ca.pem", as_bytes(root)),
           is_vlek ? document("asvk.der", asvk) : document("ask.der", ask),
           is_vlek ? document("vlek.der", vlek) : document("vcek.der", vcek),
           document("crl.der", crl)}};
}

std::vector<snp::TableEntry> AmdCollateral::table(snp::SigningKey key) const {
  const bool is_vlek = key == snp::SigningKey::kVlek;
  return {{is_vlek ? "VLEK" : "VCEK", is_vlek ? vlek : vcek},
          {"ASK", is_vlek ? asvk : ask},
          {"ARK", ark}};
}

Result<AmdCollateral> sign_amd_world(const AmdWorld& world, const AmdKeys& keys, Signing signing) {
  AmdCollateral out;
  WARD_TRY(out.ark, sign_certificate(world.ark_cert, {}, keys.ark, signing));
  WARD_TRY(out.ask, sign_certificate(world.ask_cert, {}, keys.ark, signing));
  WARD_TRY(out.asvk, sign_certificate(world.asvk_cert, {}, keys.ark, signing));
  WARD_TRY(out.vcek, sign_certificate(world.vcek_cert, snp::write_vek_extensions(world.vcek),
                                      keys.ask, signing));
  WARD_TRY(out.vlek, sign_certificate(world.vlek_cert, snp::write_vek_extensions(world.vlek),
                                      keys.asvk, signing));
  WARD_TRY(out.crl, pki::build_crl(world.crl, [&](Bytes tbs) {
             return sign(keys.ark, world.crl.signature_algorithm, tbs, signing);
           }));
  return out;
}

Buffer development_chip_id(crypto::Rng& rng) {
  Buffer out(64);
  rng.fill(out);
  std::ranges::copy(x509::kDevelopmentId, out.begin());
  return out;
}

Result<Buffer> outdated_vek(const pki::Certificate& vek, const PrivateKey& issuer, Bytes spki,
                            Bytes chip, crypto::Rng& rng, Signing signing) {
  WARD_TRY(snp::VekExtensions says, snp::parse_vek_extensions(vek));
  says.tcb = {};
  if (says.hwid) says.hwid = to_buffer(chip);
  const std::vector<pki::Extension> amd = snp::write_vek_extensions(says);
  pki::CertificateSpec spec;
  spec.serial = serial(rng);
  spec.signature_algorithm = kSigned;
  spec.issuer = vek.issuer;
  spec.subject = vek.subject;
  spec.not_before = vek.not_before;
  spec.not_after = vek.not_after;
  spec.spki = to_buffer(spki);
  for (const pki::Extension& extension : vek.extensions) {
    const auto same = [&](const pki::Extension& a) { return a.oid == extension.oid; };
    if (std::ranges::none_of(amd, same)) spec.extensions.push_back(extension);
  }
  return sign_certificate(std::move(spec), amd, issuer, signing);
}

Result<Buffer> sign_report(snp::ReportParts parts, const crypto::PrivateKey& key, Signing signing) {
  constexpr std::size_t kHalf = 48;
  const Buffer unsigned_report = snp::write_report(parts);
  WARD_TRY(const Buffer rs, sign_rs(key, SignatureAlgorithm::kEcdsaP384Sha384,
                                    Bytes(unsigned_report).first(snp::kSignedSize), signing));
  parts.signature_r.fill(0);
  parts.signature_s.fill(0);
  std::reverse_copy(rs.begin(), rs.begin() + kHalf, parts.signature_r.begin());
  std::reverse_copy(rs.begin() + kHalf, rs.end(), parts.signature_s.begin());
  return snp::write_report(parts);
}

}  // namespace ward::soft
