#include "token/ear.h"

#include <cstddef>
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

std::vector<EarCheck> passed_checks(std::size_t count) {
  std::vector<EarCheck> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back({.id = "sgx.n" + std::to_string(i), .outcome = "passed"});
  }
  return out;
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
      R"("sgx":{"quote.body.mr_enclave":"00"}},"ward.appraisal":{"checks":[],"development":false,)"
      R"("passed":["sgx.quote.signature"],"schema":"ward.ear-appraisal/2",)"
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
  EXPECT_EQ(with([](Ear& e) { e.submods[0].checks = passed_checks(kMaxEarChecks + 1); }),
            Errc::kLimit);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].checks[0].id = "signature"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].checks[0].outcome = "skipped"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].checks[0].outcome = "failed"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) {
              e.submods[0].checks.push_back(e.submods[0].checks[0]);
              e.submods[0].checks[1].outcome = "not_done";
            }),
            Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].tee_claims_json = "[]"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].tee_claims_json = "{}{}"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].tee_claims_json = R"({"a":1,"a":2})"; }),
            Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].runtime_data_json = "{"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].tee = "report_data"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) {
              e.submods[0].checks[0].outcome = "not_done";
              e.submods[0].checks[0].found = "\xff";
            }),
            Errc::kMalformed);
}

TEST(Ear, bounds_hold_at_the_limit) {
  Ear ear = sample();
  ear.submods[0].checks = passed_checks(kMaxEarChecks);
  ear.submods[0].checks.back().outcome = "not_done";
  for (std::size_t i = 1; i < kMaxEarSubmods; ++i) {
    ear.submods.push_back(sample().submods[0]);
    ear.submods.back().name = "gpu" + std::to_string(i);
  }
  const auto view = view_ear(payload(ear));
  ASSERT_TRUE(view) << view.error().what();
  EXPECT_EQ(view->submods.size(), kMaxEarSubmods);
  EXPECT_EQ(view->submods[0].checks.size(), kMaxEarChecks);
}

// draft-ietf-rats-ear-03, section 3: the names, lists instead of single texts, a status of all.
TEST(Ear, the_ietf_profile_has_underscored_names_and_lists) {
  Ear ear = sample();
  ear.submods[0].nonce = to_buffer(as_bytes("noncenonce"));
  ear.submods[0].tee = "";
  ear.submods[0].checks.clear();
  EXPECT_EQ(
      *ear_payload(ear, EarProfile::kIetf),
      R"({"ear_status":"affirming","ear_verifier_id":{"build":"0.1.0","developer":"ward"},)"
      R"("eat_profile":"tag:ietf.org,2026:rats/ear#03","exp":1300,"iat":1000,)"
      R"("iss":"wardd.test","submods":{"cpu0":{"ear_appraisal_policy_ids":["default"],)"
      R"("ear_status":"affirming","ear_trustworthiness_vector":{"configuration":2,"executables":3,)"
      R"("file-system":0,"hardware":2,"instance-identity":0,"runtime-opaque":0,"sourced-data":0,)"
      R"("storage-opaque":0},"ear_veraison_annotated_evidence":{"report_data":"abab",)"
      R"("runtime_data_claims":{"nonce":"n","tee-pubkey":{"kty":"EC"}}},)"
      R"("eat_nonce":"bm9uY2Vub25jZQ","ward.appraisal":{"checks":[],"development":false,)"
      R"("passed":[],"schema":"ward.ear-appraisal/2","tcb_advisories":[],"tcb_status":"UpToDate",)"
      R"("unchecked":[],"verdict":"accepted"}}}})");
}

TEST(Ear, a_status_of_all_is_that_of_the_worst_submod) {
  Ear ear = sample();
  ear.submods.push_back(ear.submods[0]);
  ear.submods[1].name = "gpu0";
  ear.submods[1].vector.hardware = 32;
  const auto claims = codec::parse_json(as_bytes(*ear_payload(ear, EarProfile::kIetf)));
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->find("ear_status")->as_string(), "warning");
  EXPECT_TRUE(view_ear(*claims));
  // One that is better than a submod's is a lie.
  std::string text = *ear_payload(ear, EarProfile::kIetf);
  text.replace(text.find("warning"), 7, "affirming");
  const auto lie = codec::parse_json(as_bytes(text));
  ASSERT_TRUE(lie);
  EXPECT_EQ(code(view_ear(*lie)), Errc::kMalformed);
}

