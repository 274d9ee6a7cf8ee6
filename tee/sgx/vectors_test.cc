// Real SGX quotes with real collateral, against the verdicts of Intel's QVL and Phala's JavaScript
// verifier.
#include "test/support/vectors.h"

#include <gtest/gtest.h>

#include "attest/appraisal.h"
#include "pki/certificate.h"
#include "tee/dcap/certification.h"
#include "tee/sgx/evidence.h"
#include "tee/sgx/scheme.h"
#include "verifier/verifier.h"

namespace ward::sgx {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Unchecked;
using attest::Verdict;
using Ids = std::vector<std::string>;

std::filesystem::path vectors(const std::string& name) { return test::vectors_dir() / name; }

attest::Collateral documents(std::initializer_list<std::string> names) {
  attest::Collateral out;
  for (const std::string& name : names)
    out.documents.push_back({name, test::read_file(vectors(name))});
  return out;
}

Appraisal judge(Bytes quote, const attest::Collateral& collateral, const std::string& at,
                const attest::Policy& policy = {}) {
  const Sgx scheme;
  const attest::Scheme* schemes[] = {&scheme};
  const verifier::Verifier verifier(schemes, {}, policy);
  auto result = verifier.appraise({.evidence = quote,
                                   .collateral = collateral,
                                   .now = *parse_rfc3339(at),
                                   .expected = {Unchecked{}, Unchecked{}, Unchecked{}}});
  EXPECT_TRUE(result);
  return *std::move(result);
}

attest::Policy lenient(const std::string& status) {
  attest::Policy p;
  p.accepted_tcb = {status};
  p.allow_debug = true;
  return p;
}

// QVL's words for Intel's.
std::string status_of(const std::string& qvl) {
  if (qvl == "TCB_SW_HARDENING_NEEDED") return "SWHardeningNeeded";
  if (qvl == "TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED")
    return "ConfigurationAndSWHardeningNeeded";
  if (qvl == "TCB_OUT_OF_DATE") return "OutOfDate";
  return qvl;
}

// Every row in which ward's verdict differs from a peer's, with who is right and why.
bool peers_refuse_the_chain(const std::string& quote) {
  return quote == "sgx/sgx_v3_automata-network_57316ac1.dat";
}

std::string failed_of(const Appraisal& a) {
  std::string out;
  for (const std::string& id : a.failed())
    out += id + " ";
  return out;
}

void judge_row(std::map<std::string, std::string>& row, std::size_t& differences) {
  const Buffer quote = test::read_file(vectors(row["quote"]));
  const auto collateral = documents({row["tcb_info"], row["qe_identity"], row["pck_crl"],
                                     row["root_crl"], row["tcb_signing_cert"], row["root_ca"]});
  const Appraisal strict = judge(quote, collateral, row["time"]);
  if (peers_refuse_the_chain(row["quote"])) {
    // An octet of the leaf's issuer was altered ("Platform0CA"): QVL says SGX_PCK_INVALID_ISSUER,
    // ward names both facts.
    EXPECT_EQ(strict.failed(), (Ids{"sgx.pck_chain.signature", "sgx.pck_chain.names"}));
    EXPECT_FALSE(strict.tcb.status);
    return;
  }
  const std::string status = status_of(row["intel_qvl_verdict"]);
  const bool debug = *strict.facts.debug;
  EXPECT_EQ(strict.tcb.status, status);
  EXPECT_EQ(strict.verdict, Verdict::kRefused);
  // No policy of QVL's refuses debug; it leaves the bit to its caller. Phala's refuses it
  // hard-wired. Ward: policy, off.
  EXPECT_EQ(strict.failed(),
            debug ? (Ids{"sgx.tcb.status", "sgx.attributes.debug"}) : Ids{"sgx.tcb.status"});
  const Appraisal wide = judge(quote, collateral, row["time"], lenient(status));
  EXPECT_EQ(wide.verdict, Verdict::kAccepted) << failed_of(wide);
  for (const attest::Check& c : wide.checks) {
    const bool unasked = c.not_done == attest::NotDone::kNotAsked;
    EXPECT_TRUE(c.outcome == Outcome::kPassed || unasked) << c.info->id;
  }
  EXPECT_EQ(wide.unchecked, (Ids{"report_data", "measurement"}));
  const std::string& js = row["phala_js_0.3.9"];
  if (js.starts_with("ERR")) {
    // Phala's JavaScript cannot decode TCB info version 2 and refuses debug itself: both stated in
    // its own words.
    EXPECT_TRUE(js.find("Failed to decode TcbInfo") != std::string::npos ||
                (debug && js == "ERR Debug mode is enabled"))
        << js;
    return;
  }
  const auto bar = js.find('|');
  if (js.substr(0, bar) != status ||
      std::to_string(wide.tcb.advisories.size()) != js.substr(bar + 1))
    ++differences;
}

TEST(SgxVectors, EveryCaseHasTheStatusAndAdvisoriesThatThePeersFound) {
  WARD_NEED_VECTORS();
  std::size_t judged = 0;
  std::size_t differences = 0;
  for (auto& row : test::read_tsv(vectors("dcap/cases.tsv"))) {
    if (!row["quote"].starts_with("sgx/")) continue;
    SCOPED_TRACE(row["quote"] + " at " + row["time"]);
    judge_row(row, differences);
    ++judged;
  }
  EXPECT_EQ(differences, 0U);
  EXPECT_GE(judged, 28U);
  test::report_vectors("dcap cases (sgx)", judged, judged, differences);
}

attest::Collateral everything() {
  attest::Collateral out;
  for (const char* folder : {"dcap/tcbinfo", "dcap/qeid", "dcap/crl", "dcap/certs"}) {
    for (const auto& entry : std::filesystem::directory_iterator(vectors(folder))) {
      out.documents.push_back({entry.path().filename(), test::read_file(entry.path())});
    }
  }
  return out;
}

// What each quote of the manifest must come to with the whole mixture of collateral at hand.
struct Expected {
  const char* file;
  const char* at;
  const char* status;  // null: no status can be had
  Ids failed;          // beside policy
};

const Expected kExpected[] = {
    {"automata-network_268c0681", "2024-05-18T18:22:51Z", "SWHardeningNeeded", {}},
    {"automata-network_57316ac1",
     "2024-05-18T18:22:51Z",
     nullptr,
     {"sgx.pck_chain.signature", "sgx.pck_chain.names"}},
    {"automata-network_743a7a64", "2025-05-31T13:25:00Z", "ConfigurationAndSWHardeningNeeded", {}},
    {"automata-network_b69ac41b", "2024-02-08T07:34:33Z", "SWHardeningNeeded", {}},
    {"automata-network_c81a90ee", "2024-05-18T18:22:51Z", "SWHardeningNeeded", {}},
    {"automata-network_e8f10643", "2024-05-18T18:22:51Z", "SWHardeningNeeded", {}},
    {"coco_77bcbdfa", "2023-05-29T17:54:21Z", "OutOfDate", {}},
    {"openenclave_3346527d", "2025-06-11T19:08:46Z", "OutOfDate", {}},
    {"openenclave_ad730280", "2025-06-11T19:08:46Z", "OutOfDate", {}},
    {"phala-network_f8b81014", "2025-05-31T13:25:00Z", "ConfigurationAndSWHardeningNeeded", {}},
};

TEST(SgxVectors, AMixtureOfAllCollateralGivesTheRightDocumentsForEveryQuote) {
  WARD_NEED_VECTORS();
  const attest::Collateral mixture = everything();
  for (const Expected& e : kExpected) {
    SCOPED_TRACE(e.file);
    const Buffer quote = test::read_file(vectors(std::string("sgx/sgx_v3_") + e.file + ".dat"));
    attest::Policy any;
    any.accept_any_tcb = true;
    any.allow_debug = true;
    const Appraisal a = judge(quote, mixture, e.at, any);
    EXPECT_EQ(a.failed(), e.failed);
    EXPECT_EQ(a.verdict, e.failed.empty() ? Verdict::kAccepted : Verdict::kRefused);
    EXPECT_EQ(a.tcb.status.value_or(""), e.status == nullptr ? "" : e.status);
    EXPECT_FALSE(a.notes.empty()) << "what was passed over is named";
  }
}

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
    const Buffer quote = test::read_file(vectors(std::string("sgx/sgx_v3_") + f.file + ".dat"));
    attest::Policy any;
    any.accept_any_tcb = true;
    any.allow_debug = true;
    const Appraisal a = judge(quote, mixture, f.at, any);
    EXPECT_NE(a.verdict, Verdict::kAccepted);
    if (f.failed != nullptr) {
      ASSERT_NE(a.check(f.failed), nullptr);
      EXPECT_EQ(a.check(f.failed)->outcome, Outcome::kFailed) << failed_of(a);
    } else {
      EXPECT_EQ(a.check("sgx.pck_chain.present")->not_done, attest::NotDone::kAbsent);
    }
  }
}

