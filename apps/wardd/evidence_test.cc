#include "apps/wardd/evidence.h"

#include <algorithm>

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
  EXPECT_EQ(judged->appraisal.tee, "snp");
  EXPECT_EQ(judged->appraisal.failed(), std::vector<std::string>{"snp.report.form"});
  const auto other_tee = appraise("sgx", R"({"attestation_report":{}})");
  ASSERT_FALSE(other_tee);
  EXPECT_EQ(other_tee.error().code(), Errc::kUnsupported);
  EXPECT_FALSE(appraise("snp", R"({"report":1})"));
}

// appraised is what comes of evidence in a session of `tee`, without collateral: judged, or not
// even looked at.
Result<attest::Appraisal> appraised(const std::string& tee, const std::string& primary,
                                    const std::string& additional = {}) {
  const PipelineVerifier verifier({}, {});
  const broker::EvidencePolicy policy;
  const Buffer binding(48);
  auto out = verifier.appraise({.tee = tee,
                                .primary_evidence = primary,
                                .additional_evidence = additional,
                                .binding = binding,
                                .device_binding = binding,
                                .policy = policy,
                                .now = UnixTime{1700000000}});
  if (!out) return out.error();
  return std::move(out->appraisal);
}

// sent writes evidence as the protocol carries it: JSON as it is, octets as a quote, and the list
// of NVIDIA's tools as Trustee's guests wrap it.
std::string sent(const Buffer& evidence) {
  const std::string text(as_text(evidence));
  if (text.starts_with('{')) return text;
  if (text.starts_with('[')) return R"({"device_evidence_list":)" + text + "}";
  return R"({"quote":")" + to_base64(evidence, Base64::kStandard) + "\"}";
}

std::string vector_of(const std::string& path) {
  return sent(test::read_file(test::source_dir() / "tee" / path / "evidence"));
}

TEST(PipelineVerifier, EveryTeesEvidenceReachesItsSchemeByItsNameInTheProtocol) {
  const struct {
    const char* tee;
    const char* vector;
    const char* scheme;
  } kCases[] = {
      {"sgx", "sgx/testdata/valid/sgx_3", "sgx"},
      {"tdx", "tdx/testdata/valid/tdx_4", "tdx"},
      {"snp", "snp/testdata/valid/milan_2_vcek", "snp"},
      {"az-snp-vtpm", "azure/testdata/valid/snp_0", "azure"},
      {"az-snp-vtpm", "azure/testdata/valid/snp_1", "azure"},
      {"az-tdx-vtpm", "azure/testdata/valid/tdx_1", "azure"},
      {"tpm", "tpm/testdata/valid/rsapss_trustee_key", "tpm"},
      {"cca", "cca/testdata/valid/cca_json", "cca"},
      {"nvidia", "nvidia/testdata/valid/hopper_list", "nvidia"},
      {"nitro", "nitro/testdata/valid/nitro", "nitro"},
      {"psa", "psa/testdata/valid/psa_2_0_0", "psa"},
      {"keystone", "keystone/testdata/valid/keystone", "keystone"},
  };

  for (const auto& row : kCases) {
    EXPECT_TRUE(PipelineVerifier({}, {}).serves(row.tee)) << row.tee;
    const auto judged = appraised(row.tee, vector_of(row.vector));
    ASSERT_TRUE(judged) << row.tee << ": " << judged.error().what();
    EXPECT_EQ(judged->tee, row.scheme);
    for (const std::string& id : judged->failed()) {
      EXPECT_EQ(id.find(".form"), std::string::npos) << row.vector << ": " << id;
    }
    const std::string other = row.tee == std::string("sgx") ? "tdx" : "sgx";
    const auto refused = appraised(other, vector_of(row.vector));
    ASSERT_FALSE(refused) << row.vector;
    EXPECT_EQ(refused.error().code(), Errc::kUnsupported);
  }
  // A host chooses what SEV's reports bind; the others no scheme knows.
  for (const char* tee : {"sev", "csv", "se", "hygondcu", "sample", "sampledevice", "azure", ""})
    EXPECT_FALSE(PipelineVerifier({}, {}).serves(tee)) << tee;
}

TEST(PipelineVerifier, AdditionalEvidenceIsPartOfTheVerdict) {
  const std::string primary = vector_of("cca/testdata/valid/cca_json");
  const std::string gpus = vector_of("nvidia/testdata/valid/hopper_list");
  const auto both = appraised("cca", primary, R"({"nvidia":)" + gpus + "}");
  ASSERT_TRUE(both) << both.error().what();
  EXPECT_EQ(both->tee, "cca");
  EXPECT_TRUE(std::ranges::any_of(both->checks, [](const attest::Check& check) {
    return std::string_view(check.info->id) == "composite.part.verdict";
  }));
  for (const std::string& wrong :
       {std::string("{"), std::string("[]"), R"({"snp":)" + gpus + "}",
        std::string(R"({"nvidia":7})"), std::string(R"({"toaster":{}})")})
    EXPECT_FALSE(appraised("cca", primary, wrong)) << wrong.substr(0, 20);
}

}  // namespace
}  // namespace ward::wardd
