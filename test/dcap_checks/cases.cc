#include "test/dcap_checks/cases.h"

namespace ward::soft::fixture {
namespace {

// IssuingDistributionPoint: the list speaks of user certificates (1) or CA certificates (2) alone.
pki::Extension only_of(std::uint8_t kind) {
  const auto tag = static_cast<std::uint8_t>(0x80U | kind);
  return {.oid = {0x55, 0x1d, 0x1c}, .critical = true, .value = {0x30, 0x03, tag, 0x01, 0xff}};
}

constexpr std::array<std::uint8_t, 6> kHardwareFmspc = {0x00, 0x90, 0x6e, 0xd5, 0x00, 0x00};

// take_marks leaves Intel's common names alone.
void take_marks(DcapWorld& w) {
  const auto name = [](const pki::CertificateSpec& spec) {
    const std::string common = spec.subject.common_name();
    const pki::NamePart parts[] = {{"CN", common}};
    return *pki::make_name(parts);
  };
  for (pki::CertificateSpec* spec :
       {&w.root_cert, &w.pck_ca_cert, &w.tcb_signing_cert, &w.pck_cert}) {
    spec->subject = name(*spec);
    std::erase_if(spec->extensions,
                  [](const pki::Extension& e) { return equal(e.oid, x509::development_oid()); });
  }
  for (pki::Name* issuer : {&w.root_cert.issuer, &w.pck_ca_cert.issuer, &w.tcb_signing_cert.issuer,
                            &w.root_crl.issuer}) {
    *issuer = w.root_cert.subject;
  }
  w.pck_cert.issuer = w.pck_ca_cert.subject;
  w.pck_crl.issuer = w.pck_ca_cert.subject;
}

// Cases of the quote's own form and signatures.
std::vector<Case> form_cases() {
  return {
      {.id = "quote.size", .after = [](Made& m, Stage&) { m.whole().pop_back(); }},
      {.id = "quote.version", .after = [](Made& m, Stage&) { set_byte(m.whole(), 1, 1); }},
      {.id = "quote.att_key_type", .after = [](Made& m, Stage&) { set_byte(m.whole(), 2, 3); }},
      // In versions 4 and 5 SGX's TEE type is 0, and any other makes the quote one of TDX.
      {.id = "quote.tee_type",
       .after = [](Made& m, Stage&) { set_byte(m.whole(), 4, 0x80); },
       .of = [](const Face& f) { return f.tdx() || f.form.version == 3; }},
      {.id = "quote.body_type",
       .after = [](Made& m, Stage&) { set_byte(m.whole(), dcap::kHeaderSize, 9); },
       .of = [](const Face& f) { return f.form.version == 5; }},
      {.id = "quote.qe_vendor_id", .after = [](Made& m, Stage&) { set_byte(m.whole(), 12, 0); }},
      {.id = "quote.reserved",
       .after =
           [](Made& m, Stage&) {
             m.parts.body[field::Reserved2::kBegin] = 1;
             sign_body(m.parts);
           },
       .of = [](const Face& f) { return !f.tdx(); }},
      {.id = "quote.reserved",
       .after = [](Made& m, Stage&) { set_byte(m.whole(), dcap::header::QeSvn::kBegin, 1); },
       .of = [](const Face& f) { return f.form.version >= 4; }},
      {.id = "quote.certification_data_type",
       .after = [](Made& m, Stage&) { m.parts.certification_type = 6; }},
      {.id = "quote.certification_data_type",
       .after = [](Made& m, Stage&) { m.parts.certification_type = 8; }},
      {.id = "quote.attestation_key",
       .after =
           [](Made& m, Stage& s) {
             m.parts.attestation_key.assign(64, 7);
             const auto bound =
                 crypto::sha256(concat({m.parts.attestation_key, m.parts.auth_data}));
             std::copy(bound.begin(), bound.end(),
                       m.parts.qe_report.begin() + field::ReportData::kBegin);
             sign_qe_report(m.parts, s);
           }},
  };
}

std::vector<Case> quote_cases() {
  return {
      {.id = "quote.signature", .after = [](Made& m, Stage&) { m.parts.signature[0] ^= 1U; }},
      {.id = "qe_report.signature",
       .after = [](Made& m, Stage&) { m.parts.qe_signature[0] ^= 1U; }},
      {.id = "qe_report.reserved",
       .after = [](Made& m, Stage& s) { change_qe_report(m, s, field::Reserved4::kBegin, 1); }},
      {.id = "qe_report.report_data",
       .after = [](Made& m,
                   Stage& s) { change_qe_report(m, s, field::ReportData::kBegin + 63, 1); }},
      {.id = "qe_report.debug",
       .before =
           [](Stage& s) {
             s.world.qe_identity.attributes[0] |= 2U;
             s.quoting_enclave.attributes[0] |= 2U;
           }},
      {.id = "qe_report.misc_select",
       .before = [](Stage& s) { s.quoting_enclave.misc_select[0] = 1; }},
      {.id = "qe_report.attributes",
       .before = [](Stage& s) { s.quoting_enclave.attributes[0] |= 0x20U; }},
      // An identity whose value has a bit that its mask has not, and an enclave that has the bit.
      {.id = "qe_report.misc_select",
       .before =
           [](Stage& s) {
             s.world.qe_identity.misc_select_mask[0] = 0xfe;
             s.world.qe_identity.misc_select[0] = 1;
             s.quoting_enclave.misc_select[0] = 1;
           }},
      {.id = "qe_report.attributes",
       .before = [](Stage& s) { s.world.qe_identity.attributes_mask[0] = 0xfb; }},
      {.id = "qe_report.mr_signer",
       .before = [](Stage& s) { s.quoting_enclave.mr_signer[0] ^= 1U; }},
      {.id = "qe_report.isv_prod_id",
       .before = [](Stage& s) { s.quoting_enclave.isv_prod_id = 3; }},
      {.id = "qe_tcb.level", .before = [](Stage& s) { s.quoting_enclave.levels[0].isv_svn = 0; }},
  };
}

std::vector<Case> chain_cases() {
  return {
      {.id = "pck_chain.form",
       .after = [](Made& m, Stage&) { set_chain(m, m.collateral.root_pem); }},
      {.id = "pck_chain.root",
       .after =
           [](Made& m, Stage& s) {
             m.documents = sign_world(s.world, s.keys)->documents();
             DcapKeys stranger = make_keys("two");
             crypto::SeededRng rng(as_bytes("stranger"));
             const auto world = *default_world(stranger, kFrom, 30, rng);
             set_chain(m, sign_world(world, stranger)->pck_chain_pem);
             m.parts.qe_signature =
                 *stranger.pck.sign_rs(SignatureAlgorithm::kEcdsaP256Sha256, m.parts.qe_report);
           }},
      {.id = "pck_chain.signature",
       .after = [](Made& m, Stage&) { set_chain(m, chain_with_bad_leaf_signature(m.collateral)); }},
      {.id = "pck_chain.names", .before = [](Stage& s) { s.world.pck_cert.issuer = other_name(); }},
      {.id = "pck_chain.constraints", .before = [](Stage& s) { set_ca(s.world.pck_cert); }},
      {.id = "pck_chain.not_before",
       .before = [](Stage& s) { s.world.pck_cert.not_before = kLater; }},
      {.id = "pck_chain.not_after", .before = [](Stage& s) { s.world.pck_cert.not_after = kFrom; }},
      {.id = "pck_chain.development_mark", .before = [](Stage& s) { s.root_of_hardware = true; }},
      // The id alone says it too.
      {.id = "pck_chain.development_mark",
       .before =
           [](Stage& s) {
             s.root_of_hardware = true;
             take_marks(s.world);
           }},
      // So does the extension in the intermediate alone, whatever stands in it.
      {.id = "pck_chain.development_mark",
       .before =
           [](Stage& s) {
             s.root_of_hardware = true;
             take_marks(s.world);
             s.world.pck.fmspc = kHardwareFmspc;
             s.world.tcb_info.fmspc = s.world.pck.fmspc;
             s.world.pck_ca_cert.extensions.push_back(
                 {.oid = to_buffer(x509::development_oid()), .value = {0x0c, 0x01, 'x'}});
           }},
      {.id = "pck.sgx_extensions",
       .after = [](Made& m,
                   Stage& s) { set_chain(m, chain_without_sgx_extension(s, m.collateral)); }},
  };
}

std::vector<Case> crl_cases() {
  return {
      {.id = "root_crl.signature",
       .after =
           [](Made& m, Stage& s) {
             document(m, "root_ca.crl") = crl_by(s.world.root_crl, s.other.root);
           }},
      {.id = "root_crl.this_update",
       .before = [](Stage& s) { s.world.root_crl.this_update = kLater; }},
      {.id = "root_crl.next_update",
       .before = [](Stage& s) { s.world.root_crl.next_update = kFrom; }},
      {.id = "root_crl.extensions",
       .before = [](Stage& s) { s.world.root_crl.extensions.push_back(unknown_critical()); }},
      {.id = "root_crl.extensions",
       .before = [](Stage& s) { s.world.root_crl.extensions.push_back(only_of(1)); }},
      {.id = "pck_crl.extensions",
       .before = [](Stage& s) { s.world.pck_crl.extensions.push_back(only_of(2)); }},
      {.id = "pck_crl.signature",
       .after =
           [](Made& m, Stage& s) {
             document(m, "pck_platform_ca.crl") = crl_by(s.world.pck_crl, s.other.pck_ca);
           }},
      {.id = "pck_crl.this_update",
       .before = [](Stage& s) { s.world.pck_crl.this_update = kLater; }},
      {.id = "pck_crl.next_update",
       .before = [](Stage& s) { s.world.pck_crl.next_update = kFrom; }},
      {.id = "pck_crl.extensions",
       .before = [](Stage& s) { s.world.pck_crl.extensions.push_back(unknown_critical()); }},
      {.id = "pck_ca.revocation",
       .before =
           [](Stage& s) {
             s.world.root_crl.revoked = {{s.world.pck_ca_cert.serial, kFrom}};
           }},
      {.id = "pck.revocation",
       .before =
           [](Stage& s) {
             s.world.pck_crl.revoked = {{s.world.pck_cert.serial, kFrom}};
           }},
  };
}

std::vector<Case> document_cases() {
  return {
      {.id = "tcb_info.form",
       .after = [](Made& m,
                   Stage&) { replace(document(m, "tcb_info.json"), "tcbLevels", "tcbLevelz"); }},
      {.id = "tcb_info.id", .before = [](Stage& s) { s.world.tcb_info.id = "QGX"; }},
      {.id = "tcb_info.fmspc", .before = [](Stage& s) { s.world.tcb_info.fmspc[5] = 1; }},
      {.id = "tcb_info.pce_id", .before = [](Stage& s) { s.world.tcb_info.pce_id[1] = 1; }},
      {.id = "tcb_info.signature",
       .after = [](Made& m,
                   Stage&) { replace(document(m, "tcb_info.json"), "UpToDate", "OutOfDate"); }},
      {.id = "tcb_info.issue_date",
       .before = [](Stage& s) { s.world.tcb_info.issue_date = kLater; }},
      {.id = "tcb_info.next_update",
       .before = [](Stage& s) { s.world.tcb_info.next_update = kFrom; }},
      {.id = "tcb_signing.signature",
       .after =
           [](Made& m, Stage& s) {
             const Buffer forged =
                 *pki::build_certificate(s.world.tcb_signing_cert, [&](Bytes tbs) {
                   return s.other.root.sign(SignatureAlgorithm::kEcdsaP256Sha256, tbs);
                 });
             document(m, "tcb_signing.pem") =
                 to_buffer(as_bytes(codec::to_pem("CERTIFICATE", forged)));
           }},
      {.id = "tcb_signing.names",
       .before = [](Stage& s) { s.world.tcb_signing_cert.issuer = other_name(); }},
      // The mark on this certificate alone.
      {.id = "tcb_signing.names",
       .before =
           [](Stage& s) {
             s.root_of_hardware = true;
             const pki::CertificateSpec marked = s.world.tcb_signing_cert;
             take_marks(s.world);
             s.world.tcb_signing_cert.subject = marked.subject;
             s.world.tcb_signing_cert.extensions = marked.extensions;
             s.world.pck.fmspc = kHardwareFmspc;
             s.world.tcb_info.fmspc = s.world.pck.fmspc;
           }},
      {.id = "tcb_signing.constraints",
       .before = [](Stage& s) { set_ca(s.world.tcb_signing_cert); }},
      {.id = "tcb_signing.not_before",
       .before = [](Stage& s) { s.world.tcb_signing_cert.not_before = kLater; }},
      {.id = "tcb_signing.not_after",
       .before = [](Stage& s) { s.world.tcb_signing_cert.not_after = kFrom; }},
      {.id = "tcb_signing.revocation",
       .before =
           [](Stage& s) {
             s.world.root_crl.revoked = {{s.world.tcb_signing_cert.serial, kFrom}};
           }},
      {.id = "qe_identity.form",
       .after = [](Made& m,
                   Stage&) { replace(document(m, "qe_identity.json"), "mrsigner", "mrsignor"); }},
      {.id = "qe_identity.id", .before = [](Stage& s) { s.world.qe_identity.id = "QVE"; }},
      {.id = "qe_identity.signature",
       .after = [](Made& m,
                   Stage&) { replace(document(m, "qe_identity.json"), "UpToDate", "OutOfDate"); }},
      {.id = "qe_identity.issue_date",
       .before = [](Stage& s) { s.world.qe_identity.issue_date = kLater; }},
      {.id = "qe_identity.next_update",
       .before = [](Stage& s) { s.world.qe_identity.next_update = kFrom; }},
      {.id = "tcb.level",
       .before =
           [](Stage& s) {
             s.world.tcb_info.levels.resize(1, {});
             s.world.tcb_info.levels[0].pce_svn = 14;
           }},
  };
}

std::vector<Case> policy_cases() {
  return {
      {.id = "tcb.status",
       .before = [](Stage& s) { s.world.tcb_info.levels[0].status = dcap::TcbStatus::kOutOfDate; }},
      {.id = "tcb.date",
       .before = [](Stage& s) { s.policy.min_tcb_date = UnixTime{kNow.seconds + 1}; }},
      {.id = "tcb.advisories",
       .before =
           [](Stage& s) {
             s.world.tcb_info.levels[0].status = dcap::TcbStatus::kOutOfDate;
             s.world.tcb_info.levels[0].advisory_ids = {"INTEL-SA-00001", "INTEL-SA-00002"};
             s.policy.tolerated = {{"INTEL-SA-00001", kNow}};
           }},
      {.id = "tcb.advisories",
       .before =
           [](Stage& s) {
             s.world.tcb_info.levels[0].status = dcap::TcbStatus::kOutOfDate;
             s.world.tcb_info.levels[0].advisory_ids = {"INTEL-SA-00001"};
             s.policy.tolerated = {{"INTEL-SA-00001", UnixTime{kNow.seconds - 1}}};
           }},
      {.id = "product.accepted",
       .before = [](Stage& s) { s.policy.refused_products = {to_hex(s.world.tcb_info.fmspc)}; }},
      {.id = "chip.accepted",
       .before = [](Stage& s) { s.policy.chips = std::vector<Buffer>{Buffer(16, 0xee)}; }},
      {.id = "tcb.evaluation_number", .before = [](Stage& s) { s.policy.min_tcb_evaluation = 18; }},
      {.id = "attributes.debug",
       .before =
           [](Stage& s) {
             s.enclave.debug = true;
             s.td.td_attributes |= 1U;
           }},
      {.id = "report_data.expected",
       .before = [](Stage& s) { s.expected.report_data = std::vector<Buffer>{Buffer(64, 9)}; }},
      {.id = "measurement.expected",
       .before =
           [](Stage& s) {
             s.enclave.mr_enclave[0] ^= 1U;
             s.td.mr_td[0] ^= 1U;
           }},
      {.id = "workload.expected",
       .before =
           [](Stage& s) {
             s.enclave.config_id[0] ^= 1U;
             s.td.mr_config_id[0] ^= 1U;
           }},
      {.id = "platform.development",
       .before = [](Stage& s) { s.policy.allow_development = false; }},
  };
}

// Cases of what only a TD has.
std::vector<Case> tdx_cases() {
  std::vector<Case> out = {
      {.id = "td_attributes.reserved", .before = [](Stage& s) { s.td.td_attributes |= 1U << 8U; }},
      {.id = "module.identity", .before = [](Stage& s) { s.td.tee_tcb_svn[1] = 2; }},
      {.id = "module.mr_signer", .before = [](Stage& s) { s.td.mr_signer_seam[47] = 1; }},
      {.id = "module.attributes", .before = [](Stage& s) { s.td.seam_attributes[7] = 0x80; }},
      // A value with a bit that its mask has not, and a module that has the bit.
      {.id = "module.attributes",
       .before =
           [](Stage& s) {
             s.td.seam_attributes[7] = 0x80;
             for (dcap::TdxModule& module : s.world.tcb_info.tdx_modules) {
               module.attributes[7] = 0x80;
               module.attributes_mask[7] = 0x7f;
             }
           }},
      {.id = "module.level", .before = [](Stage& s) { s.td.tee_tcb_svn[0] = 0; }},
      // Every bit of TUD means that the host may look in.
      {.id = "attributes.debug", .before = [](Stage& s) { s.td.td_attributes |= 0x20U; }},
      {.id = "attributes.debug", .before = [](Stage& s) { s.td.td_attributes |= 0x80U; }},
      // A module of before 1.5 is what tdxModule says.
      {.id = "module.mr_signer",
       .before =
           [](Stage& s) {
             s.td.tee_tcb_svn[1] = 0;
             s.world.tcb_info.tdx_module->mr_signer[0] = 1;
           }},
      {.id = "module.attributes",
       .before =
           [](Stage& s) {
             s.td.tee_tcb_svn[1] = 0;
             s.world.tcb_info.tdx_module->attributes[0] = 1;
           }},
      {.id = "tcb.status", .before = [](Stage& s) { s.td.tee_tcb_svn[0] = 4; }},
      {.id = "tcb.status", .before = [](Stage& s) { s.td.tee_tcb_svn[2] = 2; }},
      // Below every level of the TDX part.
      {.id = "tcb.level",
       .before =
           [](Stage& s) {
             s.world.tcb_info.levels.resize(1, {});
             s.td.tee_tcb_svn[2] = 2;
           }},
  };
  for (Case& c : out) {
    c.of = [](const Face& f) { return f.tdx(); };
  }
  return out;
}

// A log in which the firmware's separators stand once too often.
tcg::LogParts log_with_separators() {
  tcg::LogParts out = default_log();
  const tcg::EventParts separator = out.events.at(1);
  out.events.insert(out.events.begin() + 1, 8, separator);
  return out;
}

std::vector<Case> event_log_cases() {
  std::vector<Case> out = {
      {.id = "event_log.form",
       .after = [](Made& m, Stage&) { document(m, "ccel.bin").pop_back(); }},
      {.id = "event_log.events",
       .before =
           [](Stage& s) {
             const Buffer log = tcg::write_event_log(log_with_separators());
             const auto replayed = *tcg::replay(*tcg::parse_event_log(log), tcg::Registers::kRtmr,
                                                tcg::Algorithm::kSha384);
             std::ranges::copy(replayed.registers.at(0).value, s.td.rt_mr[0].begin());
           },
       .after =
           [](Made& m, Stage&) {
             document(m, "ccel.bin") = tcg::write_event_log(log_with_separators());
           }},
  };
  for (std::size_t i = 0; i < 4; ++i) {
    out.push_back({.id = "event_log.rtmr" + std::to_string(i),
                   .before = [i](Stage& s) { s.td.rt_mr.at(i)[47] ^= 1U; }});
  }
  for (Case& c : out) {
    c.of = [](const Face& f) { return f.tdx(); };
  }
  return out;
}

// Every field that a policy may name, under a policy that accepts nothing of it.
std::vector<Case> field_cases() {
  std::vector<Case> out;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    const std::string tee = scheme->info().name;
    for (const attest::FieldInfo& field : scheme->info().fields) {
      const std::string id = field.id;
      out.push_back({.id = id.substr(tee.size() + 1),
                     .before = [id](Stage& s) { s.policy.accepted_values[id] = {"no value"}; },
                     .of =
                         [id](const Face& f) {
                           const bool late = id == "tdx.td_report.mr_servicetd";
                           return id.starts_with(f.prefix()) &&
                                  (!late || f.form.body >= dcap::BodyType::kTdReport15);
                         }});
    }
  }
  return out;
}

}  // namespace

