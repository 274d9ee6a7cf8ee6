#include "test/snp_checks/cases.h"

#include "tee/soft/world.h"

namespace ward::soft::snp_fixture {
namespace {

using snp::SigningKey;

bool vcek(const Face& f) { return !f.vlek(); }

bool vlek(const Face& f) { return f.vlek(); }

// The certificate that signs the report, whichever kind it is.
pki::CertificateSpec& vek_cert(Stage& s) {
  return s.face.vlek() ? s.world.vlek_cert : s.world.vcek_cert;
}

snp::VekExtensions& vek(Stage& s) { return s.face.vlek() ? s.world.vlek : s.world.vcek; }

// The intermediate above it.
pki::CertificateSpec& ca_cert(Stage& s) {
  return s.face.vlek() ? s.world.asvk_cert : s.world.ask_cert;
}

pki::Name name(const std::string& end) {
  const pki::NamePart parts[] = {{"CN", end}};
  return *pki::make_name(parts);
}

// What is signed with another key than that of the certificate above.
pki::Signer with(const crypto::PrivateKey& key) {
  return [&key](Bytes tbs) { return key.sign(crypto::SignatureAlgorithm::kRsaPssSha384, tbs); };
}

Buffer vek_by(Stage& s, const crypto::PrivateKey& key) {
  pki::CertificateSpec spec = vek_cert(s);
  const auto more = snp::write_vek_extensions(vek(s));
  spec.extensions.insert(spec.extensions.end(), more.begin(), more.end());
  return *pki::build_certificate(spec, with(key));
}

// put replaces the signing key's certificate, among the collateral or in the report's table.
void put_vek(Made& m, const Stage& s, const Buffer& der) {
  if (s.face.extended) {
    m.table.at(0).data = der;
  } else {
    document(m, s.face.vlek() ? "vlek.der" : "vcek.der") = der;
  }
}

void set_tcb(std::array<std::uint8_t, 8>& tcb, const Face& face, int snp_difference) {
  snp::Tcb parts = snp::read_tcb(tcb, face.form.line);
  parts.snp = static_cast<std::uint8_t>(parts.snp + snp_difference);
  tcb = snp::write_tcb(parts, face.form.line);
}

bool is_mark(const pki::Extension& e) { return equal(e.oid, x509::development_oid()); }

// take_marks leaves AMD's names alone.
void take_marks(Stage& s) {
  AmdWorld& w = s.world;
  const std::string line = snp::line_name(s.face.form.line);
  w.ark_cert.subject = name("ARK-" + line);
  ca_cert(s).subject = name((s.face.vlek() ? "SEV-VLEK-" : "SEV-") + line);
  vek_cert(s).subject = name(s.face.vlek() ? "SEV-VLEK" : "SEV-VCEK");
  for (pki::Name* issuer : {&w.ark_cert.issuer, &ca_cert(s).issuer, &w.crl.issuer}) {
    *issuer = w.ark_cert.subject;
  }
  vek_cert(s).issuer = ca_cert(s).subject;
  for (pki::CertificateSpec* spec : {&w.ark_cert, &ca_cert(s), &vek_cert(s)}) {
    std::erase_if(spec->extensions, is_mark);
  }
}

std::vector<Case> form_cases() {
  return {
      {.id = "report.form",
       .after =
           [](Made& m, Stage&) {
             m.evidence = concat({m.report, Buffer(7, 1)});
           }},
      {.id = "report.version", .before = [](Stage& s) { s.world.report.version = 1; }},
      {.id = "report.version", .before = [](Stage& s) { s.world.report.version = 6; }},
      {.id = "report.signing_key", .before = [](Stage& s) { s.world.report.key_info = 7U << 2U; }},
      {.id = "report.signing_key", .before = [](Stage& s) { s.world.report.key_info = 2U << 2U; }},
      {.id = "report.reserved",
       .before = [](Stage& s) { s.world.report.key_info |= std::uint32_t{1} << 5U; }},
      {.id = "report.reserved", .after = [](Made& m, Stage&) { m.report[0x4c] = 1; }},
      {.id = "report.reserved", .after = [](Made& m, Stage&) { m.report[0x29f] = 1; }},
      {.id = "report.reserved",
       .after = [](Made& m, Stage&) { m.report[0x188] = 0x19; },
       .of = [](const Face& f) { return f.form.version == 2; }},
      {.id = "report.reserved",
       .after = [](Made& m, Stage&) { m.report[0x1f8] = 1; },
       .of = [](const Face& f) { return f.form.version < 5; }},
      {.id = "guest_policy.reserved",
       .before = [](Stage& s) { s.world.report.policy |= std::uint64_t{1} << 26U; }},
      {.id = "guest_policy.reserved",
       .before = [](Stage& s) { s.world.report.policy &= ~(std::uint64_t{1} << 17U); }},
      {.id = "report.vmpl_range", .before = [](Stage& s) { s.world.report.vmpl = 4; }},
      {.id = "report.vmpl_range", .before = [](Stage& s) { s.world.report.vmpl = 0xffffffff; }},
      {.id = "signature.form", .after = [](Made& m, Stage&) { m.report[0x2a0 + 48] = 1; }},
      {.id = "signature.form", .after = [](Made& m, Stage&) { m.report[0x2e8 + 71] = 1; }},
      {.id = "signature.form", .after = [](Made& m, Stage&) { m.report[0x49f] = 1; }},
      {.id = "report.signature", .after = [](Made& m, Stage&) { m.report[0x2a0] ^= 1U; }},
      {.id = "report.signature", .after = [](Made& m, Stage&) { m.report[0x04] ^= 1U; }},
  };
}

std::vector<Case> chain_cases() {
  return {
      {.id = "product.known",
       .before =
           [](Stage& s) {
             s.world.report.cpuid = {0x1a, 0x50, 0};
           },
       .of = [](const Face& f) { return f.form.version >= 3; }},
      {.id = "vek_chain.signature",
       .after =
           [](Made& m, Stage& s) {
             const AmdKeys& other = keys_of("two");
             put_vek(m, s, vek_by(s, s.face.vlek() ? other.asvk : other.ask));
           }},
      {.id = "vek_chain.names",
       .before =
           [](Stage& s) {
             ca_cert(s).subject = name("SEV-Naples");
             vek_cert(s).issuer = ca_cert(s).subject;
           }},
      // A VCEK's certificate under the VLEKs' intermediate, and the other way round.
      {.id = "vek_chain.names",
       .before =
           [](Stage& s) {
             ca_cert(s).subject = (s.face.vlek() ? s.world.ask_cert : s.world.asvk_cert).subject;
             vek_cert(s).issuer = ca_cert(s).subject;
           }},
      {.id = "vek_chain.constraints",
       .before =
           [](Stage& s) {
             vek_cert(s).extensions.push_back(pki::basic_constraints_extension({.ca = true}));
           }},
      {.id = "vek_chain.constraints", .before = [](Stage& s) { ca_cert(s).extensions.pop_back(); }},
      {.id = "vek_chain.constraints",
       .after =
           [](Made& m, Stage& s) {
             pki::CertificateSpec spec = vek_cert(s);
             spec.signature_algorithm = crypto::SignatureAlgorithm::kRsaPkcs1Sha384;
             const auto more = snp::write_vek_extensions(vek(s));
             spec.extensions.insert(spec.extensions.end(), more.begin(), more.end());
             const auto& key = s.face.vlek() ? keys_of("one").asvk : keys_of("one").ask;
             put_vek(m, s, *pki::build_certificate(spec, [&](Bytes tbs) {
                       return key.sign(spec.signature_algorithm, tbs);
                     }));
           }},
      {.id = "vek_chain.development_mark", .before = [](Stage& s) { s.root_of_hardware = true; }},
      // The chip's id alone says it too.
      {.id = "vek_chain.development_mark",
       .before =
           [](Stage& s) {
             s.root_of_hardware = true;
             take_marks(s);
           },
       .of = vcek},
      {.id = "vek_chain.not_before", .before = [](Stage& s) { vek_cert(s).not_before = kLater; }},
      {.id = "vek_chain.not_before", .before = [](Stage& s) { ca_cert(s).not_before = kLater; }},
      {.id = "vek_chain.not_after", .before = [](Stage& s) { vek_cert(s).not_after = kFrom; }},
      {.id = "vek_chain.not_after", .before = [](Stage& s) { s.world.ark_cert.not_after = kFrom; }},
  };
}

std::vector<Case> crl_cases() {
  return {
      {.id = "crl.signature",
       .after =
           [](Made& m, Stage& s) {
             document(m, "crl.der") = *pki::build_crl(s.world.crl, with(keys_of("two").ark));
           }},
      {.id = "crl.this_update", .before = [](Stage& s) { s.world.crl.this_update = kLater; }},
      {.id = "crl.next_update", .before = [](Stage& s) { s.world.crl.next_update = kFrom; }},
      {.id = "crl.extensions",
       .before =
           [](Stage& s) {
             s.world.crl.extensions.push_back(
                 {.oid = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x63},
                  .critical = true,
                  .value = {0x05, 0x00}});
           }},
      {.id = "ask.revocation",
       .before =
           [](Stage& s) {
             s.world.crl.revoked = {{.serial = ca_cert(s).serial, .revoked_at = kFrom}};
           }},
  };
}

std::vector<Case> vek_cases() {
  return {
      // A VLEK's report says that a VCEK signed it, and the other way round.
      {.id = "vek.kind",
       .before =
           [](Stage& s) {
             s.world.report.key_info =
                 static_cast<std::uint32_t>(s.face.vlek() ? SigningKey::kVcek : SigningKey::kVlek)
                 << 2U;
           }},
      {.id = "vek.extensions", .before = [](Stage& s) { vek(s).hwid.reset(); }, .of = vcek},
      {.id = "vek.extensions", .before = [](Stage& s) { vek(s).hwid = Buffer(64, 7); }, .of = vlek},
      {.id = "vek.extensions", .before = [](Stage& s) { vek(s).csp_id = "CN=a"; }, .of = vcek},
      {.id = "vek.product_name",
       .before = [](Stage& s) { vek(s).struct_version = s.face.turin() ? 0 : 1; }},
      {.id = "vek.tcb", .before = [](Stage& s) { vek(s).tcb.snp += 1; }},
      {.id = "vek.tcb", .before = [](Stage& s) { vek(s).tcb.microcode += 1; }},
      {.id = "vek.tcb", .before = [](Stage& s) { vek(s).tcb.bootloader += 1; }},
      {.id = "vek.tcb", .before = [](Stage& s) { vek(s).tcb.tee += 1; }},
      {.id = "vek.tcb", .before = [](Stage& s) { vek(s).reserved[3] = 1; }},
      {.id = "vek.tcb",
       .before = [](Stage& s) { vek(s).tcb.fmc = 9; },
       .of = [](const Face& f) { return f.turin(); }},
      {.id = "vek.tcb",
       .before = [](Stage& s) { vek(s).tcb.fmc.reset(); },
       .of = [](const Face& f) { return f.turin(); }},
      {.id = "vek.hwid", .before = [](Stage& s) { vek(s).hwid->at(0) ^= 1U; }, .of = vcek},
      {.id = "vek.hwid",
       .before = [](Stage& s) { s.world.report.chip_id[63] = 1; },
       .of = [](const Face& f) { return f.turin(); }},
      {.id = "vek.csp_id", .before = [](Stage& s) { vek(s).csp_id.reset(); }, .of = vlek},
      {.id = "vek.csp_id", .before = [](Stage& s) { vek(s).csp_id = ""; }, .of = vlek},
  };
}

std::vector<Case> tcb_cases() {
  return {
      {.id = "tcb.reserved", .before = [](Stage& s) { s.world.report.current_tcb[5] = 1; }},
      {.id = "tcb.reported_committed",
       .before = [](Stage& s) { set_tcb(s.world.report.committed_tcb, s.face, -1); }},
      {.id = "tcb.committed_current",
       .before =
           [](Stage& s) {
             set_tcb(s.world.report.current_tcb, s.face, -1);
             s.world.report.launch_tcb = s.world.report.current_tcb;
           }},
      {.id = "tcb.launch_current",
       .before = [](Stage& s) { set_tcb(s.world.report.launch_tcb, s.face, 1); }},
      {.id = "version.committed_current",
       .before =
           [](Stage& s) {
             s.world.report.committed_version = {1, 55, 41};
           }},
      {.id = "version.committed_current",
       .before =
           [](Stage& s) {
             s.world.report.committed_version = {2, 0, 0};
           }},
  };
}

void expect(attest::Expected& expected, std::size_t size) {
  expected = std::vector<Buffer>{Buffer(size, 9)};
}

std::vector<Case> policy_cases() {
  return {
      {.id = "guest_policy.debug",
       .before =
           [](Stage& s) {
             s.world.report.policy |= std::uint64_t{1} << snp::guest_policy::kDebug;
           }},
      {.id = "guest_policy.migrate_ma",
       .before =
           [](Stage& s) {
             s.world.report.policy |= std::uint64_t{1} << snp::guest_policy::kMigrateMa;
           }},
      {.id = "report_data.expected",
       .before = [](Stage& s) { expect(s.expected.report_data, 64); }},
      {.id = "measurement.expected",
       .before = [](Stage& s) { expect(s.expected.measurement, 48); }},
      {.id = "workload.expected", .before = [](Stage& s) { expect(s.expected.workload, 32); }},
      {.id = "product.accepted",
       .before =
           [](Stage& s) {
             s.policy.refused_products = {"milan", "genoa", "turin"};
           }},
      {.id = "chip.accepted",
       .before = [](Stage& s) { s.policy.chips = std::vector<Buffer>{Buffer(64, 0xee)}; },
       .of = vcek},
      {.id = "platform.development",
       .before = [](Stage& s) { s.policy.allow_development = false; }},
  };
}

}  // namespace

