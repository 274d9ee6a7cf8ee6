// What an attester or a host might try against SEV-SNP evidence: its own revocation lists, hidden
// chips, certificates in numbers.
#include <gtest/gtest.h>

#include "test/snp_checks/cases.h"

namespace ward::soft {
namespace {

using namespace snp_fixture;  // NOLINT(google-build-using-namespace): written in its words
using attest::Verdict;
using Ids = std::vector<std::string>;

// What the attester sends neither pushes out nor replaces what the relying party gave.
TEST(SnpAttacker, TheReportsTableDoesNotPushOutARevocationList) {
  Stage s = good_stage(kFaces[2]);
  Made m = make(s);
  m.table.push_back({"CRL", m.collateral.crl});
  s.world.crl.revoked = {{.serial = s.world.ask_cert.serial, .revoked_at = kFrom}};
  const Buffer revoking = sign_amd_world(s.world, keys_of("one"))->crl;
  drop(m, "crl.der");
  while (m.documents.documents.size() + 1 < attest::kMaxDocuments)
    m.documents.documents.push_back({"other", {1}});
  m.documents.documents.push_back({"crl.der", revoking});
  EXPECT_EQ(judge(m, s).failed(), Ids{"snp.ask.revocation"});
}

TEST(SnpAttacker, ARevocationListThatTheAttesterSendsCountsForWhatItListsAlone) {
  Stage s = good_stage(kFaces[2]);
  Made m = make(s);
  drop(m, "crl.der");
  m.table.push_back({"CRL", m.collateral.crl});
  const Appraisal a = judge(m, s);
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(a.check("snp.crl.present")->not_done, attest::NotDone::kAbsent);
  s.world.crl.revoked = {{.serial = s.world.ask_cert.serial, .revoked_at = kFrom}};
  m.table.back().data = sign_amd_world(s.world, keys_of("one"))->crl;
  for (const bool required : {true, false}) {
    s.policy.require_revocation = required;
    EXPECT_EQ(judge(m, s).failed(), Ids{"snp.ask.revocation"}) << required;
  }
}

TEST(SnpAttacker, ARevocationListForOtherCertificatesSaysNothingOfTheIntermediate) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    Stage s = good_stage(face);
    // IssuingDistributionPoint: onlyContainsUserCerts [1], onlyContainsAttributeCerts [5].
    for (const std::uint8_t only : {std::uint8_t{0x81}, std::uint8_t{0x85}}) {
      s.world.crl.extensions.resize(1);
      s.world.crl.extensions.push_back(
          {.oid = {0x55, 0x1d, 0x1c}, .critical = true, .value = {0x30, 0x03, only, 0x01, 0xff}});
      EXPECT_EQ(judge(make(s), s).failed(), Ids{"snp.crl.extensions"});
    }
  }
}

TEST(SnpAttacker, ARevokedRootIsRefused) {
  Stage s = good_stage(kFaces[3]);
  s.world.crl.revoked = {{.serial = s.world.ark_cert.serial, .revoked_at = kFrom}};
  EXPECT_EQ(judge(make(s), s).failed(), Ids{"snp.ask.revocation"});
}

// The certificate vouches for the chip: hiding CHIP_ID evades no list, and of a VLEK's chip nobody
// vouches.
TEST(SnpAttacker, APolicyJudgesTheChipThatACertificateVouchesFor) {
  Stage s = good_stage(kFaces[3]);
  const std::string chip = to_hex(s.world.report.chip_id);
  s.world.report.chip_id.fill(0);
  s.policy.refused_values["snp.report.chip_id"] = {chip};
  EXPECT_EQ(judge(make(s), s).failed(), Ids{"snp.report.chip_id"});
  Stage vlek = good_stage(kFaces[1]);
  vlek.world.report.chip_id.fill(7);
  vlek.policy.accepted_values["snp.report.chip_id"] = {to_hex(vlek.world.report.chip_id)};
  const Appraisal a = judge(make(vlek), vlek);
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(a.check("snp.report.chip_id")->not_done, attest::NotDone::kAbsent);
}

TEST(SnpAttacker, AReportOfVersion2StatesItsLineAndNoProduct) {
  Stage s = good_stage(kFaces[0]);
  s.policy.refused_values["snp.product.name"] = {"Genoa"};
  EXPECT_EQ(judge(make(s), s).verdict, Verdict::kUndetermined);
}

TEST(SnpAttacker, OfAFleetThatHidesItsChipsTheCertificateThatSignedIsFound) {
  Stage s = good_stage(kFaces[3]);
  s.world.report.chip_id.fill(0);
  Made m = make(s);
  attest::Collateral all;
  for (unsigned i = 0; i < 100; ++i) {
    Stage other = good_stage(kFaces[3]);
    other.world.vcek.hwid = Buffer(8, static_cast<std::uint8_t>(i));
    other.world.vcek_cert.spki = keys_of("two").vcek.public_key().to_spki();
    all.documents.push_back({"other.der", sign_amd_world(other.world, keys_of("one"))->vcek});
  }
  for (attest::Document& d : m.documents.documents)
    all.documents.push_back(std::move(d));
  m.documents = all;
  EXPECT_EQ(judge(m, s).verdict, Verdict::kAccepted) << attest::summary(judge(m, s));
  // Without it nothing is called wrong: any of them may be another machine's.
  drop(m, "vcek.der");
  const Appraisal a = judge(m, s);
  EXPECT_EQ(a.failed(), Ids{});
  EXPECT_EQ(a.check("snp.vek.present")->not_done, attest::NotDone::kAbsent);
}

}  // namespace
}  // namespace ward::soft
