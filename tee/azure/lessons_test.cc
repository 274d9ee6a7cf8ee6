// What verifiers of Azure's evidence, or of its parts, got wrong in public or could: each a machine
// that this one refuses, or judges by what the hardware vouches for alone.
#include <algorithm>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "tee/azure/made/stage.h"
#include "tee/azure/scheme.h"
#include "tee/tcg/event_log.h"
#include "verifier/verifier.h"

namespace ward::azure::made {
namespace {

using attest::Appraisal;
using attest::Verdict;
using Ids = std::vector<std::string>;

Appraisal judge(const Stage& s, const Evidence& evidence, const attest::Collateral& documents) {
  static const Azure kAzure;
  static const attest::Scheme* const kSchemes[] = {&kAzure};
  const verifier::Verifier verifier(kSchemes, {anchor_of(s)}, s.policy);
  const Buffer octets = write_evidence(evidence);
  auto out = verifier.appraise(
      {.evidence = octets, .collateral = documents, .now = kNow, .expected = s.expected});
  return out ? *std::move(out) : Appraisal{};
}

Appraisal judge(const Stage& s) {
  const Made made = make(s);
  return judge(s, made.evidence, made.documents);
}

Stage snp() { return good_stage(kFaces[kSnpFace]); }

Stage tdx() { return good_stage(kFaces[kTdxFace]); }

// Trustee compares the first 32 octets of the report data.
TEST(AzureLessons, ReportDataIsComparedWhole) {
  {
    Stage s = snp();
    std::array<std::uint8_t, 64> data{};
    std::ranges::copy(crypto::sha256(as_bytes(write_runtime_data(s.runtime))), data.begin());
    data[40] = 1;
    s.report_data = data;
    EXPECT_EQ(judge(s).failed(), Ids{"azure.runtime_data.bound"});
  }
}

// Software in the guest may ask for a report itself, at its own privilege level, over any key.
TEST(AzureLessons, AReportThatTheGuestAskedForVouchesForNoKey) {
  for (const std::uint32_t vmpl : {1U, 2U, 3U}) {
    Stage s = snp();
    s.snp->world.report.vmpl = vmpl;
    s.runtime.keys[0] = runtime_key("HCLAkPub", stranger().public_key());
    s.ak = &stranger();
    EXPECT_EQ(judge(s).failed(), Ids{"azure.report.vmpl"});
  }
}

// The quote's own key decides, not the one that comes first or that fits.
TEST(AzureLessons, TheEndorsementKeySignsNoQuotes) {
  Stage s = snp();
  s.ak = &stranger();  // which the runtime data name as HCLEkPub
  std::swap(s.runtime.keys[0], s.runtime.keys[1]);
  EXPECT_EQ(judge(s).failed(), Ids{"azure.tpm.quote.signature"});
}

TEST(AzureLessons, OfTwoKeysOfOneNameNeitherIsBelieved) {
  Stage s = snp();
  s.runtime.keys[1].id = "HCLAkPub";
  EXPECT_EQ(judge(s).failed(), Ids{"azure.runtime_data.ak"});
}

// A JSON reader that takes the last of two members of one name, and another that takes the first.
TEST(AzureLessons, ANameThatStandsTwiceIsRefused) {
  Stage s = snp();
  s.runtime_json = write_runtime_data(s.runtime);
  s.runtime_json.insert(1, "\"keys\":[],");
  EXPECT_EQ(judge(s).failed(), Ids{"azure.runtime_data.form"});
}

// Magic not checked: a key that signs anything would make quotes.
TEST(AzureLessons, OctetsThatNoTpmGeneratedAreNoQuote) {
  Stage s = snp();
  s.quote.magic = 0;
  EXPECT_EQ(judge(s).failed(), Ids{"azure.tpm.quote.magic"});
}

// PCR values are named by the signed selection, not by their place in the list.
TEST(AzureLessons, ValuesBelongToThePcrsThatTheQuoteSelects) {
  Stage s = snp();
  std::vector<std::uint32_t> selected;
  for (std::uint32_t i = 1; i < 24; ++i)
    selected.push_back(i);
  s.quote.pcr_select = {tpm::selection_of(tpm::alg::kSha256, selected)};
  EXPECT_EQ(judge(s).failed(), Ids{"azure.tpm.quote.pcr_values"});
}

// A nonce that nobody asked for, and one that is filled up (Trustee).
TEST(AzureLessons, ANonceIsThereAndIsComparedWhole) {
  Stage none = snp();
  none.quote.extra_data.clear();
  none.expected.report_data = attest::Unchecked{};
  EXPECT_EQ(judge(none).failed(), Ids{"azure.tpm.quote.extra_data"});
  Stage padded = snp();
  Buffer longer = padded.quote.extra_data;
  longer.resize(64);
  padded.expected.report_data = std::vector<Buffer>{longer};
  EXPECT_EQ(judge(padded).failed(), Ids{"azure.report_data.expected"});
}

// Debug accepted: whoever reads the guest's memory has the virtual TPM's keys.
TEST(AzureLessons, AGuestUnderDebugIsRefused) {
  Stage s = snp();
  s.snp->world.report.policy |= 1U << 19U;
  EXPECT_EQ(judge(s).failed(), Ids{"azure.guest.debug"});
  Stage td = tdx();
  td.tdx->td.td_attributes |= 1U;
  EXPECT_EQ(judge(td).failed(), Ids{"azure.guest.debug"});
}

// The TD report in the paravisor's report has a MAC that nobody far away can check: the quote
// counts, and must be of it.
TEST(AzureLessons, WhatCountsIsTheQuoteNotTheTdReport) {
  const Stage s = tdx();
  Made made = make(s);
  Stage other = tdx();
  other.tdx->td.mr_td[0] ^= 1U;
  made.evidence.td_quote = make(other).evidence.td_quote;
  Ids failed = judge(s, made.evidence, made.documents).failed();
  EXPECT_EQ(failed, (Ids{"azure.td_report.quoted", "azure.measurement.expected"}));
}

// One maker's root does not vouch for the other's hardware; here: a report of SNP hardware beside
// a quote of a TD's, and a TD's report as an SNP one.
TEST(AzureLessons, AReportOfOtherHardwareIsRefused) {
  const Stage s = tdx();
  Made made = make(s);
  made.evidence.hcl = make(snp()).evidence.hcl;
  EXPECT_EQ(judge(s, made.evidence, made.documents).failed(), Ids{"azure.hcl.report_type"});
}

// A TD's event log is compared with the TD's registers, and a virtual TPM's with its PCRs: where
// it is the TPM's, that the TD's registers are zero says nothing.
TEST(AzureLessons, AnEventLogIsTheVirtualTpms) {
  const Stage s = tdx();
  Made made = make(s);
  made.documents.documents.push_back({"log", tcg::write_event_log(soft::default_log())});
  const Appraisal a = judge(s, made.evidence, made.documents);
  // A log of a TD's registers is none of its PCRs': it counts for nothing, and a demand is not met.
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  EXPECT_TRUE(std::ranges::any_of(a.notes, [](const std::string& note) {
    return note.find("log: an event log of other registers") != std::string::npos;
  }));
  EXPECT_TRUE(std::ranges::none_of(a.claims, [](const attest::Claim& claim) {
    return claim.name.find("event_log.events") != std::string::npos;
  }));
}

// Zeros behind a quote are its service's; anything else is not cut off.
TEST(AzureLessons, OnlyZerosAreTakenFromBehindAQuote) {
  const Stage s = tdx();
  Made made = make(s);
  made.evidence.td_quote.resize(made.evidence.td_quote.size() + 1000);
  EXPECT_EQ(judge(s, made.evidence, made.documents).verdict, Verdict::kAccepted);
  made.evidence.td_quote.back() = 1;
  EXPECT_EQ(judge(s, made.evidence, made.documents).failed(), Ids{"azure.tdx.quote.size"});
}

// The certificate that comes along is its sender's: it neither replaces the chain nor a list.
TEST(AzureLessons, ACertificateThatComesAlongIsNoRoot) {
  const Stage s = snp();
  Made made = make(s);
  drop(made, "root_ca.pem");
  drop(made, "ask.der");
  const Appraisal a = judge(s, made.evidence, made.documents);
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_TRUE(a.failed().empty());
}

}  // namespace
}  // namespace ward::azure::made
