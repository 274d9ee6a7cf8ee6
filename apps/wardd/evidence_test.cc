#include "apps/wardd/evidence.h"

#include <gtest/gtest.h>

#include "test/support/vectors.h"

namespace ward::wardd {
namespace {

TEST(EvidenceOf, AQuoteIsDecodedAndAnotherObjectIsTheEvidenceItself) {
  for (const char* plain : {R"({"quote":"AQI="})", R"({"cc_eventlog":null,"quote":"AQI="})"}) {
    const auto quote = evidence_of(plain);
    ASSERT_TRUE(quote) << plain;
    EXPECT_EQ(quote->evidence, (Buffer{1, 2}));
    EXPECT_TRUE(quote->beside.documents.empty());
  }
  constexpr std::string_view kReport = R"({"attestation_report":{"version":2}})";
  const auto report = evidence_of(kReport);
  ASSERT_TRUE(report);
  EXPECT_EQ(as_text(report->evidence), kReport);
  for (const char* wrong : {"", "{", "[]", R"(["quote"])", R"("quote")", R"({"quote":""})",
                            R"({"quote":7})", R"({"quote":"*"})"}) {
    const auto refused = evidence_of(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code(), Errc::kMalformed) << wrong;
  }
}

TEST(EvidenceOf, AnEventLogComesAlongAndNothingElseDoes) {
  const Buffer log = test::read_file(test::source_dir() / "tee/tdx/testdata/valid/tdx_4/ccel.bin");
  const auto with = [](std::string_view value) {
    return evidence_of(R"({"quote":"AQI=","cc_eventlog":)" + std::string(value) + "}");
  };
  const auto sent = with('"' + to_base64(log, Base64::kStandard) + '"');
  ASSERT_TRUE(sent);
  ASSERT_EQ(sent->beside.documents.size(), 1U);
  EXPECT_EQ(sent->beside.documents[0].bytes, log);
  const Buffer document =
      test::read_file(test::source_dir() / "tee/tdx/testdata/valid/tdx_4/tcb_info.json");
  for (const std::string& wrong : {std::string(R"("")"), std::string(R"("*")"), std::string("7"),
                                   '"' + to_base64(document, Base64::kStandard) + '"'}) {
    const auto refused = with(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code(), Errc::kMalformed) << wrong;
  }
}

// A client of Trustee's for SEV-SNP sends its JSON as it is: that is judged, here as malformed, and
// only in a session of its TEE.
TEST(PipelineVerifier, TheJsonOfSevSnpReachesItsScheme) {
  const PipelineVerifier verifier({}, {});
  const broker::EvidencePolicy policy;
  const Buffer binding(48);
  const auto appraise = [&](const char* tee, std::string_view evidence) {
    return verifier.appraise({.tee = tee,
                              .primary_evidence = evidence,
                              .additional_evidence = {},
                              .binding = binding,
                              .device_binding = binding,
                              .policy = policy,
                              .now = UnixTime{1700000000}});
  };
  const auto judged = appraise("snp", R"({"attestation_report":{}})");
  ASSERT_TRUE(judged);
  EXPECT_EQ(judged->tee, "snp");
  EXPECT_EQ(judged->failed(), std::vector<std::string>{"snp.report.form"});
  const auto other_tee = appraise("sgx", R"({"attestation_report":{}})");
  ASSERT_FALSE(other_tee);
  EXPECT_EQ(other_tee.error().code(), Errc::kUnsupported);
  EXPECT_FALSE(appraise("snp", R"({"report":1})"));
}

}  // namespace
}  // namespace ward::wardd
