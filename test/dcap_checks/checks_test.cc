// For every check of DCAP evidence, in every form that a quote can have, a synthetic platform that
// differs from a good one in that fact alone.
#include <ostream>
#include <set>

#include <gtest/gtest.h>

#include "test/dcap_checks/cases.h"

namespace ward::soft {
namespace {

using namespace fixture;  // NOLINT(google-build-using-namespace): the test is written in its words
using attest::Outcome;
using attest::Verdict;
using Ids = std::vector<std::string>;

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

// One case of one face.
struct FaceCase {
  Face face;
  Case wrong;
  std::size_t number = 0;  // among all of its list

  [[nodiscard]] std::string id() const { return face.prefix() + wrong.id; }
};

std::vector<FaceCase> of_every_face(const std::vector<Case>& cases) {
  std::vector<FaceCase> out;
  for (const Face& face : kFaces) {
    for (const Case& c : cases) {
      if (c.of(face)) out.push_back({face, c, out.size()});
    }
  }
  return out;
}

// "tdx_4__tdx_quote_size__17": the face, the check's id, the number.
std::string case_name(const testing::TestParamInfo<FaceCase>& info) {
  std::string out =
      info.param.face.name + ("__" + info.param.id()) + "__" + std::to_string(info.param.number);
  std::ranges::replace(out, '.', '_');
  return out;
}

void PrintTo(const FaceCase& c, std::ostream* out) { *out << c.face.name << " " << c.id(); }

class WrongFact : public testing::TestWithParam<FaceCase> {};

TEST_P(WrongFact, FailsItsCheckAlone) {
  const Appraisal a = run(GetParam().wrong, GetParam().face);
  EXPECT_EQ(a.failed(), Ids{GetParam().id()});
  EXPECT_EQ(a.verdict, Verdict::kRefused);
}

INSTANTIATE_TEST_SUITE_P(Dcap, WrongFact, testing::ValuesIn(of_every_face(failing_cases())),
                         case_name);

class AbsentDocument : public testing::TestWithParam<FaceCase> {};

TEST_P(AbsentDocument, IsNamedByItsOwnCheck) {
  const Appraisal a = run(GetParam().wrong, GetParam().face);
  EXPECT_EQ(a.failed(), Ids{});
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  ASSERT_NE(a.check(GetParam().id()), nullptr);
  EXPECT_EQ(a.check(GetParam().id())->not_done, attest::NotDone::kAbsent);
}

INSTANTIATE_TEST_SUITE_P(Dcap, AbsentDocument, testing::ValuesIn(of_every_face(absent_cases())),
                         case_name);

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
    const std::string_view tee = scheme->info().name;
    if (tee != "sgx" && tee != "tdx") continue;
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

// Whoever supplies collateral can copy names and public keys; the certificate that leads to a
// trusted root goes before, wherever it stands.
TEST(DcapChecks, ACopiedNameAndKeyDisplacesNoCertificateOfTheChain) {
  Stage s = good_stage(kTdx15);
  Made m = make(s);
  name_chain(m, 1);
  const auto twin = [&](pki::CertificateSpec spec) {
    spec.issuer = spec.subject;
    return codec::to_pem("CERTIFICATE", *pki::build_certificate(spec, [&](Bytes tbs) {
                           return s.other.root.sign(SignatureAlgorithm::kEcdsaP256Sha256, tbs);
                         }));
  };
  for (const auto* spec : {&s.world.pck_cert, &s.world.pck_ca_cert, &s.world.root_cert})
    m.documents.documents.push_back({"twin.pem", to_buffer(as_bytes(twin(*spec)))});
  auto& documents = m.documents.documents;
  std::rotate(documents.begin(), documents.end() - 3, documents.end());
  add_chain(m);
  const Appraisal a = judge(m, s);
  EXPECT_EQ(a.failed(), Ids{}) << attest::summary(a);
  EXPECT_EQ(a.verdict, Verdict::kAccepted);
}

// Of a certificate and its renewal the one counts that is valid at the time.
TEST(DcapChecks, OfTwoCertificatesOfOneKeyTheCurrentOneIsTaken) {
  Stage s = good_stage(kTdx15);
  Stage old = good_stage(kTdx15);
  old.world.pck_cert.not_after = kFrom;
  Made m = make(s);
  name_chain(m, 1);
  m.documents.documents.push_back({"old.pem", to_buffer(as_bytes(leaf_of(make(old).collateral)))});
  add_chain(m);
  EXPECT_EQ(judge(m, s).verdict, Verdict::kAccepted);
}

// The work that a supplier of collateral can ask for is bounded: documents times signers.
TEST(DcapChecks, ManyStrangersWhoMaySignByNameDoNotKeepTheTrustedSignerOut) {
  Stage s = good_stage();
  Made m = make(s);
  for (int i = 0; i < 40; ++i) {
    pki::CertificateSpec spec = s.world.tcb_signing_cert;
    const std::string seed = "stranger " + std::to_string(i);
    spec.spki = make_keys(seed.c_str()).tcb_signing.public_key().to_spki();
    const Buffer der = *pki::build_certificate(spec, [&](Bytes tbs) {
      return s.other.root.sign(SignatureAlgorithm::kEcdsaP256Sha256, tbs);
    });
    m.documents.documents.insert(m.documents.documents.begin(), {"stranger.crt", der});
  }
  EXPECT_EQ(judge(m, s).verdict, Verdict::kAccepted);
}

bool has_note(const Appraisal& a, const std::string& begin) {
  return std::ranges::any_of(a.notes, [&](const std::string& n) { return n.starts_with(begin); });
}

// variant is another certificate than that of the PEM text: its signature ends otherwise. A copy
// would be left out.
Buffer variant(Bytes pem, std::size_t number) {
  Buffer der = codec::parse_pem(as_text(pem))->at(0).der;
  der[der.size() - 1] ^= static_cast<std::uint8_t>(number & 0xffU);
  der[der.size() - 2] ^= static_cast<std::uint8_t>(number >> 8U);
  return der;
}

// What a limit leaves out is said, at the limit nothing.
TEST(DcapChecks, WhatALimitLeavesOutIsNoted) {
  constexpr std::size_t kStrangers = 16;
  constexpr std::size_t kTried = 64;
  for (const bool over : {false, true}) {
    SCOPED_TRACE(over);
    Stage s = good_stage();
    Made m = make(s);
    for (std::size_t i = 0; i < kStrangers + (over ? 1 : 0); ++i) {
      pki::CertificateSpec spec = s.world.tcb_signing_cert;
      spec.spki =
          make_keys(("note " + std::to_string(i)).c_str()).tcb_signing.public_key().to_spki();
      m.documents.documents.push_back(
          {"stranger.crt", *pki::build_certificate(spec, [&](Bytes tbs) {
             return s.other.root.sign(SignatureAlgorithm::kEcdsaP256Sha256, tbs);
           })});
    }
    // The platform's own certificate is one of those that are tried.
    name_chain(m, 1);
    add_chain(m);
    const std::string leaf = leaf_of(m.collateral);
    for (std::size_t i = 1; i < kTried + (over ? 1 : 0); ++i)
      m.documents.documents.push_back({"leaf.crt", variant(as_bytes(leaf), i)});
    const Appraisal a = judge(m, s);
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_EQ(has_note(a, "left out: 1 of 17 TCB signing keys that lead to no trusted root"), over);
    EXPECT_EQ(has_note(a, "left out: 1 of 65 certificates that the chain could be made of"), over);
  }
}

TEST(DcapChecks, SignersBeyondTheLimitAreNoted) {
  constexpr std::size_t kCandidates = 1024;
  for (const std::size_t more : {0U, 1U}) {
    Stage s = good_stage();
    Made m = make(s);
    const Buffer signer = document(m, "tcb_signing.pem");
    for (std::size_t i = 1; i < kCandidates + more; ++i)
      m.documents.documents.push_back({"again.crt", variant(signer, i)});
    const Appraisal a = judge(m, s);
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_EQ(has_note(a, "left out: 1 of 1025 TCB signing certificates"), more == 1);
  }
}

TEST(DcapChecks, TheCertificateThatIsMisusedIsNamed) {
  Stage s = good_stage();
  set_ca(s.world.pck_cert);
  const Appraisal a = judge(make(s), s);
  ASSERT_NE(a.check("sgx.pck_chain.constraints"), nullptr);
  EXPECT_EQ(a.check("sgx.pck_chain.constraints")->found,
            s.world.pck_cert.subject.common_name() +
                " is a CA, may not sign, or has another key than P-256");
  Stage ca = good_stage();
  ca.world.pck_ca_cert.extensions.push_back(unknown_critical());
  const Appraisal b = judge(make(ca), ca);
  EXPECT_EQ(b.check("sgx.pck_chain.constraints")->found,
            ca.world.pck_ca_cert.subject.common_name() +
                " has a critical extension that ward does not know");
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

// TCB info version 2 says the same as version 3 in other words; Phala's JavaScript cannot decode
// it.
TEST(DcapChecks, ATcbInfoOfVersion2ComesToTheSame) {
  Stage s = good_stage();
  s.world.tcb_info.version = 2;
  EXPECT_EQ(judge(make(s), s).verdict, Verdict::kAccepted);
  s.world.tcb_info.levels[0].sgx_components[15] = 2;
  EXPECT_EQ(judge(make(s), s).tcb.status, "OutOfDate");
  // It is for SGX alone.
  Stage td = good_stage(kTdx15);
  td.world.tcb_info.version = 2;
  td.world.tcb_info.tdx_module.reset();
  EXPECT_EQ(judge(make(td), td).failed(), Ids{"tdx.tcb_info.id"});
}

// One TEE's documents say nothing of the other's platform.
TEST(DcapChecks, TheDocumentsOfTheOtherTeeAreNotTaken) {
  for (const Face& face : {kSgx, kTdx15}) {
    const Face& other = face.tdx() ? kSgx : kTdx15;
    Stage s = good_stage(face);
    Stage o = good_stage(other);
    Made m = make(s);
    m.documents = make(o).documents;
    const Appraisal a = judge(m, s);
    EXPECT_EQ(a.failed(), (Ids{face.prefix() + "tcb_info.id", face.prefix() + "qe_identity.id"}));
  }
}

TEST(DcapChecks, WhatThePckCertificateSaysOfThePlatformIsAClaim) {
  Stage s = good_stage();
  s.world.pck.dynamic_platform = true;
  s.world.pck.cached_keys = false;
  s.world.pck.smt_enabled = true;
  s.world.pck.sgx_type = 1;
  const Made m = make(s);
  const Appraisal a = judge(m, s);
  EXPECT_EQ(claim(a, "pck.ca"), attest::ClaimValue(std::string("platform")));
  EXPECT_EQ(claim(a, "pck.dynamic_platform"), attest::ClaimValue(true));
  EXPECT_EQ(claim(a, "pck.cached_keys"), attest::ClaimValue(false));
  EXPECT_EQ(claim(a, "pck.smt_enabled"), attest::ClaimValue(true));
  EXPECT_EQ(claim(a, "pck.sgx_type"), attest::ClaimValue(std::string("scalable")));
  EXPECT_EQ(claim(a, "provision_key"), attest::ClaimValue(false));
  EXPECT_EQ(claim(a, "kss"), attest::ClaimValue(true));
  EXPECT_EQ(claim(a, "config_id"), attest::ClaimValue(to_buffer(s.enclave.config_id)));
  EXPECT_EQ(claim(a, "config_svn"), attest::ClaimValue(std::uint64_t{0}));
  EXPECT_EQ(claim(a, "isv_family_id"), attest::ClaimValue(Buffer(16)));
  EXPECT_EQ(claim(a, "isv_ext_prod_id"), attest::ClaimValue(Buffer(16)));
}

// A policy that names every field, with the values that they have, accepts.
TEST(DcapChecks, EveryFieldHasTheValueThatTheEvidenceStates) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    Stage s = good_stage(face);
    const Made m = make(s);
    std::size_t named = 0;
    for (const attest::FieldFact& field : judge(m, s).facts.fields) {
      // MRSERVICETD is of TDX 1.5.
      if (field.values.empty()) {
        EXPECT_EQ(std::string(field.check->id), "tdx.td_report.mr_servicetd");
        continue;
      }
      auto& accepted = s.policy.accepted_values[field.check->id];
      accepted = field.values;
      accepted.insert(accepted.begin(), "something else");
      for (const std::string& value : field.values)
        EXPECT_TRUE(attest::is_possible(field.form, value)) << field.check->id << " " << value;
      ++named;
    }
    EXPECT_GE(named, 20U);
    const Appraisal a = judge(m, s);
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  }
}

// A TD report of 1.0 does not say what a policy for 1.5 asks: that is not accepted.
TEST(DcapChecks, AFieldThatTheEvidenceDoesNotHaveIsNotAccepted) {
  Stage s = good_stage(kTdx10);
  s.policy.accepted_values["tdx.td_report.mr_servicetd"] = {std::string(96, '0')};
  EXPECT_EQ(judge(make(s), s).verdict, Verdict::kUndetermined);
}

TEST(DcapChecks, APolicyThatNamesAFieldOfNoTeeIsNeverApplied) {
  Stage s = good_stage(kTdx10);
  s.policy.accepted_values["tdx.td_attributes.sept_ve_disabled"] = {"true"};
  const verifier::Verifier verifier(tee::all_schemes(), {}, s.policy);
  const Made m = make(s);
  const auto a = verifier.appraise({.evidence = dcap::write_quote(m.parts),
                                    .collateral = m.documents,
                                    .now = kNow,
                                    .expected = s.expected});
  ASSERT_FALSE(a);
  EXPECT_EQ(a.error().code(), Errc::kMalformed);
}

// Intel PCK Certificate Profile 1.3.5, SGX Type; an unknown one is not guessed at.
TEST(DcapChecks, HowMemoryIsProtectedIsSaidByTheSgxTypeAndTheTee) {
  struct Row {
    Face face;
    std::uint8_t type;
    const char* engine;
    const char* integrity;
    bool fresh;
  };

  const Row rows[] = {
      {kSgx, 0, "MEE", "cryptographic (integrity tree)", true},
      {kSgx, 1, "TME or TME-MK (MKTME)", "none", false},
      {kSgx, 2, "TME or TME-MK (MKTME)", "cryptographic (MAC per cache line)", false},
      {kSgx, 3, "unknown", "unknown", false},
      {kTdx15, 0, "unknown", "unknown", false},
      {kTdx15, 1, "TME-MK (MKTME)", "logical (TD-owner bit)", false},
      {kTdx15, 2, "TME-MK (MKTME)", "cryptographic (MAC per cache line)", false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.face.name + std::string(" type ") + std::to_string(row.type));
    Stage s = good_stage(row.face);
    s.world.pck.sgx_type = row.type;
    const Appraisal a = judge(make(s), s);
    EXPECT_EQ(claim(a, "memory_encryption.engine"), attest::ClaimValue(std::string(row.engine)));
    EXPECT_EQ(claim(a, "memory_encryption.integrity"),
              attest::ClaimValue(std::string(row.integrity)));
    EXPECT_EQ(claim(a, "memory_encryption.freshness"), attest::ClaimValue(row.fresh));
    EXPECT_EQ(claim(a, "memory_encryption.source"),
              attest::ClaimValue("PCK certificate, SGX Type " + std::to_string(row.type)));
    EXPECT_EQ(claim(a, "cpu_state_encryption.engine"), attest::ClaimValue(std::string(row.engine)));
  }
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