// Checks that an absent document leaves open: the check is not failed but not done, and the verdict
// undetermined.
std::vector<Case> absent_cases() {
  std::vector<Case> out = {
      {.id = "root_crl.present", .after = [](Made& m, Stage&) { drop(m, "root_ca.crl"); }},
      {.id = "pck_crl.present", .after = [](Made& m, Stage&) { drop(m, "pck_platform_ca.crl"); }},
      {.id = "tcb_info.present", .after = [](Made& m, Stage&) { drop(m, "tcb_info.json"); }},
      {.id = "tcb_signing.present", .after = [](Made& m, Stage&) { drop(m, "tcb_signing.pem"); }},
      {.id = "qe_identity.present", .after = [](Made& m, Stage&) { drop(m, "qe_identity.json"); }},
      // A PCK certificate without the CA that issued it is no chain.
      {.id = "pck_chain.present",
       .after =
           [](Made& m, Stage&) {
             m.parts.certification_type = dcap::certification::kPckLeaf;
             set_chain(m, leaf_of(m.collateral));
           }},
  };
  for (const std::uint16_t type : kNaming) {
    out.push_back(
        {.id = "pck_chain.present", .after = [type](Made& m, Stage&) { name_chain(m, type); }});
  }
  return out;
}

std::vector<Case> failing_cases() {
  std::vector<Case> out;
  for (auto* list : {form_cases, quote_cases, chain_cases, crl_cases, document_cases, policy_cases,
                     tdx_cases, event_log_cases, field_cases}) {
    for (Case& c : list()) {
      out.push_back(std::move(c));
    }
  }
  return out;
}

}  // namespace ward::soft::fixture
