// One test per published finding on verifiers of SGX and TDX quotes; the finding's id stands in the
// test's name, and what went wrong there above it. README.md lists them with their sources.
#include <gtest/gtest.h>

#include "test/dcap_checks/platform_fixture.h"

namespace ward::soft {
namespace {

using namespace fixture;  // NOLINT(google-build-using-namespace): the test is written in its words
using attest::Verdict;
using dcap::TcbStatus;
using Ids = std::vector<std::string>;

// judged makes the stage's platform, changes what was made, and judges it.
Appraisal judged(
    Stage& s, const std::function<void(Made&)>& change = [](Made&) {}) {
  Made m = make(s);
  change(m);
  return judge(m, s);
}

// Whoever forges a QE identity can name a quoting enclave of his own in it.
TEST(Lessons, CVE_2026_22696_a_forged_qe_identity_is_refused_by_its_signature) {
  Stage s = good_stage();
  const auto forge = [&](Made& m) {
    Stage forged = good_stage();
    forged.keys.tcb_signing = std::move(forged.other.tcb_signing);
    forged.world.qe_identity.mr_signer.fill(7);
    Made other = make(forged);
    document(m, "qe_identity.json") = document(other, "qe_identity.json");
  };
  EXPECT_EQ(judged(s, forge).failed(), Ids{"sgx.qe_identity.signature"});
}

// ... and the identity's demands on MRSIGNER, ISVPRODID and ISVSVN were not made.
TEST(Lessons, CVE_2026_22696_another_quoting_enclave_than_the_identitys_is_refused) {
  Stage signer = good_stage();
  signer.quoting_enclave.mr_signer.fill(7);
  EXPECT_EQ(judged(signer).failed(), Ids{"sgx.qe_report.mr_signer"});
  Stage product = good_stage();
  product.quoting_enclave.isv_prod_id = 9;
  EXPECT_EQ(judged(product).failed(), Ids{"sgx.qe_report.isv_prod_id"});
  Stage old = good_stage();
  old.quoting_enclave.levels[0].isv_svn = 0;
  EXPECT_EQ(judged(old).failed(), Ids{"sgx.qe_tcb.level"});
}

// The constant stood in the code and was compared with nothing.
TEST(Lessons, dcap_qvl_127_another_vendors_quoting_enclave_is_refused) {
  Stage s = good_stage(kTdx15);
  const auto a = judged(s, [](Made& m) { set_byte(m.whole(), 12, 0); });
  EXPECT_EQ(a.failed(), Ids{"tdx.quote.qe_vendor_id"});
}

// Unknown members of the TCB info were dropped, the module's identity with them.
TEST(Lessons, dcap_qvl_124_a_tdx_module_that_is_not_intels_is_refused) {
  Stage s = good_stage(kTdx15);
  s.td.mr_signer_seam.fill(7);
  EXPECT_EQ(judged(s).failed(), Ids{"tdx.module.mr_signer"});
}

// "Valid" was every status but Revoked.
TEST(Lessons, dcap_qvl_125_only_the_best_status_is_accepted_by_default) {
  for (const TcbStatus status :
       {TcbStatus::kOutOfDate, TcbStatus::kConfigurationNeeded, TcbStatus::kSwHardeningNeeded}) {
    Stage s = good_stage(kTdx15);
    s.world.tcb_info.levels[0].status = status;
    EXPECT_EQ(judged(s).failed(), Ids{"tdx.tcb.status"}) << dcap::tcb_status_text(status);
  }
}

// A level without advisoryIDs, as Intel writes it, ended the parser.
TEST(Lessons, phala_blockchain_1529_a_level_without_advisories_is_read) {
  Stage s = good_stage();
  s.world.tcb_info.levels[0].advisory_ids.clear();
  const Appraisal a = judged(s);
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  EXPECT_TRUE(a.tcb.advisories.empty());
}

// A quote without the chain ended the verifier's process.
TEST(Lessons, gramine_sealing_key_provider_6_a_quote_without_a_chain_is_told_and_ends_nothing) {
  Stage s = good_stage();
  EXPECT_EQ(judged(s, [](Made& m) { set_chain(m, ""); }).failed(), Ids{"sgx.pck_chain.form"});
  Stage named = good_stage();
  EXPECT_EQ(judged(named, [](Made& m) { name_chain(m, 1); }).verdict, Verdict::kUndetermined);
}

// The relaunch advice was found, then overwritten by the status from before it.
TEST(Lessons, automata_130_the_advice_to_launch_anew_survives_the_quoting_enclaves_status) {
  Stage s = good_stage(kTdx15);
  s.td.tee_tcb_svn = {4, 1, 2};
  s.td.tee_tcb_svn2 = {5, 1, 3};
  const Appraisal a = judged(s);
  EXPECT_EQ(a.tcb.status, "TDRelaunchAdvised");
  EXPECT_EQ(a.failed(), Ids{"tdx.tcb.status"});
}

// One certificate of the chain that verified stood for all.
TEST(Lessons, automata_141_every_certificate_of_the_chain_is_verified) {
  Stage s = good_stage();
  const auto break_leaf = [](Made& m) {
    set_chain(m, chain_with_bad_leaf_signature(m.collateral));
  };
  EXPECT_EQ(judged(s, break_leaf).failed(), Ids{"sgx.pck_chain.signature"});
  // An empty key identifier matches nobody by being empty: identifiers decide nothing.
  Stage empty = good_stage();
  empty.world.pck_cert.extensions.at(1) = pki::authority_key_id_extension({});
  const auto strange = [&](Made& m) {
    const DcapKeys stranger = make_keys("stranger");
    const Buffer leaf = *pki::build_certificate(empty.world.pck_cert, [&](Bytes tbs) {
      return stranger.pck_ca.sign(SignatureAlgorithm::kEcdsaP256Sha256, tbs);
    });
    const auto blocks = *codec::parse_pem(m.collateral.pck_chain_pem);
    set_chain(m, codec::to_pem("CERTIFICATE", leaf) + codec::to_pem("CERTIFICATE", blocks[1].der) +
                     m.collateral.root_pem);
  };
  const Appraisal a = judged(empty, strange);
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_FALSE(a.tcb.status);
}

// A revoked quoting enclave ended the verification early, as a success.
TEST(Lessons, automata_144_a_revoked_quoting_enclave_hides_no_bad_signature) {
  Stage s = good_stage();
  s.policy.accept_any_tcb = true;
  s.world.qe_identity.levels[0].status = TcbStatus::kRevoked;
  EXPECT_EQ(judged(s).failed(), Ids{"sgx.tcb.status"});
  const auto forge = [](Made& m) { m.parts.signature[0] ^= 1U; };
  EXPECT_EQ(judged(s, forge).failed(), (Ids{"sgx.quote.signature", "sgx.tcb.status"}));
}

// An intermediate that is no CA, names that do not chain.
TEST(Lessons, agent_manifest_445_the_chain_is_judged_as_x509_not_by_signatures_alone) {
  Stage no_ca = good_stage();
  no_ca.world.pck_ca_cert.extensions.back() = pki::basic_constraints_extension({.ca = false});
  EXPECT_EQ(judged(no_ca).failed(), Ids{"sgx.pck_chain.constraints"});
  Stage names = good_stage();
  names.world.pck_cert.issuer = other_name();
  EXPECT_EQ(judged(names).failed(), Ids{"sgx.pck_chain.names"});
}

// Components 0 and 1 of a module from 1.5 on are its own version and SVN.
TEST(Lessons, go_tdx_guest_38_a_module_from_15_on_is_not_compared_with_the_platforms_components) {
  Stage s = good_stage(kTdx15);
  for (dcap::TcbLevel& level : s.world.tcb_info.levels)
    level.tdx_components[0] = 200;
  EXPECT_EQ(judged(s).tcb.status, "UpToDate");
}

// The date of the whole is the oldest of platform, module and quoting enclave.
TEST(Lessons, migtd_1048_the_tcb_date_is_the_oldest_of_all_parts) {
  const UnixTime old{kFrom.seconds - 1000};
  Stage s = good_stage(kTdx15);
  s.world.tcb_info.tdx_modules.at(0).levels.at(0).tcb_date = old;
  EXPECT_EQ(judged(s).tcb.date, old);
}

// Revocation was off unless it was asked for.
TEST(Lessons, attestation_go_23_revocation_is_never_off) {
  Stage s = good_stage(kTdx15);
  s.world.pck_crl.revoked = {{s.world.pck_cert.serial, kFrom}};
  EXPECT_EQ(judged(s).failed(), Ids{"tdx.pck.revocation"});
  Stage without = good_stage(kTdx15);
  const Appraisal a = judged(without, [](Made& m) { drop(m, "pck_platform_ca.crl"); });
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
}

// Certificates, CRLs and TCB documents from the future were taken.
TEST(Lessons, intel_qvl_what_is_not_yet_valid_is_refused) {
  Stage certificate = good_stage();
  certificate.world.pck_cert.not_before = kLater;
  EXPECT_EQ(judged(certificate).failed(), Ids{"sgx.pck_chain.not_before"});
  Stage info = good_stage();
  info.world.tcb_info.issue_date = kLater;
  EXPECT_EQ(judged(info).failed(), Ids{"sgx.tcb_info.issue_date"});
  Stage crl = good_stage();
  crl.world.pck_crl.this_update = kLater;
  EXPECT_EQ(judged(crl).failed(), Ids{"sgx.pck_crl.this_update"});
}

// SEPT_VE_DISABLE and MRSERVICETD were demanded of every quote, and real ones refused.
TEST(Lessons, phala_js_honest_platforms_are_not_refused_for_what_nobody_asked) {
  Stage s = good_stage(kTdx15);
  s.td.mr_service_td.fill(7);
  EXPECT_EQ(judged(s).verdict, Verdict::kAccepted);
}

// A CRL of another issuer ended the process in a failed assertion.
TEST(Lessons, dcap_qvl_0_7_0_a_crl_of_another_name_is_refused_and_ends_nothing) {
  Stage s = good_stage();
  s.world.pck_crl.issuer = other_name();
  EXPECT_NE(judged(s).verdict, Verdict::kAccepted);
}

}  // namespace
}  // namespace ward::soft
