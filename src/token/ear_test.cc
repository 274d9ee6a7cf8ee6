#include "token/ear.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/rng.h"
#include "crypto/sign.h"

namespace ward::token {
namespace {

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

Ear sample() {
  EarSubmod submod;
  submod.vector = {.configuration = 2, .executables = 3, .hardware = 2};
  submod.tee = "sgx";
  submod.tee_claims_json = R"({"quote.body.mr_enclave":"00"})";
  submod.runtime_data_json = R"({"nonce":"n","tee-pubkey":{"kty":"EC"}})";
  submod.report_data = Buffer(2, 0xab);
  submod.verdict = "accepted";
  submod.tcb_status = "UpToDate";
  submod.checks = {{.id = "sgx.quote.signature", .outcome = "passed"}};
  return {.issuer = "wardd.test",
          .verifier_build = "0.1.0",
          .issued = {1000},
          .expires = {1300},
          .submods = {submod}};
}

codec::JsonValue payload(const Ear& ear) {
  const auto text = ear_payload(ear);
  EXPECT_TRUE(text) << (text ? "" : text.error().what());
  auto parsed = codec::parse_json(as_bytes(*text));
  EXPECT_TRUE(parsed);
  return *std::move(parsed);
}

TEST(Ear, the_claim_set_is_trustees_profile_in_canonical_json) {
  EXPECT_EQ(
      *ear_payload(sample()),
      R"({"ear.verifier-id":{"build":"0.1.0","developer":"ward"},)"
      R"("eat_profile":"tag:github.com,2024:confidential-containers/Trustee","exp":1300,"iat":1000,)"
      R"("iss":"wardd.test","submods":{"cpu0":{"ear.appraisal-policy-id":"default",)"
      R"("ear.status":"affirming","ear.trustworthiness-vector":{"configuration":2,"executables":3,)"
      R"("file-system":0,"hardware":2,"instance-identity":0,"runtime-opaque":0,"sourced-data":0,)"
      R"("storage-opaque":0},"ear.veraison.annotated-evidence":{"report_data":"abab",)"
      R"("runtime_data_claims":{"nonce":"n","tee-pubkey":{"kty":"EC"}},)"
      R"("sgx":{"quote.body.mr_enclave":"00"}},"ward.appraisal":{"checks":[{"expected":"",)"
      R"("expected_from":"","found":"","hint":"","id":"sgx.quote.signature","outcome":"passed",)"
      R"("reference":""}],"development":false,"schema":"ward.ear-appraisal/1",)"
      R"("tcb_advisories":[],"tcb_status":"UpToDate","unchecked":[],"verdict":"accepted"}}}})");
}

TEST(Ear, a_signed_result_verifies_and_reads_back) {
  crypto::SeededRng rng(as_bytes("ear"));
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
  ASSERT_TRUE(key);
  const std::vector<JwsKey> trusted = {
      {JwsAlgorithm::kEs256, key->public_key(), thumbprint(key->public_key())}};
  const auto token = sign_ear(signer_of(*key), sample());
  ASSERT_TRUE(token);
  const auto jwt = verify_jwt(*token, trusted,
                              {.issuer = std::string("wardd.test"),
                               .audience = Unchecked{},
                               .now = {1299},
                               .max_age_s = std::nullopt,
                               .rules = {.typ = "JWT"}});
  ASSERT_TRUE(jwt) << jwt.error().what();
  const auto view = view_ear(jwt->claims);
  ASSERT_TRUE(view) << view.error().what();
  ASSERT_EQ(view->submods.size(), 1U);
  const EarView::Submod& cpu = view->submods[0];
  EXPECT_EQ(cpu.name, "cpu0");
  EXPECT_EQ(cpu.status, TrustTier::kAffirming);
  EXPECT_EQ(cpu.verdict, "accepted");
  EXPECT_FALSE(cpu.development);
  ASSERT_NE(cpu.tee_pubkey, nullptr);
  EXPECT_EQ(cpu.tee_pubkey->find("kty")->as_string(), "EC");
}

TEST(Ear, tiers_are_those_of_ar4si) {
  struct Row {
    int claim;
    TrustTier tier;
  };
  using enum TrustTier;
  for (const Row& row : std::vector<Row>{{-128, kContraindicated},
                                         {-97, kContraindicated},
                                         {-96, kWarning},
                                         {-33, kWarning},
                                         {-32, kAffirming},
                                         {-2, kAffirming},
                                         {-1, kNone},
                                         {0, kNone},
                                         {1, kNone},
                                         {2, kAffirming},
                                         {31, kAffirming},
                                         {32, kWarning},
                                         {95, kWarning},
                                         {96, kContraindicated},
                                         {127, kContraindicated}}) {
    EXPECT_EQ(tier_of(static_cast<std::int8_t>(row.claim)), row.tier) << row.claim;
  }
}

TEST(Ear, the_status_is_the_worst_claim_and_never_good_where_the_verdict_is_not) {
  Ear ear = sample();
  const auto status = [&] {
    return std::string(
        *payload(ear).find("submods")->find("cpu0")->find("ear.status")->as_string());
  };
  EXPECT_EQ(status(), "affirming");
  ear.submods[0].vector.file_system = 33;
  EXPECT_EQ(status(), "warning");
  ear.submods[0].vector.instance_identity = 97;
  EXPECT_EQ(status(), "contraindicated");
  ear.submods[0].vector = {};
  EXPECT_EQ(status(), "none");
  ear = sample();
  for (const char* verdict : {"refused", "undetermined", "", "Accepted"}) {
    ear.submods[0].verdict = verdict;
    EXPECT_EQ(status(), "contraindicated") << verdict;
  }
}

TEST(Ear, a_development_platform_is_no_affirming_hardware) {
  Ear ear = sample();
  ear.submods[0].development = true;
  EXPECT_EQ(code(ear_payload(ear)), Errc::kDenied);
  ear.submods[0].vector.hardware = 97;
  EXPECT_TRUE(ear_payload(ear));
  ear.submods[0].vector.hardware = 0;
  const auto claims = payload(ear);
  EXPECT_TRUE(view_ear(claims)->submods[0].development);
}

TEST(Ear, results_that_cannot_be_written) {
  const auto with = [](void (*change)(Ear&)) {
    Ear ear = sample();
    change(ear);
    return code(ear_payload(ear));
  };
  EXPECT_EQ(with([](Ear& e) { e.submods.clear(); }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods.push_back(e.submods[0]); }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods.resize(kMaxEarSubmods + 1); }), Errc::kLimit);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].checks.resize(kMaxEarChecks + 1); }), Errc::kLimit);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].tee_claims_json = "[]"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].tee_claims_json = "{}{}"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].tee_claims_json = R"({"a":1,"a":2})"; }),
            Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].runtime_data_json = "{"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].tee = "report_data"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].checks[0].found = "\xff"; }), Errc::kMalformed);
}

