// One test per published finding on verifiers of SEV-SNP reports; the finding's id stands in the
// test's name, and what went wrong there above it. README.md lists them with their sources.
#include <gtest/gtest.h>

#include "test/snp_checks/platform_fixture.h"

namespace ward::soft {
namespace {

using namespace snp_fixture;  // NOLINT(google-build-using-namespace): written in its words
using attest::Verdict;
using snp::Line;
using snp::SigningKey;
using Ids = std::vector<std::string>;

const Face& face(const char* name) {
  for (const Face& f : kFaces) {
    if (std::string_view(f.name) == name) return f;
  }
  std::abort();
}

Appraisal judged(
    const Stage& s, const std::function<void(Made&)>& change = [](Made&) {}) {
  Made m = make(s);
  change(m);
  return judge(m, s);
}

// The hwID's first octet was taken for a DER tag: one chip in 128 ended the verifier.
TEST(Lessons, snpguest_38_a_chip_id_that_begins_like_der_is_a_chip_id) {
  for (const char* name : {"milan_2_vcek", "turin_5_vcek"}) {
    for (const std::uint8_t first : Buffer{0x02, 0x04, 0x30}) {
      Stage s = good_stage(face(name));
      s.world.report.chip_id[0] = first;
      (*s.world.vcek.hwid)[0] = first;
      EXPECT_EQ(judged(s).verdict, Verdict::kAccepted) << name << " " << int{first};
      (*s.world.vcek.hwid)[1] ^= 1U;
      EXPECT_EQ(judged(s).failed(), Ids{"snp.vek.hwid"}) << name << " " << int{first};
    }
  }
}

// The comparison of the hwID was never reached, and a certificate without AMD's extensions passed.
TEST(Lessons, snpguest_159_the_chip_is_compared_and_no_extension_may_be_absent) {
  Stage chip = good_stage(face("genoa_4_vcek_extended"));
  chip.world.vcek.hwid->back() ^= 1U;
  EXPECT_EQ(judged(chip).failed(), Ids{"snp.vek.hwid"});
  const Stage s = good_stage(face("milan_2_vcek"));
  const auto extensions = snp::write_vek_extensions(s.world.vcek);
  for (std::size_t i = 0; i < extensions.size(); ++i) {
    pki::CertificateSpec spec = s.world.vcek_cert;
    for (std::size_t j = 0; j < extensions.size(); ++j) {
      if (j != i) spec.extensions.push_back(extensions[j]);
    }
    const auto a = judged(s, [&](Made& m) {
      document(m, "vcek.der") = *pki::build_certificate(spec, [](Bytes tbs) {
        return keys_of("one").ask.sign(crypto::SignatureAlgorithm::kRsaPssSha384, tbs);
      });
    });
    // spl_4 to spl_7 have no meaning: where one is not there, it is 0.
    const bool meaningless = i >= 4 && i < 8;
    EXPECT_EQ(a.verdict == Verdict::kAccepted, meaningless) << i;
    if (!meaningless) {
      EXPECT_EQ(std::ranges::count(a.failed(), "snp.vek.extensions"), 1) << i;
    }
  }
}

// SIGNING_KEY was never read, so that a VLEK's certificate stood for a VCEK's; without the hwID
// extension the chip was not compared.
TEST(Lessons, tee_attestation_verification_142_a_vlek_does_not_stand_for_a_vcek) {
  Stage says_vcek = good_stage(face("genoa_3_vlek"));
  says_vcek.world.report.key_info = 0;
  EXPECT_EQ(judged(says_vcek).failed(), Ids{"snp.vek.kind"});
  Stage says_vlek = good_stage(face("turin_5_vcek"));
  says_vlek.world.report.key_info = 1U << 2U;
  EXPECT_EQ(judged(says_vlek).failed(), Ids{"snp.vek.kind"});
  Stage no_hwid = good_stage(face("turin_5_vcek"));
  no_hwid.world.vcek.hwid.reset();
  EXPECT_EQ(judged(no_hwid).failed(), Ids{"snp.vek.extensions"});
}

// A VLEK's certificate under the VCEKs' intermediate, and the reverse (issue 149).
TEST(Lessons, tee_attestation_verification_149_each_kind_of_key_has_its_intermediate) {
  Stage vlek = good_stage(face("genoa_3_vlek"));
  vlek.world.asvk_cert.subject = vlek.world.ask_cert.subject;
  vlek.world.vlek_cert.issuer = vlek.world.ask_cert.subject;
  EXPECT_EQ(judged(vlek).failed(), Ids{"snp.vek_chain.names"});
  Stage vcek = good_stage(face("turin_5_vcek"));
  vcek.world.ask_cert.subject = vcek.world.asvk_cert.subject;
  vcek.world.vcek_cert.issuer = vcek.world.asvk_cert.subject;
  EXPECT_EQ(judged(vcek).failed(), Ids{"snp.vek_chain.names"});
}

// An extension matched by its last octet, or its beginning (PR 147): an INTEGER has one form.
TEST(Lessons, tee_attestation_verification_147_a_tcb_part_is_no_prefix_of_another) {
  Stage s = good_stage(face("milan_2_vcek"));
  s.world.vcek.tcb.microcode = 0xdb;  // 02 02 00 db
  EXPECT_EQ(judged(s).verdict, Verdict::kAccepted);
  s.world.report.reported_tcb[7] = 0;
  EXPECT_EQ(judged(s).failed(), Ids{"snp.vek.tcb"});
  s.world.report.reported_tcb[7] = 2;
  EXPECT_EQ(judged(s).failed(), Ids{"snp.vek.tcb"});
}

// No revocation list was looked for, and any report version was read as one known.
TEST(Lessons, tee_attestation_verification_152_revocation_and_version_are_judged) {
  Stage revoked = good_stage(face("turin_5_vcek"));
  revoked.world.crl.revoked = {{.serial = revoked.world.ask_cert.serial, .revoked_at = kFrom}};
  EXPECT_EQ(judged(revoked).failed(), Ids{"snp.ask.revocation"});
  for (const std::uint32_t version : {1U, 6U, 255U}) {
    Stage other = good_stage(face("turin_5_vcek"));
    other.world.report.version = version;
    EXPECT_EQ(judged(other).failed(), Ids{"snp.report.version"}) << version;
  }
}

// Revocation was off unless it was asked for.
TEST(Lessons, attestation_go_23_snp_without_a_list_is_undetermined) {
  const Stage s = good_stage(face("genoa_3_vlek"));
  const auto a = judged(s, [](Made& m) { drop(m, "crl.der"); });
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(a.check("snp.crl.present")->not_done, attest::NotDone::kAbsent);
}

// Milan's root seed was extracted: whoever has it forges reports at any TCB. A policy refuses the
// line, and no chain of Milan's vouches for a report that names another processor.
TEST(Lessons, arxiv_2605_12990_milan_can_be_refused_and_passes_for_no_other_line) {
  Stage s = good_stage(face("milan_2_vcek"));
  s.policy.refused_values["snp.product.line"] = {"Milan"};
  EXPECT_EQ(judged(s).failed(), Ids{"snp.product.line"});
  s.world.report.version = 3;
  s.world.report.cpuid = {0x19, 0x11, 1};
  EXPECT_EQ(judged(s).failed(), (Ids{"snp.vek_chain.product", "snp.vek.product_name"}));
  // ... nor where the certificate says so itself.
  s.world.vcek.product_name = "Genoa-B1";
  EXPECT_EQ(judged(s).failed(), Ids{"snp.vek_chain.product"});
  // A report of version 2 names no processor: the certificate does.
  Stage old = good_stage(face("milan_2_vcek"));
  old.policy.refused_values["snp.product.line"] = {"Milan"};
  old.world.vcek.product_name = "Genoa-B1";
  EXPECT_EQ(judged(old).failed(), Ids{"snp.vek_chain.product"});
}

// Whoever owns the machines names them, and a forger's chip is another.
TEST(Lessons, arxiv_2605_12990_chips_can_be_listed) {
  Stage s = good_stage(face("milan_2_vcek"));
  s.policy.accepted_values["snp.report.chip_id"] = {to_hex(s.world.report.chip_id)};
  EXPECT_EQ(judged(s).verdict, Verdict::kAccepted);
  s.policy.accepted_values["snp.report.chip_id"] = {std::string(128, '7')};
  EXPECT_EQ(judged(s).failed(), Ids{"snp.report.chip_id"});
}

// A memory module that lies about its size gives two addresses to one place; firmware that looks
// for that says so.
TEST(Lessons, badram_the_alias_check_can_be_demanded) {
  Stage s = good_stage(face("turin_5_vcek"));
  s.policy.accepted_values["snp.platform_info.alias_check_complete"] = {"true"};
  EXPECT_EQ(judged(s).verdict, Verdict::kAccepted);
  s.world.report.platform_info &= ~std::uint64_t{1U << 5U};
  EXPECT_EQ(judged(s).failed(), Ids{"snp.platform_info.alias_check_complete"});
}

// Turin's TCB version was read as Milan's: its parts stand elsewhere.
TEST(Lessons, go_sev_guest_165_turins_tcb_is_read_in_its_own_layout) {
  Stage s = good_stage(face("turin_5_vcek"));
  const snp::Tcb tcb{.fmc = 3, .bootloader = 5, .tee = 7, .snp = 11, .microcode = 13};
  for (auto* part : {&s.world.report.current_tcb, &s.world.report.reported_tcb,
                     &s.world.report.committed_tcb, &s.world.report.launch_tcb}) {
    *part = {3, 5, 7, 11, 0, 0, 0, 13};
  }
  s.world.vcek.tcb = tcb;
  EXPECT_EQ(judged(s).verdict, Verdict::kAccepted);
  s.policy.minimum_values["snp.reported_tcb.snp"] = "12";
  EXPECT_EQ(judged(s).failed(), Ids{"snp.reported_tcb.snp"});
}

// The host asks for a report itself: what its report data says, no guest has said.
TEST(Lessons, host_requested_report_is_refused) {
  for (const Face& f : kFaces) {
    Stage s = good_stage(f);
    s.world.report.vmpl = 0xffffffff;
    EXPECT_EQ(judged(s).failed(), Ids{"snp.report.vmpl_range"}) << f.name;
  }
}

// The attester's own root was taken as the trusted one.
TEST(Lessons, constellation_3025_a_root_in_the_evidence_is_no_anchor) {
  Stage forger = good_stage(face("genoa_4_vcek_extended"));
  const AmdKeys& keys = keys_of("two");
  forger.report_key = &keys.vcek;
  forger.world.ark_cert.spki = keys.ark.public_key().to_spki();
  forger.world.ask_cert.spki = keys.ask.public_key().to_spki();
  forger.world.vcek_cert.spki = keys.vcek.public_key().to_spki();
  const AmdCollateral own = *sign_amd_world(forger.world, keys);
  const auto a = judged(forger, [&](Made& m) {
    m.collateral = own;
    m.table = own.table(SigningKey::kVcek);
  });
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_EQ(std::ranges::count(a.failed(), "snp.vek_chain.root"), 1);
}

// The service names Genoa without a stepping, and a verifier that knows "Genoa-B1" alone refused
// it.
TEST(Lessons, go_sev_guest_152_a_product_name_without_a_stepping_is_the_lines) {
  for (const char* name : {"Genoa", "Bergamo", "Siena-A0"}) {
    Stage s = good_stage(face("genoa_4_vcek_extended"));
    s.world.vcek.product_name = name;
    EXPECT_EQ(judged(s).verdict, Verdict::kAccepted) << name;
  }
}

// A part of the TCB that is missing in the certificate was 255, or 0.
TEST(Lessons, certifier_framework_152_a_missing_part_of_the_tcb_is_no_value) {
  Stage s = good_stage(face("turin_5_vcek"));
  s.world.vcek.tcb.fmc.reset();
  s.world.report.reported_tcb[0] = 0;
  EXPECT_EQ(judged(s).failed(), Ids{"snp.vek.tcb"});
}

// REPORTED_TCB alone was a claim: what runs and what was committed were not to be had.
TEST(Lessons, trustee_235_a_policy_can_name_the_committed_tcb) {
  Stage s = good_stage(face("turin_5_vcek"));
  s.policy.minimum_values["snp.committed_tcb.microcode"] = "219";
  EXPECT_EQ(judged(s).verdict, Verdict::kAccepted);
  s.policy.minimum_values["snp.committed_tcb.microcode"] = "220";
  EXPECT_EQ(judged(s).failed(), Ids{"snp.committed_tcb.microcode"});
}

// Of Turin the first eight octets of CHIP_ID are the chip's name at AMD's service.
TEST(Lessons, amdsev_285_the_address_of_a_turin_vcek_has_eight_octets_of_the_chip) {
  const Stage s = good_stage(face("turin_5_vcek"));
  const auto a = judged(s, [](Made& m) { drop(m, "vcek.der"); });
  const std::string& expected = a.check("snp.vek.present")->expected;
  EXPECT_NE(expected.find("/vcek/v1/Turin/" + to_hex(Bytes(s.world.report.chip_id).first(8)) + "?"),
            std::string::npos)
      << expected;
}

// TCB versions were compared as one number: a great microcode hid an old boot loader.
TEST(Lessons, go_sev_guest_59_a_tcb_is_compared_part_by_part) {
  for (const char* name : {"milan_2_vcek", "turin_5_vcek"}) {
    Stage s = good_stage(face(name));
    const Line line = s.face.form.line;
    snp::Tcb committed = snp::read_tcb(s.world.report.committed_tcb, line);
    committed.microcode = 255;
    committed.bootloader -= 1;
    s.world.report.committed_tcb = snp::write_tcb(committed, line);
    committed.bootloader += 1;
    s.world.report.current_tcb = snp::write_tcb(committed, line);
    EXPECT_EQ(judged(s).failed(), Ids{"snp.tcb.reported_committed"}) << name;
  }
}

// The verification's result was not looked at.
TEST(Lessons, trustee_233_a_report_that_another_key_signed_is_refused) {
  for (const Face& f : kFaces) {
    Stage s = good_stage(f);
    s.report_key = f.vlek() ? &keys_of("two").vlek : &keys_of("two").vcek;
    EXPECT_EQ(judged(s).failed(), Ids{"snp.report.signature"}) << f.name;
  }
}

// One of two verifiers of a project looked at neither debug nor VMPL: both stand in the report
// alone, so that no measurement tells them.
TEST(Lessons, attestation_rs_67_debug_is_refused_and_a_policy_names_the_vmpl) {
  Stage debug = good_stage(face("turin_5_vcek"));
  debug.world.report.policy |= std::uint64_t{1} << snp::guest_policy::kDebug;
  EXPECT_EQ(judged(debug).failed(), Ids{"snp.guest_policy.debug"});
  Stage vmpl = good_stage(face("turin_5_vcek"));
  vmpl.world.report.vmpl = 3;
  EXPECT_EQ(judged(vmpl).verdict, Verdict::kAccepted);
  vmpl.policy.accepted_values["snp.report.vmpl"] = {"0"};
  EXPECT_EQ(judged(vmpl).failed(), Ids{"snp.report.vmpl"});
}

// Report data of another session was taken, as long as the measurement was right.
TEST(Lessons, cmcp_389_report_data_is_compared) {
  Stage s = good_stage(face("genoa_3_vlek"));
  s.world.report.report_data[63] ^= 1U;
  EXPECT_EQ(judged(s).failed(), Ids{"snp.report_data.expected"});
}

}  // namespace
}  // namespace ward::soft
