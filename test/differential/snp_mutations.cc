#include <algorithm>

#include "test/differential/snp_platform.h"

namespace ward::differential::snp {
namespace {

using namespace soft::snp_fixture;  // NOLINT(google-build-using-namespace): written in its words
using crypto::SignatureAlgorithm;
namespace field = ward::snp::report;

template <std::size_t N>
void change_one(std::array<std::uint8_t, N>& octets, Dice& d) {
  octets.at(d.below(N)) = d.octet();
}

template <class List>
std::uint32_t size_of(const List& list) {
  return static_cast<std::uint32_t>(list.size());
}

void flip(std::uint8_t& octet, Dice& d) {
  octet = static_cast<std::uint8_t>(octet ^ (1U << d.below(8)));
}

// flip_one flips a bit of one of the first octets.
void flip_one(Buffer& octets, std::size_t first, Dice& d) {
  flip(octets[d.below(static_cast<std::uint32_t>(first))], d);
}

// add_once leaves out what is there already: no reader takes an extension twice.
void add_once(std::vector<pki::Extension>& list, const pki::Extension& extension) {
  if (std::ranges::count(list, extension.oid, &pki::Extension::oid) == 0) list.push_back(extension);
}

// put takes the place of the extension with its OID.
void put(std::vector<pki::Extension>& list, const pki::Extension& extension) {
  const auto there = std::ranges::find(list, extension.oid, &pki::Extension::oid);
  if (there != list.end()) *there = extension;
  add_once(list, extension);
}

// A moment before, at or after the time of the appraisal.
UnixTime some_time(Dice& d) {
  constexpr std::int64_t kOffsets[] = {-40LL * 86400, -1, 0, 1, 86400, 400LL * 86400};
  return UnixTime{kNow.seconds + d.pick(kOffsets)};
}

// -- What the report states.

void report_version(Platform& p, Dice& d) { p.world.report.version = d.below(8); }

void report_policy(Platform& p, Dice& d) {
  p.world.report.policy ^= std::uint64_t{1} << (d.one_in(2) ? d.below(26) : d.below(64));
}

void report_vmpl(Platform& p, Dice& d) {
  p.world.report.vmpl = d.one_in(4) ? 0xffffffffU : d.below(6);
}

void report_algorithm(Platform& p, Dice& d) { p.world.report.signature_algo = d.below(3); }

void report_platform_info(Platform& p, Dice& d) {
  p.world.report.platform_info ^= std::uint64_t{1} << (d.one_in(2) ? d.below(8) : d.below(64));
}

void report_key_info(Platform& p, Dice& d) {
  p.world.report.key_info ^= 1U << (d.one_in(2) ? d.below(5) : d.below(32));
}

void report_tcb(Platform& p, Dice& d) {
  auto& r = p.world.report;
  for (auto* tcb : {&r.current_tcb, &r.reported_tcb, &r.committed_tcb, &r.launch_tcb}) {
    auto& octet = tcb->at(d.below(8));
    if (d.one_in(2)) octet = d.near(octet);
  }
}

// The reported TCB and the certificate's go together: what is left is the order of the four.
void reported_with_certificate(Platform& p, Dice& d) {
  auto& tcb = p.vek_says().tcb;
  for (auto* part : {&tcb.bootloader, &tcb.tee, &tcb.snp, &tcb.microcode}) {
    *part = d.near(*part);
  }
  p.world.report.reported_tcb = write_tcb(tcb, p.face.form.line);
  if (d.one_in(2)) p.world.report.committed_tcb = p.world.report.reported_tcb;
  if (d.one_in(2)) p.world.report.current_tcb = p.world.report.committed_tcb;
}

void report_versions(Platform& p, Dice& d) {
  auto& v = d.one_in(2) ? p.world.report.current_version : p.world.report.committed_version;
  auto& octet = v.at(d.below(3));
  octet = d.near(octet);
}

void report_cpuid(Platform& p, Dice& d) {
  if (!p.world.report.cpuid) return;
  constexpr std::uint8_t kFamilies[] = {0x17, 0x19, 0x19, 0x19, 0x1a, 0};
  constexpr std::uint8_t kModels[] = {0, 1, 1, 0x11, 0x11, 0x02, 0xa0, 0xaf, 0x20};
  *p.world.report.cpuid = {d.pick(kFamilies), d.pick(kModels),
                           static_cast<std::uint8_t>(d.below(3))};
}

void report_chip(Platform& p, Dice& d) {
  if (d.one_in(2)) {
    p.world.report.chip_id.fill(0);
  } else {
    change_one(p.world.report.chip_id, d);
  }
}

// What names no fact that a verifier judges.
void report_values(Platform& p, Dice& d) {
  auto& r = p.world.report;
  change_one(r.report_data, d);
  change_one(r.measurement, d);
  change_one(r.host_data, d);
  change_one(r.id_key_digest, d);
  change_one(r.author_key_digest, d);
  change_one(r.report_id, d);
  change_one(r.family_id, d);
  r.guest_svn = d.below(5);
}

void report_octet(Platform& p, Dice& d) { flip_one(p.report, ward::snp::kSignedSize, d); }

void report_reserved(Platform& p, Dice& d) {
  constexpr std::size_t kPlaces[] = {0x04c,
                                     0x04f,
                                     field::Reserved2::kBegin,
                                     field::Reserved2::kEnd - 1,
                                     0x1eb,
                                     0x1ef,
                                     0x188,
                                     0x18a,
                                     field::LaunchMitVector::kBegin,
                                     field::CurrentMitVector::kEnd - 1,
                                     field::Reserved5::kBegin,
                                     field::Reserved5::kEnd - 1};
  p.report[d.pick(kPlaces)] = d.octet();
}

// -- What the signing key's certificate states.

void vek_tcb(Platform& p, Dice& d) {
  auto& tcb = p.vek_says().tcb;
  for (auto* part : {&tcb.bootloader, &tcb.tee, &tcb.snp, &tcb.microcode}) {
    if (d.one_in(2)) *part = d.near(*part);
  }
  if (d.one_in(4)) p.vek_says().reserved.at(d.below(4)) = static_cast<std::uint8_t>(d.below(3));
  if (d.one_in(8)) tcb.fmc = d.octet();
}

void vek_product(Platform& p, Dice& d) {
  constexpr const char* kNames[] = {"Milan",    "Milan-B0", "Milan-B1", "Milan-",
                                    "Milan-C7", "Genoa",    "Genoa-B1", "Turin",
                                    "Turin-B0", "Bergamo",  "Siena-A1", "x"};
  p.vek_says().product_name = d.pick(kNames);
  if (d.one_in(3)) p.vek_says().struct_version = static_cast<std::uint8_t>(d.below(3));
}

void vek_chip(Platform& p, Dice& d) {
  auto& hwid = p.vek_says().hwid;
  if (!hwid || d.one_in(4)) {
    if (hwid) {
      hwid.reset();
    } else {
      hwid = Buffer(64, 7);
    }
  } else if (d.one_in(2)) {
    hwid->at(d.below(size_of(*hwid))) ^= 1U;
  } else {
    hwid->resize(d.below(70));
  }
}

void vek_csp(Platform& p, Dice& d) {
  auto& csp = p.vek_says().csp_id;
  switch (d.below(3)) {
    case 0:
      csp.reset();
      break;
    case 1:
      csp = "";
      break;
    default:
      csp = "CN=another.example";
  }
}

void vek_extension_gone(Platform& p, Dice& d) {
  p.extensions.erase(p.extensions.begin() + d.below(size_of(p.extensions)));
}

// An INTEGER of two octets, a negative one, one in a needlessly long form, another type, a tail.
void vek_extension_form(Platform& p, Dice& d) {
  pki::Extension& extension = p.extensions.at(d.below(size_of(p.extensions)));
  const bool amds = extension.oid.front() == 0x2b;
  if (!amds) return;  // X.509's own are written as they must be
  const Buffer values[] = {{0x02, 0x02, 0x01, 0x04}, {0x02, 0x01, 0xff},
                           {0x02, 0x02, 0x00, 0x04}, {0x04, 0x01, 0x04},
                           {0x02, 0x01, 0x04, 0x00}, {},
                           {0x16, 0x01, 0x80},       {0x0c, 0x05, 'M', 'i', 'l', 'a', 'n'}};
  extension.value = d.pick(values);
}

void vek_extension_critical(Platform& p, Dice& d) {
  p.extensions.at(d.below(size_of(p.extensions))).critical = true;
}

// HWID as the OCTET STRING that the type would want.
void vek_chip_wrapped(Platform& p, Dice& /*d*/) {
  const auto& hwid = p.vek_says().hwid;
  if (!hwid || hwid->size() > 127) return;
  for (pki::Extension& e : p.extensions) {
    const std::uint8_t header[] = {0x04, static_cast<std::uint8_t>(hwid->size())};
    if (equal(e.value, *hwid)) e.value = concat({header, *hwid});
  }
}

void vek_more_extensions(Platform& p, Dice& d) {
  switch (d.below(4)) {
    case 0:
      add_once(p.extensions, {.oid = {0x2a, 0x03}, .critical = d.one_in(2), .value = {0x05, 0x00}});
      break;
    case 1:
      add_once(p.extensions,
               pki::key_usage_extension(d.one_in(2) ? pki::key_usage::kDigitalSignature
                                                    : pki::key_usage::kKeyCertSign));
      break;
    case 2:
      add_once(p.extensions, pki::basic_constraints_extension({.ca = d.one_in(2)}));
      break;
    default:
      add_once(p.extensions, pki::authority_key_id_extension(
                                 d.one_in(2) ? *pki::key_id(p.ask_cert().spki) : Buffer(20, 1)));
  }
}

// -- Certificates and revocation list.

pki::CertificateSpec& some_certificate(Platform& p, Dice& d) {
  pki::CertificateSpec* all[] = {&p.vek_cert(), &p.ask_cert(), &p.world.ark_cert};
  return *d.pick(all);
}

void certificate_dates(Platform& p, Dice& d) {
  pki::CertificateSpec& c = some_certificate(p, d);
  (d.one_in(2) ? c.not_before : c.not_after) = some_time(d);
}

// The one name in the other's place: as subject, as issuer, or both so that they still follow.
void certificate_names(Platform& p, Dice& d) {
  soft::AmdWorld& w = p.world;
  const pki::Name names[] = {w.ark_cert.subject, w.ask_cert.subject, w.asvk_cert.subject,
                             w.vcek_cert.subject, w.vlek_cert.subject};
  const pki::Name name = d.pick(names);
  switch (d.below(4)) {
    case 0:
      p.vek_cert().subject = name;
      break;
    case 1:
      some_certificate(p, d).issuer = name;
      break;
    case 2:
      p.ask_cert().subject = name;
      p.vek_cert().issuer = name;
      break;
    default:
      w.crl.issuer = name;
  }
}

void certificate_profile(Platform& p, Dice& d) {
  pki::CertificateSpec& c = d.one_in(2) ? p.ask_cert() : p.world.ark_cert;
  const auto usage = [&](std::uint16_t bits) { put(c.extensions, pki::key_usage_extension(bits)); };
  switch (d.below(6)) {
    case 0:
      put(c.extensions, pki::basic_constraints_extension({.ca = false}));
      break;
    case 1:
      put(c.extensions, pki::basic_constraints_extension({.ca = true, .path_len = d.below(2)}));
      break;
    case 2:
      usage(d.one_in(2) ? pki::key_usage::kCrlSign : pki::key_usage::kKeyCertSign);
      break;
    case 3:
      c.extensions.erase(c.extensions.begin() + d.below(2));
      break;
    case 4:
      add_once(c.extensions, {.oid = {0x2a, 0x03}, .critical = d.one_in(2), .value = {0x05, 0x00}});
      break;
    default:
      usage(pki::key_usage::kDigitalSignature);
  }
}

void certificate_algorithm(Platform& p, Dice& d) {
  constexpr SignatureAlgorithm kAlgorithms[] = {
      SignatureAlgorithm::kRsaPkcs1Sha384, SignatureAlgorithm::kRsaPssSha256,
      SignatureAlgorithm::kRsaPssSha512, SignatureAlgorithm::kRsaPkcs1Sha256};
  some_certificate(p, d).signature_algorithm = d.pick(kAlgorithms);
}

void certificate_signer(Platform& p, Dice& d) {
  const crypto::PrivateKey* keys[] = {&keys_of("one").ark, &keys_of("one").ask,
                                      &keys_of("one").asvk, &keys_of("two").ark};
  const crypto::PrivateKey** signers[] = {&p.ark_signer, &p.ask_signer, &p.vek_signer,
                                          &p.crl_signer};
  *d.pick(signers) = d.pick(keys);
}

// The signing key is another than the certificate's, or the certificate's is no P-384 key.
void vek_key(Platform& p, Dice& d) {
  static const auto kP256 = [] {
    crypto::SeededRng rng(as_bytes(std::string_view("p256")));
    return *crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
  }();
  switch (d.below(3)) {
    case 0:
      p.report_signer = &keys_of("two").vcek;
      break;
    case 1:
      p.vek_cert().spki = kP256.public_key().to_spki();
      break;
    default:
      p.vek_cert().spki = keys_of("one").ark.public_key().to_spki();
  }
}

void crl_dates(Platform& p, Dice& d) {
  if (d.one_in(2)) {
    p.world.crl.this_update = some_time(d);
  } else {
    p.world.crl.next_update = some_time(d);
  }
}

void crl_form(Platform& p, Dice& d) {
  auto& crl = p.world.crl;
  switch (d.below(4)) {
    case 0:
      add_once(crl.extensions,
               {.oid = {0x2a, 0x03}, .critical = d.one_in(2), .value = {0x05, 0x00}});
      break;
    case 1:
      crl.extensions.clear();
      break;
    case 2:
      crl.signature_algorithm = SignatureAlgorithm::kRsaPkcs1Sha384;
      break;
    default:  // a delta CRL
      add_once(crl.extensions,
               {.oid = {0x55, 0x1d, 0x1b}, .critical = true, .value = {0x02, 0x01, 0x01}});
  }
}

void revocation(Platform& p, Dice& d) {
  soft::AmdWorld& w = p.world;
  const Buffer serials[] = {w.ask_cert.serial, w.asvk_cert.serial, w.vcek_cert.serial,
                            w.vlek_cert.serial, Buffer{1, 2, 3}};
  for (std::uint32_t i = d.below(3) + 1; i > 0; --i) {
    const Buffer serial = d.pick(serials);
    if (std::ranges::any_of(w.crl.revoked, [&](const auto& e) { return e.serial == serial; })) {
      continue;
    }
    w.crl.revoked.push_back({.serial = serial, .revoked_at = kFrom});
  }
}

// -- What is no longer what was signed.

void signature_form(Platform& p, Dice& d) {
  const auto r = p.report.begin() + field::SignatureR::kBegin;
  const auto s = p.report.begin() + field::SignatureS::kBegin;
  switch (d.below(5)) {
    case 0:
      std::swap_ranges(r, s, s);
      break;
    case 1:
      r[48 + d.below(24)] = 1;
      break;
    case 2:
      s[48 + d.below(24)] = 1;
      break;
    case 3:
      std::fill(d.one_in(2) ? r : s, d.one_in(2) ? s : s + 48, std::uint8_t{0});
      break;
    default:
      p.report[field::SignatureReserved::kBegin + d.below(368)] = 1;
  }
}

void broken_report(Platform& p, Dice& d) { flip_one(p.report, size_of(p.report), d); }

void broken_certificate(Platform& p, Dice& d) {
  Buffer& der = d.one_in(2) ? p.vek : (p.face.vlek() ? p.asvk : p.ask);
  flip(der[der.size() - 1 - d.below(300)], d);
  if (!p.face.extended) return;
  p.table = ward::snp::write_table({{p.face.vlek() ? "VLEK" : "VCEK", p.vek},
                                    {"ASK", p.face.vlek() ? p.asvk : p.ask},
                                    {"ARK", p.ark}});
}

void evidence_length(Platform& p, Dice& d) {
  if (d.one_in(2)) {
    p.cut = 1 + d.below(200);
  } else {
    p.table.push_back(d.octet());
  }
}

void table_octet(Platform& p, Dice& d) {
  if (p.table.size() < 96) return;
  flip_one(p.table, 96, d);
}

const std::vector<Mutation> kMutations = {
    {"report_version", report_version, {}, {}},
    {"report_policy", report_policy, {}, {}},
    {"report_vmpl", report_vmpl, {}, {}},
    {"report_algorithm", report_algorithm, {}, {}},
    {"report_platform_info", report_platform_info, {}, {}},
    {"report_key_info", report_key_info, {}, {}},
    {"report_tcb", report_tcb, {}, {}},
    {"reported_with_certificate", reported_with_certificate, {}, {}},
    {"report_versions", report_versions, {}, {}},
    {"report_cpuid", report_cpuid, {}, {}},
    {"report_chip", report_chip, {}, {}},
    {"report_values", report_values, {}, {}},
    {"report_octet", {}, report_octet, {}},
    {"report_reserved", {}, report_reserved, {}},
    {"vek_tcb", vek_tcb, {}, {}},
    {"vek_product", vek_product, {}, {}},
    {"vek_chip", vek_chip, {}, {}},
    {"vek_csp", vek_csp, {}, {}},
    {"vek_extension_gone", {}, vek_extension_gone, {}},
    {"vek_extension_form", {}, vek_extension_form, {}},
    {"vek_extension_critical", {}, vek_extension_critical, {}},
    {"vek_chip_wrapped", {}, vek_chip_wrapped, {}},
    {"vek_more_extensions", {}, vek_more_extensions, {}},
    {"certificate_dates", certificate_dates, {}, {}},
    {"certificate_names", certificate_names, {}, {}},
    {"certificate_profile", certificate_profile, {}, {}},
    {"certificate_algorithm", certificate_algorithm, {}, {}},
    {"certificate_signer", certificate_signer, {}, {}},
    {"vek_key", vek_key, {}, {}},
    {"crl_dates", crl_dates, {}, {}},
    {"crl_form", crl_form, {}, {}},
    {"revocation", revocation, {}, {}},
    {"signature_form", {}, {}, signature_form},
    {"broken_report", {}, {}, broken_report},
    {"broken_certificate", {}, {}, broken_certificate},
    {"evidence_length", {}, {}, evidence_length},
    {"table_octet", {}, {}, table_octet},
};

}  // namespace

std::span<const Mutation> all_mutations() { return kMutations; }

}  // namespace ward::differential::snp
