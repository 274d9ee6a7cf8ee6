// Real SGX quotes with real collateral, against the verdicts of Intel's QVL and Phala's JavaScript
// verifier.
#include <gtest/gtest.h>

#include "pki/certificate.h"
#include "tee/sgx/scheme.h"
#include "test/dcap_vectors/vectors.h"

namespace ward::test {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;

TEST(SgxVectors, EveryCaseHasTheStatusAndAdvisoriesThatThePeersFound) {
  WARD_NEED_VECTORS();
  const std::size_t judged = judge_cases("sgx");
  EXPECT_GE(judged, 28U);
  report_vectors("dcap cases (sgx)", judged, judged, 0);
}

TEST(SgxVectors, EveryQuoteParsesWithItsFields) {
  WARD_NEED_VECTORS();
  EXPECT_GE(expect_kind_fields("sgx-quote-v3"), 17U);
}

const std::vector<Expected> kExpected = {
    {"sgx/sgx_v3_automata-network_268c0681.dat", "2024-05-18T18:22:51Z", "SWHardeningNeeded", {}},
    {"sgx/sgx_v3_automata-network_57316ac1.dat",
     "2024-05-18T18:22:51Z",
     nullptr,
     {"sgx.pck_chain.signature", "sgx.pck_chain.names"}},
    {"sgx/sgx_v3_automata-network_743a7a64.dat",
     "2025-05-31T13:25:00Z",
     "ConfigurationAndSWHardeningNeeded",
     {}},
    {"sgx/sgx_v3_automata-network_b69ac41b.dat", "2024-02-08T07:34:33Z", "SWHardeningNeeded", {}},
    {"sgx/sgx_v3_automata-network_c81a90ee.dat", "2024-05-18T18:22:51Z", "SWHardeningNeeded", {}},
    {"sgx/sgx_v3_automata-network_e8f10643.dat", "2024-05-18T18:22:51Z", "SWHardeningNeeded", {}},
    {"sgx/sgx_v3_coco_77bcbdfa.dat", "2023-05-29T17:54:21Z", "OutOfDate", {}},
    {"sgx/sgx_v3_openenclave_3346527d.dat", "2025-06-11T19:08:46Z", "OutOfDate", {}},
    {"sgx/sgx_v3_openenclave_ad730280.dat", "2025-06-11T19:08:46Z", "OutOfDate", {}},
    {"sgx/sgx_v3_phala-network_f8b81014.dat",
     "2025-05-31T13:25:00Z",
     "ConfigurationAndSWHardeningNeeded",
     {}},
};

// Quotes of Intel's and Open Enclave's own tests: under other roots, or without a chain. None may
// ever be accepted.
struct Foreign {
  const char* file;
  const char* at;
  const char* failed;  // must be among the failed; null: nothing failed, but the chain is absent
};

constexpr Foreign kForeign[] = {
    {"intel_5042adf0", "2024-05-18T18:22:51Z", "sgx.qe_report.mr_signer"},
    {"openenclave_27298890", "2024-05-18T18:22:51Z", nullptr},
    {"openenclave_2a49ce72", "2020-05-18T18:22:51Z", "sgx.pck_chain.signature"},
    {"openenclave_f1ff3893", "2020-05-18T18:22:51Z", "sgx.tcb_info.fmspc"},
    {"openenclave_f4f27469", "2020-05-18T18:22:51Z", "sgx.pck_chain.root"},
    {"openenclave_f6caddab", "2020-05-18T18:22:51Z", "sgx.tcb_info.fmspc"},
    {"automata-network_5de6ba42", "2024-05-18T18:22:51Z", "sgx.tcb_info.fmspc"},
};

TEST(SgxVectors, QuotesWithAnAlteredChainOrWithoutTcbInfoAreNotAccepted) {
  WARD_NEED_VECTORS();
  const attest::Collateral mixture = everything();
  for (const Foreign& f : kForeign) {
    SCOPED_TRACE(f.file);
    const Buffer quote = read_file(vectors(std::string("sgx/sgx_v3_") + f.file + ".dat"));
    const Appraisal a = judge(quote, mixture, f.at, anything_good());
    EXPECT_NE(a.verdict, Verdict::kAccepted);
    if (f.failed != nullptr) {
      ASSERT_NE(a.check(f.failed), nullptr);
      EXPECT_EQ(a.check(f.failed)->outcome, Outcome::kFailed) << failed_of(a);
    } else {
      EXPECT_EQ(a.check("sgx.pck_chain.present")->not_done, attest::NotDone::kAbsent);
    }
  }
}

TEST(SgxVectors, AMixtureOfAllCollateralGivesTheRightDocumentsForEveryQuote) {
  WARD_NEED_VECTORS();
  expect_mixture("sgx-quote-v3", kExpected, std::size(kForeign));
}

constexpr const char* kGood = "sgx/sgx_v3_automata-network_c81a90ee.dat";
constexpr const char* kGoodAt = "2024-05-18T18:22:51Z";

attest::Collateral good_collateral() {
  return documents(
      {"dcap/tcbinfo/SGX_00606a000000_v2_ev16_20240502_009b82.json",
       "dcap/qeid/QE_all_v2_ev16_20240429_9a058d.json", "dcap/crl/platform_20240508_b50cd10d.der",
       "dcap/crl/root_20240320_6b9fff78.der", "dcap/certs/TCB_Signing_20180521_ec37d981.pem",
       "dcap/certs/Root_CA_20180521_44a0196b.pem"});
}

Sample sample() { return {kGood, kGoodAt, "SWHardeningNeeded", good_collateral()}; }

TEST(SgxVectors, AFlippedBitInEveryByteFailsTheCheckOfItsField) {
  WARD_NEED_VECTORS();
  std::vector<Range> ranges = qe_ranges(read_file(vectors(kGood)), "sgx");
  const Range own[] = {
      {0, 2, "sgx.quote.version"},
      {2, 4, "sgx.quote.att_key_type"},
      {4, 8, "sgx.quote.tee_type"},
      {8, 12, "sgx.quote.signature"},
      {12, 28, "sgx.quote.qe_vendor_id"},
      {28, 48 + 20, "sgx.quote.signature"},
      {48 + 20, 48 + 32, "sgx.quote.reserved"},
      {48 + 32, 48 + 96, "sgx.quote.signature"},
      {48 + 96, 48 + 128, "sgx.quote.reserved"},
      {48 + 128, 48 + 160, "sgx.quote.signature"},
      {48 + 160, 48 + 192, "sgx.quote.reserved"},
      {48 + 192, 48 + 262, "sgx.quote.signature"},
      {48 + 262, 48 + 304, "sgx.quote.reserved"},
      {48 + 304, 432, "sgx.quote.signature"},
  };
  ranges.insert(ranges.end(), std::begin(own), std::end(own));
  expect_flips(sample(), ranges);
}

TEST(SgxVectors, AFlippedBitInTheChainIsAcceptedOnlyWhereTheCertificatesStayTheSame) {
  WARD_NEED_VECTORS();
  expect_chain_flips(sample());
}

TEST(SgxVectors, TruncationAtEveryLengthIsRefusedByTheSizeCheck) {
  WARD_NEED_VECTORS();
  expect_cuts(sample(), "sgx");
  EXPECT_EQ(judge({}, {}, kGoodAt).failed(), Ids{"sgx.quote.size"});
}

// QVL answers OK before notBefore and before an issue date (it looks at the later end alone); RFC
// 5280 6.1.3 (a)(2) and Intel's PCS documents state both ends.
const std::vector<Moment> kMoments = {
    {"before the PCK certificate", "2024-03-01T00:00:00Z", "sgx.pck_chain.not_before"},
    {"before the TCB info", "2024-05-01T00:00:00Z", "sgx.tcb_info.issue_date"},
    {"before the QE identity", "2024-04-20T00:00:00Z", "sgx.qe_identity.issue_date"},
    {"before the PCK CRL", "2024-05-05T00:00:00Z", "sgx.pck_crl.this_update"},
    {"before the root CRL", "2024-03-10T00:00:00Z", "sgx.root_crl.this_update"},
    {"after the TCB info", "2024-06-02T00:00:00Z", "sgx.tcb_info.next_update"},
    {"after the QE identity", "2024-06-02T00:00:00Z", "sgx.qe_identity.next_update"},
    {"after the PCK CRL", "2024-06-08T00:00:00Z", "sgx.pck_crl.next_update"},
    {"after the root CRL", "2025-04-04T00:00:00Z", "sgx.root_crl.next_update"},
    {"after the TCB signing certificate", "2025-05-22T00:00:00Z", "sgx.tcb_signing.not_after"},
    {"after the PCK certificate", "2031-03-08T00:00:00Z", "sgx.pck_chain.not_after"},
};

TEST(SgxVectors, EveryDocumentIsFreshAtTheGivenTimeOrItsOwnCheckFails) {
  WARD_NEED_VECTORS();
  expect_moments(sample(), kMoments);
}

TEST(SgxVectors, EachMissingDocumentLeavesTheVerdictUndeterminedUnderItsOwnName) {
  WARD_NEED_VECTORS();
  expect_absences(sample(),
                  {"sgx.tcb_info.present", "sgx.qe_identity.present", "sgx.pck_crl.present",
                   "sgx.root_crl.present", "sgx.tcb_signing.present"});
}

TEST(SgxVectors, HardwareAndADevelopmentPlatformAreToldApart) {
  WARD_NEED_VECTORS();
  const Sample good = sample();
  expect_apart("sgx/testdata/valid/sgx_3", read_file(vectors(good.file)), good.collateral, good.at,
               lenient(good.status));
}

TEST(SgxVectors, ThePinnedAnchorIsTheSourcesKey) {
  WARD_NEED_VECTORS();
  const sgx::Sgx scheme;
  const auto anchors = scheme.info().anchors;
  ASSERT_EQ(anchors.size(), 1U);
  const auto root =
      pki::parse_certificates(read_text(vectors("dcap/certs/Root_CA_20180521_44a0196b.pem")));
  ASSERT_TRUE(root);
  EXPECT_TRUE(equal(anchors[0].spki_sha256, root->front().spki_sha256));
  // Certificates of Intel's tests carry the same name and other keys: they are not the root.
  for (const char* other : {"Root_CA_20180521_04c5dd85.pem", "Root_CA_20180521_72f9c249.pem",
                            "Root_CA_20180521_fc64f807.pem", "Root_CA_20191031_e3f49e85.pem",
                            "Root_CA_20191031_e52f4efa.pem"}) {
    const auto c = pki::parse_certificates(read_text(vectors(std::string("dcap/certs/") + other)));
    ASSERT_TRUE(c) << other;
    const bool same_key = equal(anchors[0].spki_sha256, c->front().spki_sha256);
    const bool genuine = pki::signed_by(c->front(), *root->front().public_key);
    EXPECT_EQ(same_key, genuine) << other;
  }
}

}  // namespace
}  // namespace ward::test
