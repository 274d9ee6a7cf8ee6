// For every check of DCAP evidence, in every form that a quote can have, a synthetic platform that
// differs from a good one in that fact alone.
#include <set>

#include <gtest/gtest.h>

#include "test/dcap_checks/platform_fixture.h"

namespace ward::soft {
namespace {

using namespace fixture;  // NOLINT(google-build-using-namespace): the test is written in its words
using attest::Outcome;
using attest::Verdict;
using Ids = std::vector<std::string>;

// Types of certification data that name the platform, and all that leave the chain to the
// collateral.
constexpr std::uint16_t kNaming[] = {1, 2, 3, 7};
constexpr std::uint16_t kWithoutChain[] = {1, 2, 3, 4, 7};

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
      {.id = "qe_report.mr_signer",
       .before = [](Stage& s) { s.quoting_enclave.mr_signer[0] ^= 1U; }},
      {.id = "qe_report.isv_prod_id",
       .before = [](Stage& s) { s.quoting_enclave.isv_prod_id = 2; }},
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
      {.id = "pck.sgx_extensions",
       .after = [](Made& m,
                   Stage& s) { set_chain(m, chain_without_sgx_extension(s, m.collateral)); }},
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
      {.id = "tcb.evaluation_number", .before = [](Stage& s) { s.policy.min_tcb_evaluation = 18; }},
      {.id = "attributes.debug", .before = [](Stage& s) { s.enclave.debug = true; }},
      {.id = "report_data.expected",
       .before = [](Stage& s) { s.expected.report_data = std::vector<Buffer>{Buffer(64, 9)}; }},
      {.id = "measurement.expected", .before = [](Stage& s) { s.enclave.mr_enclave[0] ^= 1U; }},
      {.id = "workload.expected", .before = [](Stage& s) { s.enclave.config_id[0] ^= 1U; }},
      {.id = "platform.development",
       .before = [](Stage& s) { s.policy.allow_development = false; }},
  };
}

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
  for (auto* list : {form_cases, quote_cases, chain_cases, document_cases, policy_cases}) {
    for (Case& c : list())
      out.push_back(std::move(c));
  }
  return out;
}

Appraisal run(const Case& c, const Face& face) {
  Stage s = good_stage(face);
  c.before(s);
  Made m = make(s);
  c.after(m, s);
  return judge(m, s);
}

TEST(DcapChecks, TheGoodPlatformPassesEveryCheckUpToDateInEveryForm) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    const Appraisal a = run({.id = ""}, face);
    EXPECT_EQ(a.failed(), Ids{});
    EXPECT_EQ(a.verdict, Verdict::kAccepted);
    EXPECT_EQ(a.tcb.status, "UpToDate");
    EXPECT_TRUE(a.development);
    EXPECT_TRUE(a.unchecked.empty());
    for (const attest::Check& c : a.checks)
      EXPECT_EQ(c.outcome, Outcome::kPassed) << c.info->id;
  }
}

TEST(DcapChecks, EachCheckFailsAloneWhereItsFactAloneIsWrong) {
  for (const Face& face : kFaces) {
    for (const Case& c : failing_cases()) {
      if (!c.of(face)) continue;
      SCOPED_TRACE(std::string(face.name) + " " + c.id);
      const Appraisal a = run(c, face);
      EXPECT_EQ(a.failed(), Ids{face.prefix() + c.id});
      EXPECT_EQ(a.verdict, Verdict::kRefused);
    }
  }
}

TEST(DcapChecks, EachAbsentDocumentIsNamedByItsOwnCheck) {
  for (const Face& face : kFaces) {
    for (const Case& c : absent_cases()) {
      SCOPED_TRACE(std::string(face.name) + " " + c.id);
      const Appraisal a = run(c, face);
      const std::string id = face.prefix() + c.id;
      EXPECT_EQ(a.failed(), Ids{});
      EXPECT_EQ(a.verdict, Verdict::kUndetermined);
      ASSERT_NE(a.check(id), nullptr);
      EXPECT_EQ(a.check(id)->not_done, attest::NotDone::kAbsent);
    }
  }
}

TEST(DcapChecks, EveryDeclaredCheckHasACaseHere) {
  std::set<std::string> covered;
  for (const Face& face : kFaces) {
    for (auto* list : {failing_cases, absent_cases}) {
      for (const Case& c : list()) {
        if (c.of(face)) covered.insert(face.prefix() + c.id);
      }
    }
  }
  std::size_t declared = 0;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    for (const attest::CheckInfo& info : scheme->info().checks) {
      EXPECT_TRUE(covered.contains(info.id)) << info.id;
      ++declared;
    }
  }
  EXPECT_EQ(covered.size(), declared);
}

