// For every check of SGX evidence, a synthetic platform that differs from a good one in that fact
// alone.
#include <set>

#include <gtest/gtest.h>

#include "test/sgx_checks/platform_fixture.h"

namespace ward::soft {
namespace {

using namespace fixture;  // NOLINT(google-build-using-namespace): the test is written in its words
using attest::Outcome;
using attest::Verdict;
using Ids = std::vector<std::string>;

// Cases of the quote's own form and signatures.
std::vector<Case> form_cases() {
  return {
      {.id = "sgx.quote.size",
       .after =
           [](Made& m, Stage&) {
             m.quote = sgx::write_quote(m.parts);
             m.quote->pop_back();
           }},
      {.id = "sgx.quote.version",
       .after =
           [](Made& m, Stage&) {
             m.quote = sgx::write_quote(m.parts);
             (*m.quote)[1] = 1;
           }},
      {.id = "sgx.quote.att_key_type",
       .after =
           [](Made& m, Stage&) {
             m.quote = sgx::write_quote(m.parts);
             (*m.quote)[2] = 3;
           }},
      {.id = "sgx.quote.tee_type",
       .after =
           [](Made& m, Stage&) {
             m.quote = sgx::write_quote(m.parts);
             (*m.quote)[4] = 0x81;
           }},
      {.id = "sgx.quote.qe_vendor_id",
       .after =
           [](Made& m, Stage&) {
             m.quote = sgx::write_quote(m.parts);
             (*m.quote)[12] = 0;
           }},
      {.id = "sgx.quote.reserved",
       .after =
           [](Made& m, Stage&) {
             m.parts.body[field::Reserved2::kBegin] = 1;
             sign_body(m.parts);
           }},
      {.id = "sgx.quote.certification_data_type",
       .after = [](Made& m, Stage&) { m.parts.certification_type = 6; }},
      {.id = "sgx.quote.attestation_key",
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
      {.id = "sgx.quote.signature", .after = [](Made& m, Stage&) { m.parts.signature[0] ^= 1U; }},
      {.id = "sgx.qe_report.signature",
       .after = [](Made& m, Stage&) { m.parts.qe_signature[0] ^= 1U; }},
      {.id = "sgx.qe_report.reserved",
       .after = [](Made& m, Stage& s) { change_qe_report(m, s, field::Reserved4::kBegin, 1); }},
      {.id = "sgx.qe_report.report_data",
       .after = [](Made& m,
                   Stage& s) { change_qe_report(m, s, field::ReportData::kBegin + 63, 1); }},
      {.id = "sgx.qe_report.debug",
       .before =
           [](Stage& s) {
             s.world.qe_identity.attributes[0] |= 2U;
             s.quoting_enclave.attributes[0] |= 2U;
           }},
      {.id = "sgx.qe_report.misc_select",
       .before = [](Stage& s) { s.quoting_enclave.misc_select[0] = 1; }},
      {.id = "sgx.qe_report.attributes",
       .before = [](Stage& s) { s.quoting_enclave.attributes[0] |= 0x20U; }},
      {.id = "sgx.qe_report.mr_signer",
       .before = [](Stage& s) { s.quoting_enclave.mr_signer[0] ^= 1U; }},
      {.id = "sgx.qe_report.isv_prod_id",
       .before = [](Stage& s) { s.quoting_enclave.isv_prod_id = 2; }},
      {.id = "sgx.qe_tcb.level",
       .before = [](Stage& s) { s.quoting_enclave.levels[0].isv_svn = 0; }},
  };
}

std::vector<Case> chain_cases() {
  return {
      {.id = "sgx.pck_chain.form",
       .after = [](Made& m, Stage&) { set_chain(m, m.collateral.root_pem); }},
      {.id = "sgx.pck_chain.root",
       .after =
           [](Made& m, Stage& s) {
             m.documents = sign_world(s.world, s.keys)->documents();
             SgxKeys stranger = make_keys("two");
             crypto::SeededRng rng(as_bytes("stranger"));
             const auto world = *default_world(stranger, kFrom, 30, rng);
             set_chain(m, sign_world(world, stranger)->pck_chain_pem);
             m.parts.qe_signature =
                 *stranger.pck.sign_rs(SignatureAlgorithm::kEcdsaP256Sha256, m.parts.qe_report);
           }},
      {.id = "sgx.pck_chain.signature",
       .after = [](Made& m, Stage&) { set_chain(m, chain_with_bad_leaf_signature(m.collateral)); }},
      {.id = "sgx.pck_chain.names",
       .before = [](Stage& s) { s.world.pck_cert.issuer = other_name(); }},
      {.id = "sgx.pck_chain.constraints", .before = [](Stage& s) { set_ca(s.world.pck_cert); }},
      {.id = "sgx.pck_chain.not_before",
       .before = [](Stage& s) { s.world.pck_cert.not_before = kLater; }},
      {.id = "sgx.pck_chain.not_after",
       .before = [](Stage& s) { s.world.pck_cert.not_after = kFrom; }},
      {.id = "sgx.pck.sgx_extensions",
       .after = [](Made& m,
                   Stage& s) { set_chain(m, chain_without_sgx_extension(s, m.collateral)); }},
      {.id = "sgx.root_crl.signature",
       .after =
           [](Made& m, Stage& s) {
             document(m, "root_ca.crl") = crl_by(s.world.root_crl, s.other.root);
           }},
      {.id = "sgx.root_crl.this_update",
       .before = [](Stage& s) { s.world.root_crl.this_update = kLater; }},
      {.id = "sgx.root_crl.next_update",
       .before = [](Stage& s) { s.world.root_crl.next_update = kFrom; }},
      {.id = "sgx.root_crl.extensions",
       .before = [](Stage& s) { s.world.root_crl.extensions.push_back(unknown_critical()); }},
      {.id = "sgx.pck_crl.signature",
       .after =
           [](Made& m, Stage& s) {
             document(m, "pck_platform_ca.crl") = crl_by(s.world.pck_crl, s.other.pck_ca);
           }},
      {.id = "sgx.pck_crl.this_update",
       .before = [](Stage& s) { s.world.pck_crl.this_update = kLater; }},
      {.id = "sgx.pck_crl.next_update",
       .before = [](Stage& s) { s.world.pck_crl.next_update = kFrom; }},
      {.id = "sgx.pck_crl.extensions",
       .before = [](Stage& s) { s.world.pck_crl.extensions.push_back(unknown_critical()); }},
      {.id = "sgx.pck_ca.revocation",
       .before =
           [](Stage& s) {
             s.world.root_crl.revoked = {{s.world.pck_ca_cert.serial, kFrom}};
           }},
      {.id = "sgx.pck.revocation",
       .before =
           [](Stage& s) {
             s.world.pck_crl.revoked = {{s.world.pck_cert.serial, kFrom}};
           }},
  };
}

std::vector<Case> document_cases() {
  return {
      {.id = "sgx.tcb_info.form",
       .after = [](Made& m,
                   Stage&) { replace(document(m, "tcb_info.json"), "tcbLevels", "tcbLevelz"); }},
      {.id = "sgx.tcb_info.id", .before = [](Stage& s) { s.world.tcb_info.id = "TDX"; }},
      {.id = "sgx.tcb_info.fmspc", .before = [](Stage& s) { s.world.tcb_info.fmspc[5] = 1; }},
      {.id = "sgx.tcb_info.pce_id", .before = [](Stage& s) { s.world.tcb_info.pce_id[1] = 1; }},
      {.id = "sgx.tcb_info.signature",
       .after = [](Made& m,
                   Stage&) { replace(document(m, "tcb_info.json"), "UpToDate", "OutOfDate"); }},
      {.id = "sgx.tcb_info.issue_date",
       .before = [](Stage& s) { s.world.tcb_info.issue_date = kLater; }},
      {.id = "sgx.tcb_info.next_update",
       .before = [](Stage& s) { s.world.tcb_info.next_update = kFrom; }},
      {.id = "sgx.tcb_signing.signature",
       .after =
           [](Made& m, Stage& s) {
             const Buffer forged =
                 *pki::build_certificate(s.world.tcb_signing_cert, [&](Bytes tbs) {
                   return s.other.root.sign(SignatureAlgorithm::kEcdsaP256Sha256, tbs);
                 });
             document(m, "tcb_signing.pem") =
                 to_buffer(as_bytes(codec::to_pem("CERTIFICATE", forged)));
           }},
      {.id = "sgx.tcb_signing.names",
       .before = [](Stage& s) { s.world.tcb_signing_cert.issuer = other_name(); }},
      {.id = "sgx.tcb_signing.constraints",
       .before = [](Stage& s) { set_ca(s.world.tcb_signing_cert); }},
      {.id = "sgx.tcb_signing.not_before",
       .before = [](Stage& s) { s.world.tcb_signing_cert.not_before = kLater; }},
      {.id = "sgx.tcb_signing.not_after",
       .before = [](Stage& s) { s.world.tcb_signing_cert.not_after = kFrom; }},
      {.id = "sgx.tcb_signing.revocation",
       .before =
           [](Stage& s) {
             s.world.root_crl.revoked = {{s.world.tcb_signing_cert.serial, kFrom}};
           }},
      {.id = "sgx.qe_identity.form",
       .after = [](Made& m,
                   Stage&) { replace(document(m, "qe_identity.json"), "mrsigner", "mrsignor"); }},
      {.id = "sgx.qe_identity.id", .before = [](Stage& s) { s.world.qe_identity.id = "QVE"; }},
      {.id = "sgx.qe_identity.signature",
       .after = [](Made& m,
                   Stage&) { replace(document(m, "qe_identity.json"), "UpToDate", "OutOfDate"); }},
      {.id = "sgx.qe_identity.issue_date",
       .before = [](Stage& s) { s.world.qe_identity.issue_date = kLater; }},
      {.id = "sgx.qe_identity.next_update",
       .before = [](Stage& s) { s.world.qe_identity.next_update = kFrom; }},
      {.id = "sgx.tcb.level",
       .before =
           [](Stage& s) {
             s.world.tcb_info.levels.resize(1, {});
             s.world.tcb_info.levels[0].pce_svn = 14;
           }},
  };
}

std::vector<Case> policy_cases() {
  return {
      {.id = "sgx.tcb.status",
       .before = [](Stage& s) { s.world.tcb_info.levels[0].status = dcap::TcbStatus::kOutOfDate; }},
      {.id = "sgx.tcb.evaluation_number",
       .before = [](Stage& s) { s.policy.min_tcb_evaluation = 18; }},
      {.id = "sgx.attributes.debug", .before = [](Stage& s) { s.enclave.debug = true; }},
      {.id = "sgx.report_data.expected",
       .before = [](Stage& s) { s.expected.report_data = std::vector<Buffer>{Buffer(64, 9)}; }},
      {.id = "sgx.measurement.expected", .before = [](Stage& s) { s.enclave.mr_enclave[0] ^= 1U; }},
      {.id = "sgx.workload.expected", .before = [](Stage& s) { s.enclave.config_id[0] ^= 1U; }},
      {.id = "sgx.platform.development",
       .before = [](Stage& s) { s.policy.allow_development = false; }},
  };
}

// Checks that an absent document leaves open: the check is not failed but not done, and the verdict
// undetermined.
std::vector<Case> absent_cases() {
  return {
      {.id = "sgx.pck_chain.present",
       .after = [](Made& m, Stage&) { m.parts.certification_type = 1; }},
      {.id = "sgx.root_crl.present", .after = [](Made& m, Stage&) { drop(m, "root_ca.crl"); }},
      {.id = "sgx.pck_crl.present",
       .after = [](Made& m, Stage&) { drop(m, "pck_platform_ca.crl"); }},
      {.id = "sgx.tcb_info.present", .after = [](Made& m, Stage&) { drop(m, "tcb_info.json"); }},
      {.id = "sgx.tcb_signing.present",
       .after = [](Made& m, Stage&) { drop(m, "tcb_signing.pem"); }},
      {.id = "sgx.qe_identity.present",
       .after = [](Made& m, Stage&) { drop(m, "qe_identity.json"); }},
  };
}

std::vector<Case> failing_cases() {
  std::vector<Case> out;
  for (auto* list : {form_cases, quote_cases, chain_cases, document_cases, policy_cases}) {
    for (Case& c : list())
      out.push_back(std::move(c));
  }
  return out;
}

Appraisal run(const Case& c) {
  Stage s = good_stage();
  c.before(s);
  Made m = make(s);
  c.after(m, s);
  return judge(m, s);
}

TEST(SgxChecks, TheGoodPlatformPassesEveryCheckUpToDate) {
  const Appraisal a = run({.id = ""});
  EXPECT_EQ(a.failed(), Ids{});
  EXPECT_EQ(a.verdict, Verdict::kAccepted);
  EXPECT_EQ(a.tcb.status, "UpToDate");
  EXPECT_TRUE(a.development);
  EXPECT_TRUE(a.unchecked.empty());
  for (const attest::Check& c : a.checks)
    EXPECT_EQ(c.outcome, Outcome::kPassed) << c.info->id;
}

TEST(SgxChecks, EachCheckFailsAloneWhereItsFactAloneIsWrong) {
  for (const Case& c : failing_cases()) {
    SCOPED_TRACE(c.id);
    const Appraisal a = run(c);
    EXPECT_EQ(a.failed(), Ids{c.id});
    EXPECT_EQ(a.verdict, Verdict::kRefused);
  }
}

TEST(SgxChecks, EachAbsentDocumentIsNamedByItsOwnCheck) {
  for (const Case& c : absent_cases()) {
    SCOPED_TRACE(c.id);
    const Appraisal a = run(c);
    EXPECT_EQ(a.failed(), Ids{});
    EXPECT_EQ(a.verdict, Verdict::kUndetermined);
    ASSERT_NE(a.check(c.id), nullptr);
    EXPECT_EQ(a.check(c.id)->not_done, attest::NotDone::kAbsent);
  }
}

TEST(SgxChecks, EveryDeclaredCheckHasACaseHere) {
  std::set<std::string> covered;
  for (const Case& c : failing_cases())
    covered.insert(c.id);
  for (const Case& c : absent_cases())
    covered.insert(c.id);
  const sgx::Sgx scheme;
  for (const attest::CheckInfo& info : scheme.info().checks)
    EXPECT_TRUE(covered.contains(info.id)) << info.id;
  EXPECT_EQ(covered.size(), scheme.info().checks.size());
}

// A platform's own PCK key leads to the same root; it may not sign TCB documents.
TEST(SgxChecks, ThePckKeyCannotSignTcbDocuments) {
  Stage s = good_stage();
  s.world.tcb_info.levels[0].status = dcap::TcbStatus::kUpToDate;
  Made m = make(s);
  const std::string body = *tcb_info_body(s.world.tcb_info);
  const Buffer signature =
      *s.keys.pck.sign_rs(SignatureAlgorithm::kEcdsaP256Sha256, as_bytes(body));
  document(m, "tcb_info.json") =
      to_buffer(as_bytes("{\"tcbInfo\":" + body + ",\"signature\":\"" + to_hex(signature) + "\"}"));
  m.documents.documents.push_back(
      {"pck_chain.pem", to_buffer(as_bytes(m.collateral.pck_chain_pem))});
  EXPECT_EQ(judge(m, s).failed(), Ids{"sgx.tcb_info.signature"});
}

TEST(SgxChecks, RevokedIsRefusedUnderEveryPolicy) {
  Stage s = good_stage();
  s.world.tcb_info.levels[0].status = dcap::TcbStatus::kRevoked;
  s.policy.accept_any_tcb = true;
  s.policy.accepted_tcb = {"Revoked"};
  const Made m = make(s);
  EXPECT_EQ(judge(m, s).failed(), Ids{"sgx.tcb.status"});
}

TEST(SgxChecks, OfSeveralDocumentsTheNewestThatFitsIsTakenAndTheOthersAreNamed) {
  Stage s = good_stage();
  s.world.tcb_info.evaluation_number = 18;
  s.world.qe_identity.evaluation_number = 18;
  Made m = make(s);
  Stage old = good_stage();
  old.world.tcb_info.levels[0].status = dcap::TcbStatus::kOutOfDate;
  for (const auto& d : make(old).documents.documents)
    m.documents.documents.push_back({"old/" + d.name, d.bytes});
  const Appraisal a = judge(m, s);
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  EXPECT_EQ(a.tcb.evaluation_number, 18U);
  EXPECT_TRUE(std::ranges::any_of(a.notes, [](const std::string& n) {
    return n.find("old/tcb_info.json") != std::string::npos;
  }));
}

TEST(SgxChecks, ADevelopmentPlatformIsRefusedByItsRootWhereItIsNotNamed) {
  Stage s = good_stage();
  const Made m = make(s);
  const sgx::Sgx scheme;
  const attest::Scheme* schemes[] = {&scheme};
  const verifier::Verifier verifier(schemes, {}, s.policy);
  const auto a = verifier.appraise({.evidence = sgx::write_quote(m.parts),
                                    .collateral = m.documents,
                                    .now = kNow,
                                    .expected = s.expected});
  ASSERT_TRUE(a);
  EXPECT_EQ(a->failed(), Ids{"sgx.pck_chain.root"});
  EXPECT_FALSE(a->tcb.status);
}

}  // namespace
}  // namespace ward::soft