TEST(Ear, bounds_hold_at_the_limit) {
  Ear ear = sample();
  ear.submods[0].checks.resize(kMaxEarChecks);
  for (std::size_t i = 1; i < kMaxEarSubmods; ++i) {
    ear.submods.push_back(sample().submods[0]);
    ear.submods.back().name = "gpu" + std::to_string(i);
  }
  EXPECT_EQ(view_ear(payload(ear))->submods.size(), kMaxEarSubmods);
}

struct Case {
  const char* name;
  const char* claims;
  Errc want;
};

TEST(Ear, results_that_a_relying_party_refuses) {
  const std::string head =
      R"({"eat_profile":"tag:github.com,2024:confidential-containers/Trustee",)";
  const std::vector<Case> cases = {
      {"profile_absent", R"({"submods":{"a":{"ear.status":"affirming"}}})", Errc::kMalformed},
      {"profile_other", R"({"eat_profile":"x","submods":{"a":{"ear.status":"affirming"}}})",
       Errc::kUnsupported},
      {"no_submods", R"("x":1})", Errc::kMalformed},
      {"empty_submods", R"("submods":{}})", Errc::kMalformed},
      {"submods_list", R"("submods":[]})", Errc::kMalformed},
      {"submod_text", R"("submods":{"a":"affirming"}})", Errc::kMalformed},
      {"status_absent", R"("submods":{"a":{}}})", Errc::kMalformed},
      {"status_unknown", R"("submods":{"a":{"ear.status":"fine"}}})", Errc::kMalformed},
      {"status_number", R"("submods":{"a":{"ear.status":2}}})", Errc::kMalformed},
      {"better_than_vector",
       R"("submods":{"a":{"ear.status":"affirming","ear.trustworthiness-vector":{"hardware":97}}}})",
       Errc::kMalformed},
      {"vector_unknown",
       R"("submods":{"a":{"ear.status":"affirming","ear.trustworthiness-vector":{"soft":2}}}})",
       Errc::kMalformed},
      {"vector_too_large",
       R"("submods":{"a":{"ear.status":"contraindicated",)"
       R"("ear.trustworthiness-vector":{"hardware":128}}}})",
       Errc::kMalformed},
      {"reasons_without_development",
       R"("submods":{"a":{"ear.status":"affirming",)"
       R"("ward.appraisal":{"verdict":"accepted","unchecked":[]}}}})",
       Errc::kMalformed},
  };
  for (const Case& c : cases) {
    const std::string text = (c.claims[0] == '{' ? "" : head) + c.claims;
    const auto parsed = codec::parse_json(as_bytes(text));
    ASSERT_TRUE(parsed) << c.name;
    EXPECT_EQ(code(view_ear(*parsed)), c.want) << c.name;
  }
}