// A platform's own PCK key leads to the same root; it may not sign TCB documents.
TEST(DcapChecks, ThePckKeyCannotSignTcbDocuments) {
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

TEST(DcapChecks, RevokedIsRefusedUnderEveryPolicy) {
  Stage s = good_stage();
  s.world.tcb_info.levels[0].status = dcap::TcbStatus::kRevoked;
  s.policy.accept_any_tcb = true;
  s.policy.accepted_tcb = {"Revoked"};
  const Made m = make(s);
  EXPECT_EQ(judge(m, s).failed(), Ids{"sgx.tcb.status"});
}

TEST(DcapChecks, OfSeveralDocumentsTheNewestThatFitsIsTakenAndTheOthersAreNamed) {
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

// Certification data of types 1 to 3 and 7 names the platform alone, type 4 holds its PCK
// certificate: with the rest among the collateral the verdict is the same as with type 5.
TEST(DcapChecks, AChainFromTheCollateralIsAsGoodAsOneInTheQuote) {
  for (const Face& face : kFaces) {
    for (const std::uint16_t type : kWithoutChain) {
      SCOPED_TRACE(std::string(face.name) + " type " + std::to_string(type));
      Stage s = good_stage(face);
      Made m = make(s);
      add_chain(m);
      name_chain(m, type);
      if (type == dcap::certification::kPckLeaf) set_chain(m, leaf_of(m.collateral));
      EXPECT_EQ(judge(m, s).verdict, Verdict::kAccepted) << attest::summary(judge(m, s));
      // The report's signature decides which certificate is the platform's; a stranger's beside it
      // does no harm.
      add_stranger(m);
      EXPECT_EQ(judge(m, s).verdict, Verdict::kAccepted) << attest::summary(judge(m, s));
    }
  }
}

// With one PCK certificate at hand a wrong signature is a failure, not an absence.
TEST(DcapChecks, AReportSignedByNobodyFailsWhereTheOnlyPckCertificateIsGiven) {
  Stage s = good_stage();
  Made m = make(s);
  add_chain(m);
  name_chain(m, 3);
  m.parts.qe_signature[0] ^= 1U;
  EXPECT_EQ(judge(m, s).failed(), Ids{"sgx.qe_report.signature"});
  add_stranger(m);
  EXPECT_EQ(judge(m, s).check("sgx.pck_chain.present")->not_done, attest::NotDone::kAbsent);
}

TEST(DcapChecks, ALeafThatIsNoCertificateFailsByItsForm) {
  Stage s = good_stage();
  Made m = make(s);
  name_chain(m, dcap::certification::kPckLeaf);
  EXPECT_EQ(judge(m, s).failed(), Ids{"sgx.pck_chain.form"});
}

TEST(DcapChecks, WhatThePckCertificateSaysOfThePlatformIsAClaim) {
  Stage s = good_stage();
  s.world.pck.dynamic_platform = true;
  s.world.pck.cached_keys = false;
  s.world.pck.smt_enabled = true;
  s.world.pck.sgx_type = 1;
  const Made m = make(s);
  const Appraisal a = judge(m, s);
  const auto claim = [&](const char* name) {
    const auto found = std::ranges::find(a.claims, name, &attest::Claim::name);
    return found == a.claims.end() ? attest::ClaimValue(std::string("absent")) : found->value;
  };
  EXPECT_EQ(claim("pck.ca"), attest::ClaimValue(std::string("platform")));
  EXPECT_EQ(claim("pck.dynamic_platform"), attest::ClaimValue(true));
  EXPECT_EQ(claim("pck.cached_keys"), attest::ClaimValue(false));
  EXPECT_EQ(claim("pck.smt_enabled"), attest::ClaimValue(true));
  EXPECT_EQ(claim("pck.sgx_type"), attest::ClaimValue(std::string("scalable")));
  EXPECT_EQ(claim("provision_key"), attest::ClaimValue(false));
  EXPECT_EQ(claim("kss"), attest::ClaimValue(true));
  EXPECT_EQ(claim("config_id"), attest::ClaimValue(to_buffer(s.enclave.config_id)));
  EXPECT_EQ(claim("config_svn"), attest::ClaimValue(std::uint64_t{0}));
  EXPECT_EQ(claim("isv_family_id"), attest::ClaimValue(Buffer(16)));
  EXPECT_EQ(claim("isv_ext_prod_id"), attest::ClaimValue(Buffer(16)));
}

TEST(DcapChecks, ADevelopmentPlatformIsRefusedByItsRootWhereItIsNotNamed) {
  Stage s = good_stage();
  const Made m = make(s);
  const verifier::Verifier verifier(tee::all_schemes(), {}, s.policy);
  const auto a = verifier.appraise({.evidence = dcap::write_quote(m.parts),
                                    .collateral = m.documents,
                                    .now = kNow,
                                    .expected = s.expected});
  ASSERT_TRUE(a);
  EXPECT_EQ(a->failed(), Ids{"sgx.pck_chain.root"});
  EXPECT_FALSE(a->tcb.status);
}

}  // namespace
}  // namespace ward::soft