TEST(SgxVectors, TheManifestHoldsNoQuoteThatIsNotJudgedHere) {
  WARD_NEED_VECTORS();
  std::size_t in_manifest = 0;
  std::size_t judged = 0;
  for (auto& row : test::read_tsv(vectors("MANIFEST.tsv"))) {
    if (row["kind"] != "sgx-quote-v3") continue;
    ++in_manifest;
    for (const Expected& e : kExpected)
      judged += row["file"] == std::string("sgx/sgx_v3_") + e.file + ".dat" ? 1U : 0U;
    for (const Foreign& f : kForeign)
      judged += row["file"] == std::string("sgx/sgx_v3_") + f.file + ".dat" ? 1U : 0U;
  }
  EXPECT_EQ(judged, in_manifest);
  test::report_vectors("sgx-quote-v3", in_manifest, judged, 0);
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

// Which check a changed octet at this place of the quote must fail.
const char* check_at(const Quote& q, std::size_t at) {
  struct Range {
    std::size_t begin, end;
    const char* id;
  };

  const dcap::QeLayout& l = q.qe_layout;
  const Range ranges[] = {
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
      {432, 436, "sgx.quote.size"},
      {436, 500, "sgx.quote.signature"},
      {500, 564, "sgx.qe_report.report_data"},
      {l.report, l.auth_data_size, "sgx.qe_report.signature"},
      {l.auth_data_size, l.auth_data, "sgx.quote.size"},
      {l.auth_data, l.certification_type, "sgx.qe_report.report_data"},
      {l.certification_size, l.certification_data, "sgx.quote.size"},
  };
  for (const Range& r : ranges) {
    if (at >= r.begin && at < r.end) return r.id;
  }
  return nullptr;  // certification type and data: judged apart
}

TEST(SgxVectors, AFlippedBitInEveryByteFailsTheCheckOfItsField) {
  WARD_NEED_VECTORS();
  const Buffer whole = test::read_file(vectors(kGood));
  const auto collateral = good_collateral();
  const auto quote = parse_quote(whole);
  ASSERT_TRUE(quote);
  ASSERT_EQ(judge(whole, collateral, kGoodAt, lenient("SWHardeningNeeded")).verdict,
            Verdict::kAccepted);
  for (std::size_t at = 0; at < quote->qe_layout.certification_data; ++at) {
    Buffer flipped = whole;
    flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ (1U << (at % 8)));
    const Appraisal a = judge(flipped, collateral, kGoodAt, lenient("SWHardeningNeeded"));
    ASSERT_EQ(a.verdict == Verdict::kAccepted, false) << at;
    const char* want = check_at(*quote, at);
    if (want == nullptr) continue;
    ASSERT_NE(a.check(want), nullptr) << at;
    EXPECT_EQ(a.check(want)->outcome, Outcome::kFailed)
        << at << " " << want << ": " << failed_of(a);
  }
}