struct Judged {
  const char* name;
  void (*change)(EarView::Submod&);
  bool with_development;
  bool without;
};

TEST(Ear, a_relying_party_accepts_affirming_results_alone) {
  using enum TrustTier;
  const std::vector<Judged> cases = {
      {"good", [](EarView::Submod&) {}, true, true},
      {"none", [](EarView::Submod& s) { s.status = kNone; }, false, false},
      {"warning", [](EarView::Submod& s) { s.status = kWarning; }, false, false},
      {"contraindicated", [](EarView::Submod& s) { s.status = kContraindicated; }, false, false},
      {"refused", [](EarView::Submod& s) { s.verdict = "refused"; }, false, false},
      {"undetermined", [](EarView::Submod& s) { s.verdict = "undetermined"; }, false, false},
      {"unchecked", [](EarView::Submod& s) { s.unchecked = {"report_data"}; }, false, false},
      {"development", [](EarView::Submod& s) { s.development = true; }, true, false},
      {"development_none",
       [](EarView::Submod& s) {
         s.development = true;
         s.status = kNone;
       },
       true, false},
      {"development_contraindicated",
       [](EarView::Submod& s) {
         s.development = true;
         s.status = kContraindicated;
       },
       true, false},
      {"development_without_a_verdict",
       [](EarView::Submod& s) {
         s.development = true;
         s.verdict.clear();
         s.status = kContraindicated;
       },
       false, false},
  };
  for (const Judged& c : cases) {
    EarView view;
    view.submods.resize(2);
    for (EarView::Submod& submod : view.submods) {
      submod.status = kAffirming;
      submod.verdict = "accepted";
      submod.development = false;
    }
    c.change(view.submods[1]);
    for (const bool allow : {true, false}) {
      const auto judged = judge_ear(view, allow);
      EXPECT_EQ(judged.has_value(), allow ? c.with_development : c.without) << c.name;
      EXPECT_TRUE(judged || judged.error().code() == Errc::kDenied) << c.name;
    }
  }
  EXPECT_EQ(code(judge_ear({}, true)), Errc::kDenied);
}

TEST(Ear, a_result_without_our_own_claim_counts_as_development) {
  const std::string text =
      R"({"eat_profile":"tag:github.com,2024:confidential-containers/Trustee",)"
      R"("submods":{"cpu0":{"ear.status":"affirming"}}})";
  const auto parsed = codec::parse_json(as_bytes(text));
  ASSERT_TRUE(parsed);
  const auto view = view_ear(*parsed);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->submods[0].development);
  EXPECT_EQ(view->submods[0].verdict, "");
}

}  // namespace
}  // namespace ward::token