std::vector<Case> failing_cases() {
  std::vector<Case> out;
  for (auto* list : {form_cases, chain_cases, crl_cases, vek_cases, tcb_cases, policy_cases}) {
    const auto some = list();
    out.insert(out.end(), some.begin(), some.end());
  }
  return out;
}

std::vector<Case> absent_cases() {
  return {
      {.id = "vek.present",
       .after =
           [](Made& m, Stage& s) {
             if (s.face.extended) {
               m.table.erase(m.table.begin());
             } else {
               drop(m, s.face.vlek() ? "vlek.der" : "vcek.der");
             }
           }},
      {.id = "vek_chain.present",
       .after =
           [](Made& m, Stage& s) {
             if (s.face.extended) {
               m.table.erase(m.table.begin() + 1);
             } else {
               drop(m, s.face.vlek() ? "asvk.der" : "ask.der");
             }
           }},
      {.id = "vek_chain.present",
       .after =
           [](Made& m, Stage& s) {
             if (s.face.extended) m.table.pop_back();
             drop(m, "root_ca.pem");
           }},
      {.id = "crl.present", .after = [](Made& m, Stage&) { drop(m, "crl.der"); }},
      // A VLEK's certificate names no chip, and nothing vouches for the one in the report.
      {.id = "chip.accepted",
       .before = [](Stage& s) { s.policy.chips = std::vector<Buffer>{Buffer(64, 0xee)}; },
       .of = vlek},
  };
}

}  // namespace ward::soft::snp_fixture