// The chain is PEM text: line ends and blanks may change without changing a certificate; everything
// else must not pass.
TEST(SgxVectors, AFlippedBitInTheChainIsAcceptedOnlyWhereTheCertificatesStayTheSame) {
  WARD_NEED_VECTORS();
  const Buffer whole = test::read_file(vectors(kGood));
  const auto collateral = good_collateral();
  const auto quote = parse_quote(whole);
  const auto original = pki::parse_certificates(as_text(quote->qe.certification_data));
  ASSERT_TRUE(original);
  std::size_t refused = 0;
  for (std::size_t at = quote->qe_layout.certification_data; at < whole.size(); ++at) {
    Buffer flipped = whole;
    flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ (1U << (at % 8)));
    const Appraisal a = judge(flipped, collateral, kGoodAt, lenient("SWHardeningNeeded"));
    if (a.verdict != Verdict::kAccepted) {
      ++refused;
      EXPECT_FALSE(a.failed().empty()) << at;
      continue;
    }
    const auto again =
        pki::parse_certificates(as_text(parse_quote(flipped)->qe.certification_data));
    ASSERT_TRUE(again && again->size() == 3) << at;
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_EQ((*again)[i].der, (*original)[i].der) << at;
  }
  EXPECT_GT(refused, 3500U);
}