TEST(Ear, the_two_profiles_say_the_same) {
  Ear ear = sample();
  ear.submods[0].vector.configuration = 32;
  ear.submods[0].unchecked = {"workload"};
  ear.submods[0].checks.push_back({.id = "a.b", .outcome = "not_done", .found = "x"});
  std::vector<codec::JsonValue> claims;
  for (const EarProfile profile : {EarProfile::kTrustee, EarProfile::kIetf}) {
    claims.push_back(*codec::parse_json(as_bytes(*ear_payload(ear, profile))));
  }
  const auto trustee = view_ear(claims[0]);
  const auto ietf = view_ear(claims[1]);
  ASSERT_TRUE(trustee && ietf);
  EXPECT_EQ(trustee->profile, EarProfile::kTrustee);
  EXPECT_EQ(ietf->profile, EarProfile::kIetf);
  for (const EarView* view : {&*trustee, &*ietf}) {
    const EarView::Submod& cpu = view->submods[0];
    EXPECT_EQ(cpu.status, TrustTier::kWarning);
    EXPECT_EQ(cpu.vector.configuration, 32);
    EXPECT_EQ(cpu.policy_ids, std::vector<std::string>{"default"});
    EXPECT_EQ(cpu.verdict, "accepted");
    EXPECT_EQ(cpu.tcb_status, "UpToDate");
    EXPECT_EQ(cpu.unchecked, std::vector<std::string>{"workload"});
    ASSERT_EQ(cpu.checks.size(), 2U);
    EXPECT_EQ(cpu.checks[1].found, "x");
    ASSERT_NE(cpu.tee_pubkey, nullptr);
  }
}

TEST(Ear, profiles_have_names_and_media_types) {
  for (const EarProfile profile : {EarProfile::kTrustee, EarProfile::kIetf, EarProfile::kCwt}) {
    EXPECT_EQ(ear_profile(to_text(profile)), profile);
  }
  EXPECT_EQ(ear_profile("eat"), std::nullopt);
  EXPECT_EQ(media_type(EarProfile::kTrustee),
            "application/eat+jwt; "
            "eat_profile=\"tag:github.com,2024:confidential-containers/Trustee\"");
  EXPECT_EQ(media_type(EarProfile::kIetf),
            "application/eat+jwt; eat_profile=\"tag:ietf.org,2026:rats/ear#03\"");
  EXPECT_EQ(media_type(EarProfile::kCwt),
            "application/eat+cwt; eat_profile=\"tag:ietf.org,2026:rats/ear#03\"");
}

TEST(Ear, a_nonce_is_compared_by_its_octets) {
  EarView view;
  view.submods.resize(2);
  EXPECT_FALSE(answers_nonce(view, "+/8="));
  view.submods[0].nonces = {"-_8"};
  EXPECT_FALSE(answers_nonce(view, "+/8="));  // one submod says nothing
  view.submods[1].nonces = {"other", "-_8"};
  EXPECT_TRUE(answers_nonce(view, "+/8="));
  EXPECT_TRUE(answers_nonce(view, "-_8"));
  EXPECT_FALSE(answers_nonce(view, "-_9"));
  EXPECT_FALSE(answers_nonce(view, ""));
  view.submods[0].nonces = {};
  view.nonces = {"not base64!"};
  EXPECT_TRUE(answers_nonce(view, "not base64!"));
  EXPECT_FALSE(answers_nonce({}, "-_8"));
}

TEST(Ear, a_result_as_the_ietf_draft_shows_it_is_read) {
  const auto claims = codec::parse_json(as_bytes(std::string_view(
      R"({"eat_profile":"tag:ietf.org,2026:rats/ear#03","iat":1666529184,"ear_verifier_id":)"
      R"({"developer":"https://veraison-project.org","build":"vts 0.0.1"},"ear_raw_evidence":)"
      R"("NzQ3MjY5NzM2NTYzNzQK","submods":{"PSA":{"ear_status":"contraindicated",)"
      R"("ear_trustworthiness_vector":{"instance-identity":2,"executables":96,"hardware":2},)"
      R"("ear_appraisal_policy_ids":["https://veraison.example/policy/1/60a0068d"]}}})")));
  ASSERT_TRUE(claims);
  const auto view = view_ear(*claims);
  ASSERT_TRUE(view) << view.error().what();
  EXPECT_EQ(view->submods[0].vector.executables, 96);
  EXPECT_EQ(code(judge_ear(*view, true)), Errc::kDenied);
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
      {"names_of_the_other_profile",
       R"({"eat_profile":"tag:ietf.org,2026:rats/ear#03","submods":{"a":{"ear.status":"none"}}})",
       Errc::kMalformed},
      {"policies_empty",
       R"({"eat_profile":"tag:ietf.org,2026:rats/ear#03",)"
       R"("submods":{"a":{"ear_status":"none","ear_appraisal_policy_ids":[]}}})",
       Errc::kMalformed},
      {"policies_one_text",
       R"({"eat_profile":"tag:ietf.org,2026:rats/ear#03",)"
       R"("submods":{"a":{"ear_status":"none","ear_appraisal_policy_ids":"p"}}})",
       Errc::kMalformed},
      {"nonce_number", R"("eat_nonce":1,"submods":{"a":{"ear.status":"none"}}})", Errc::kMalformed},
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
