// Real TDX quotes with real collateral, against the verdicts of Intel's QVL and Phala's JavaScript
// verifier.
#include <gtest/gtest.h>

#include "test/dcap_vectors/vectors.h"

namespace ward::test {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;

TEST(TdxVectors, EveryCaseHasTheStatusAndAdvisoriesThatThePeersFound) {
  WARD_NEED_VECTORS();
  const std::size_t judged = judge_cases("tdx");
  EXPECT_GE(judged, 60U);
  report_vectors("dcap cases (tdx)", judged, judged, 0);
}

TEST(TdxVectors, EveryQuoteParsesWithItsFields) {
  WARD_NEED_VECTORS();
  EXPECT_GE(expect_kind_fields("tdx-quote-v4"), 24U);
  EXPECT_GE(expect_kind_fields("tdx-quote-v5"), 4U);
}

const std::vector<Expected> kExpected4 = {
    {"tdx/tdx_v4_automata-network_4b23198a.dat", "2024-05-27T22:09:46Z", "OutOfDate", {}},
    {"tdx/tdx_v4_coco_12b401a8.dat", "2023-06-28T08:03:58Z", "UpToDate", {}},
    // Under a root of Intel's tests, which has the real one's name and another key.
    {"tdx/tdx_v4_coco_6fb27f35.dat", "2022-11-04T03:36:14Z", nullptr, {"tdx.pck_chain.root"}},
    {"tdx/tdx_v4_coco_7ea0d11c.dat", "2024-05-27T22:09:46Z", "OutOfDate", {}},
    {"tdx/tdx_v4_coco_b789d779.dat", "2025-11-04T11:56:24Z", "OutOfDate", {}},
    // No collateral of its time: each document says so by its own date.
    {"tdx/tdx_v4_coco_ec2858d5.dat",
     "2024-01-05T03:35:44Z",
     nullptr,
     {"tdx.pck_crl.this_update", "tdx.tcb_info.next_update", "tdx.qe_identity.issue_date"}},
    {"tdx/tdx_v4_dstack-tee_0c699dd4.dat", "2026-03-11T03:08:59Z", "UpToDate", {}},
    {"tdx/tdx_v4_dstack-tee_1d0342e3.dat",
     "2026-04-15T00:50:58Z",
     nullptr,
     {"tdx.pck_crl.this_update", "tdx.tcb_info.next_update", "tdx.qe_identity.next_update"}},
    {"tdx/tdx_v4_dstack-tee_2f2344ea.dat", "2025-07-04T10:16:31Z", "UpToDate", {}},
    {"tdx/tdx_v4_dstack-tee_66ea276d.dat",
     "2024-05-27T22:09:09Z",
     "UpToDate",
     {"tdx.pck_chain.not_before"}},
    {"tdx/tdx_v4_dstack-tee_9c3786b9.dat", "2025-03-09T10:24:52Z", "UpToDate", {}},
    {"tdx/tdx_v4_dstack-tee_c39caccf.dat", "2025-03-14T04:22:06Z", "UpToDate", {}},
    {"tdx/tdx_v4_dstack-tee_d99bed10.dat",
     "2026-04-15T00:50:58Z",
     nullptr,
     {"tdx.pck_crl.this_update", "tdx.tcb_info.next_update", "tdx.qe_identity.next_update"}},
    {"tdx/tdx_v4_dstack-tee_f7d98e52.dat", "2025-07-04T10:16:31Z", nullptr, {"tdx.tcb.level"}},
    {"tdx/tdx_v4_flashbots_509f50f8.dat", "2026-01-27T15:54:59Z", "UpToDate", {}},
    {"tdx/tdx_v4_flashbots_d0ee491c.dat", "2025-03-14T20:02:29Z", "UpToDate", {}},
    {"tdx/tdx_v4_google_00b2526a.dat", "2024-07-08T00:13:53Z", "UpToDate", {}},
    {"tdx/tdx_v4_google_0b7c5579.dat", "2026-01-25T01:50:14Z", "UpToDate", {}},
    {"tdx/tdx_v4_google_3507b5f7.dat", "2023-06-28T08:03:58Z", nullptr, {"tdx.tcb.level"}},
    {"tdx/tdx_v4_intel_f51db4d1.dat", "2024-05-28T08:31:41Z", "UpToDate", {}},
    {"tdx/tdx_v4_matter-labs_c6291192.dat", "2025-02-28T03:44:50Z", "UpToDate", {}},
    {"tdx/tdx_v4_phala-network_32f07013.dat", "2025-07-04T10:16:31Z", nullptr, {"tdx.tcb.level"}},
    {"tdx/tdx_v4_phala-network_9069d475.dat", "2025-09-17T07:22:55Z", "UpToDate", {}},
    {"tdx/tdx_v4_phala-network_a123d490.dat", "2025-07-04T10:16:31Z", nullptr, {"tdx.tcb.level"}},
};

const std::vector<Expected> kExpected5 = {
    {"tdx/tdx_v5_automata-network_586c2be0.dat",
     "2024-05-27T22:09:09Z",
     nullptr,
     {"tdx.tcb.level"}},
    {"tdx/tdx_v5_google_cf77a6e9.dat", "2026-02-04T03:11:36Z", "UpToDate", {}},
    {"tdx/tdx_v5_openenclave_67adfc4a.dat", "2024-05-27T22:09:46Z", "OutOfDate", {}},
    {"tdx/tdx_v5_openenclave_d21a11db.dat", "2025-02-27T19:09:43Z", "UpToDate", {}},
    // Launched under module 04, which the platform has updated to 07 since.
    {"tdx/tdx_v5_openenclave_d21a11db.dat", "2026-01-27T15:54:59Z", "TDRelaunchAdvised", {}},
};

TEST(TdxVectors, AMixtureOfAllCollateralGivesTheRightDocumentsForEveryQuote) {
  WARD_NEED_VECTORS();
  expect_mixture("tdx-quote-v4", kExpected4, 0);
  expect_mixture("tdx-quote-v5", kExpected5, 0);
}

// What is wrong with a TD that must be launched anew stands in the advisories of the module that it
// was launched under.
TEST(TdxVectors, ATdToBeLaunchedAnewNamesTheAdvisoriesOfItsOldModule) {
  WARD_NEED_VECTORS();
  const Buffer quote = read_file(vectors("tdx/tdx_v5_openenclave_d21a11db.dat"));
  const Appraisal a = judge(quote, everything(), "2026-01-27T15:54:59Z");
  EXPECT_EQ(a.failed(), Ids{"tdx.tcb.status"});
  EXPECT_EQ(a.tcb.advisories, (Ids{"INTEL-SA-01036", "INTEL-SA-01099"}));
  EXPECT_EQ(claim_text(a, "tdx_module.status"), "OutOfDate");
  EXPECT_EQ(claim_text(a, "qe_identity.status"), "UpToDate");
}

Sample sample4() {
  return {
      "tdx/tdx_v4_google_00b2526a.dat", "2024-07-08T00:13:53Z", "UpToDate",
      documents({"dcap/tcbinfo/TDX_00806f050000_v3_ev16_20240614_0369a9.json",
                 "dcap/qeid/TD_QE_all_v2_ev16_20240613_68afcf.json",
                 "dcap/crl/platform_20240627_630519bf.der", "dcap/crl/root_20240320_6b9fff78.der",
                 "dcap/certs/TCB_Signing_20180521_ec37d981.pem",
                 "dcap/certs/Root_CA_20180521_44a0196b.pem"})};
}

Sample sample5() {
  return {
      "tdx/tdx_v5_google_cf77a6e9.dat", "2026-02-04T03:11:36Z", "UpToDate",
      documents({"dcap/tcbinfo/TDX_90c06f000000_v3_ev18_20260112_618e1b.json",
                 "dcap/qeid/TD_QE_all_v2_ev18_20260112_e8f645.json",
                 "dcap/crl/platform_20260115_b4bd47da.der", "dcap/crl/root_20250320_ad6f3f4e.der",
                 "dcap/certs/TCB_Signing_20250506_c0575e76.pem",
                 "dcap/certs/Root_CA_20180521_44a0196b.pem"})};
}

// The ranges of the signed part; `other_version` is the check that the first octet's flip fails,
// which makes version 4 of 5, and 5 of 4.
std::vector<Range> ranges(const Sample& sample, const char* other_version, std::size_t body_at,
                          std::size_t body_end) {
  std::vector<Range> out = qe_ranges(read_file(vectors(sample.file)), "tdx");
  const Range own[] = {
      {0, 1, other_version},
      {1, 2, "tdx.quote.version"},
      {2, 4, "tdx.quote.att_key_type"},
      {4, 8, "tdx.quote.tee_type"},
      {8, 12, "tdx.quote.reserved"},
      {12, 28, "tdx.quote.qe_vendor_id"},
      {28, 48, "tdx.quote.signature"},
      {48, body_at, "tdx.quote.body_type"},
      {body_at, body_end, "tdx.quote.signature"},
  };
  out.insert(out.end(), std::begin(own), std::end(own));
  return out;
}

TEST(TdxVectors, AFlippedBitInEveryByteFailsTheCheckOfItsField) {
  WARD_NEED_VECTORS();
  expect_flips(sample4(), ranges(sample4(), "tdx.quote.body_type", 48, 632));
  expect_flips(sample5(), ranges(sample5(), "tdx.quote.size", 54, 702));
}

TEST(TdxVectors, AFlippedBitInTheChainIsAcceptedOnlyWhereTheCertificatesStayTheSame) {
  WARD_NEED_VECTORS();
  expect_chain_flips(sample5());
}

TEST(TdxVectors, TruncationAtEveryLengthIsRefusedByTheSizeCheck) {
  WARD_NEED_VECTORS();
  expect_cuts(sample4(), "tdx");
  expect_cuts(sample5(), "tdx");
}

TEST(TdxVectors, EveryDocumentIsFreshAtTheGivenTimeOrItsOwnCheckFails) {
  WARD_NEED_VECTORS();
  expect_moments(
      sample4(),
      {{"before the PCK certificate", "2024-06-20T00:00:00Z", "tdx.pck_chain.not_before"},
       {"before the TCB info", "2024-06-10T00:00:00Z", "tdx.tcb_info.issue_date"},
       {"after the TCB info", "2024-07-15T00:00:00Z", "tdx.tcb_info.next_update"}});
}

TEST(TdxVectors, EachMissingDocumentLeavesTheVerdictUndeterminedUnderItsOwnName) {
  WARD_NEED_VECTORS();
  expect_absences(sample4(),
                  {"tdx.tcb_info.present", "tdx.qe_identity.present", "tdx.pck_crl.present",
                   "tdx.root_crl.present", "tdx.tcb_signing.present"});
}

TEST(TdxVectors, HardwareAndADevelopmentPlatformAreToldApart) {
  WARD_NEED_VECTORS();
  const Sample good = sample4();
  expect_apart("tdx/testdata/valid/tdx_4", read_file(vectors(good.file)), good.collateral, good.at,
               lenient(good.status));
}

}  // namespace
}  // namespace ward::test