TEST(SgxVectors, TruncationAtEveryLengthIsRefusedByTheSizeCheck) {
  WARD_NEED_VECTORS();
  const Buffer whole = test::read_file(vectors(kGood));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Appraisal a = judge(Bytes(whole).first(n), {}, kGoodAt);
    EXPECT_EQ(a.failed(), Ids{"sgx.quote.size"}) << n;
  }
}

struct Time {
  const char* name;
  const char* at;
  const char* failed;
};

// QVL answers OK before notBefore and before an issue date (it looks at the later end alone); RFC
// 5280 6.1.3 (a)(2) and Intel's PCS documents state both ends.
constexpr Time kTimes[] = {
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
  const Buffer quote = test::read_file(vectors(kGood));
  for (const Time& t : kTimes) {
    SCOPED_TRACE(t.name);
    const Appraisal a = judge(quote, good_collateral(), t.at, lenient("SWHardeningNeeded"));
    EXPECT_EQ(a.verdict, Verdict::kRefused);
    ASSERT_NE(a.check(t.failed), nullptr);
    EXPECT_EQ(a.check(t.failed)->outcome, Outcome::kFailed) << failed_of(a);
  }
}

TEST(SgxVectors, EachMissingDocumentLeavesTheVerdictUndeterminedUnderItsOwnName) {
  WARD_NEED_VECTORS();
  const Buffer quote = test::read_file(vectors(kGood));
  const char* missing[] = {"sgx.tcb_info.present", "sgx.qe_identity.present", "sgx.pck_crl.present",
                           "sgx.root_crl.present", "sgx.tcb_signing.present"};
  for (std::size_t i = 0; i < std::size(missing); ++i) {
    attest::Collateral some = good_collateral();
    some.documents.erase(some.documents.begin() + static_cast<std::ptrdiff_t>(i));
    const Appraisal a = judge(quote, some, kGoodAt, lenient("SWHardeningNeeded"));
    EXPECT_EQ(a.verdict, Verdict::kUndetermined) << missing[i] << ": " << failed_of(a);
    EXPECT_EQ(a.check(missing[i])->not_done, attest::NotDone::kAbsent) << missing[i];
  }
}

TEST(SgxVectors, ThePinnedAnchorIsTheSourcesKey) {
  WARD_NEED_VECTORS();
  const Sgx scheme;
  const auto anchors = scheme.info().anchors;
  ASSERT_EQ(anchors.size(), 1U);
  const auto root =
      pki::parse_certificates(test::read_text(vectors("dcap/certs/Root_CA_20180521_44a0196b.pem")));
  ASSERT_TRUE(root);
  EXPECT_TRUE(equal(anchors[0].spki_sha256, root->front().spki_sha256()));
  // Certificates of Intel's tests carry the same name and other keys: they are not the root.
  for (const char* other : {"Root_CA_20180521_04c5dd85.pem", "Root_CA_20180521_72f9c249.pem",
                            "Root_CA_20180521_fc64f807.pem", "Root_CA_20191031_e3f49e85.pem",
                            "Root_CA_20191031_e52f4efa.pem"}) {
    const auto c =
        pki::parse_certificates(test::read_text(vectors(std::string("dcap/certs/") + other)));
    ASSERT_TRUE(c) << other;
    const bool same_key = equal(anchors[0].spki_sha256, c->front().spki_sha256());
    const bool genuine = pki::signed_by(c->front(), *root->front().public_key);
    EXPECT_EQ(same_key, genuine) << other;
  }
}

}  // namespace
}  // namespace ward::sgx
