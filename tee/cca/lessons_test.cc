// What others' verifiers of CCA tokens got wrong in public, one test each; the id stands in the
// test's name. README.md lists them with their sources.
#include <algorithm>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "tee/cca/made/stage.h"

namespace ward::cca {
namespace {

using attest::Verdict;
using made::Form;
using made::Stage;
using Ids = std::vector<std::string>;

// A platform token of one machine beside a realm token that anybody made was accepted.
TEST(Lessons, rust_ccatoken_33_a_realm_token_that_the_platform_does_not_vouch_for) {
  for (const Form form : {Form::kProfile, Form::kEarly}) {
    Stage s = made::good_stage(form);
    const Buffer genuine = made::make(s);
    const auto of_platform = parse_token(genuine);
    s.rak = &made::stranger();
    s.realm_challenge[0] ^= 1U;
    s.expected.report_data = std::vector<Buffer>{s.realm_challenge};
    const Buffer made_up = made::make(s);
    const auto of_realm = parse_token(made_up);
    const Buffer mixed =
        *write_token(token::write_cose_sign1(std::get<Token>(of_platform).platform.message),
                     token::write_cose_sign1(std::get<Token>(of_realm).realm.message));
    EXPECT_EQ(made::judge(s, mixed).failed(), Ids{"cca.realm_key.bound"});
  }
}

// The realm's challenge was not compared with the nonce: a token could be replayed.
TEST(Lessons, attestation_service_127_the_challenge_is_compared_and_unchecked_is_said) {
  Stage s = made::good_stage();
  const Buffer evidence = made::make(s);
  s.expected.report_data = std::vector<Buffer>{Buffer(64, 9)};
  EXPECT_EQ(made::judge(s, evidence).failed(), Ids{"cca.report_data.expected"});
  s.expected.report_data = attest::Unchecked{};
  EXPECT_EQ(made::judge(s, evidence).unchecked, Ids{"report_data"});
}

// Without reference values the realm was a warning: neither refused nor said to be unchecked.
TEST(Lessons, veraison_services_265_without_reference_values_the_realm_is_listed_as_unchecked) {
  Stage s = made::good_stage();
  s.expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}};
  const auto a = made::judge(s);
  EXPECT_EQ(a.verdict, Verdict::kAccepted);
  EXPECT_EQ(a.unchecked, (Ids{"report_data", "measurement"}));
}

// A key whose point is not on the curve counted as a platform's.
TEST(Lessons, rust_ccatoken_ta_02_bad_a_key_that_is_none_is_not_looked_at) {
  Stage s = made::good_stage();
  const std::string jwk =
      R"({"kty":"EC","crv":"P-256","x":"TKRFE_RwSXooI8DdatPOYg_uiKm2XrtT_uEMEvqQZrw",)"
      R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})";
  s.collateral.documents = {{"bad.json", to_buffer(as_bytes(jwk))}};
  const auto a = made::judge(s);
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(a.check("cca.platform_key.present")->not_done, attest::NotDone::kAbsent);
  EXPECT_EQ(a.notes.size(), 1U);
}

// The realm's key is a COSE_Key under a profile and a bare point without one: the digest is over
// what stands there, never over the other form of the same key.
TEST(Lessons, rk3588_rak_forms_the_digest_is_over_the_octets_that_stand_there) {
  Stage s = made::good_stage();
  const auto& key = made::rak().public_key();
  s.challenge = to_buffer(crypto::sha512(concat({Buffer{0x04}, key.to_ec_xy()})));
  EXPECT_EQ(made::judge(s).failed(), Ids{"cca.realm_key.bound"});
}

}  // namespace
}  // namespace ward::cca
