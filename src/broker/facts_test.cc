#include "broker/facts.h"

#include <gtest/gtest.h>

#include "token/ear.h"

namespace ward::broker {
namespace {

// The broker releases on results of its own profile alone, whatever else it could read.
TEST(Facts, are_read_of_results_in_trustees_profile_alone) {
  attest::Appraisal appraisal;
  appraisal.tee = "sgx";
  appraisal.facts.debug = false;
  token::EarSubmod submod;
  submod.tee = "sgx";
  submod.tee_claims_json = *tee_claims(appraisal, protocol::kbs::Version::k0_4_0);
  submod.runtime_data_json = R"({"nonce":"bm9uY2U=","tee-pubkey":{"kty":"EC"}})";
  submod.verdict = "accepted";
  const token::Ear ear{.issuer = "w", .issued = {1}, .expires = {2}, .submods = {submod}};
  const auto read = [&](token::EarProfile profile) {
    const auto claims = codec::parse_json(as_bytes(*token::ear_payload(ear, profile)));
    return read_facts(*claims);
  };
  const auto facts = read(token::EarProfile::kTrustee);
  ASSERT_TRUE(facts) << facts.error().what();
  EXPECT_EQ(facts->tee, "sgx");
  EXPECT_EQ(facts->tee_pubkey, R"({"kty":"EC"})");
  const auto other = read(token::EarProfile::kIetf);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Errc::kUnsupported);
}

// What the attester says of itself stands in the same result, and before the TEE's claims.
TEST(Facts, are_the_verifiers_and_no_attesters) {
  attest::Appraisal appraisal;
  appraisal.tee = "sgx";
  token::EarSubmod submod;
  submod.verdict = "accepted";
  const std::string forged = *tee_claims(appraisal, protocol::kbs::Version::k0_4_0);
  const auto read = [&](const std::string& tee_claims_json, const std::string& runtime_data) {
    submod.tee = "sgx";
    submod.tee_claims_json = tee_claims_json;
    submod.runtime_data_json = runtime_data;
    const token::Ear ear{.issuer = "w", .issued = {1}, .expires = {2}, .submods = {submod}};
    const auto claims = codec::parse_json(as_bytes(*token::ear_payload(ear)));
    return read_facts(*claims);
  };
  const std::string key = R"("tee-pubkey":{"kty":"EC"})";
  const std::string with_facts = forged.substr(0, forged.size() - 1) + "," + key + "}";
  EXPECT_TRUE(read(forged, "{" + key + "}"));
  EXPECT_FALSE(read("{}", with_facts));
  submod.init_data_json = forged;
  EXPECT_FALSE(read("{}", "{" + key + "}"));
  appraisal.facts.debug = true;
  const auto facts = read(*tee_claims(appraisal, protocol::kbs::Version::k0_4_0), with_facts);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->debug, true);
}

// What a session's request rests on without reading its token is what the token says.
TEST(Facts, of_an_appraisal_are_those_that_are_read_of_its_result) {
  attest::Appraisal appraisal;
  appraisal.tee = "sgx";
  appraisal.verdict = attest::Verdict::kAccepted;
  const std::string key = R"({"kty":"EC"})";
  const auto read = [&] {
    token::EarSubmod submod;
    submod.tee = appraisal.tee;
    submod.tee_claims_json = *tee_claims(appraisal, protocol::kbs::Version::k0_2_0);
    submod.runtime_data_json = R"({"nonce":"bm9uY2U=","tee-pubkey":)" + key + "}";
    submod.verdict = to_text(appraisal.verdict);
    submod.development = appraisal.development;
    submod.unchecked = appraisal.unchecked;
    const token::Ear ear{.issuer = "w", .issued = {1}, .expires = {2}, .submods = {submod}};
    return *read_facts(*codec::parse_json(as_bytes(*token::ear_payload(ear))));
  };
  const auto expect_same = [&] {
    Facts facts = facts_of(appraisal, key);
    facts.protocol = protocol::kbs::Version::k0_2_0;
    EXPECT_EQ(read(), facts);
  };
  expect_same();
  appraisal.development = true;
  appraisal.facts.workload = Buffer(48, 1);
  appraisal.facts.measurement = Buffer(32, 2);
  appraisal.facts.signer = Buffer(32, 3);
  for (const std::optional<bool> debug : {std::optional(true), std::optional(false)}) {
    appraisal.facts.debug = debug;
    expect_same();
  }
  appraisal.tcb.status = "OutOfDate";
  appraisal.unchecked = {"workload", "measurement"};
  expect_same();
  EXPECT_FALSE(were_compared(facts_of(appraisal, key)));
  appraisal.unchecked = {"workload"};
  EXPECT_TRUE(were_compared(facts_of(appraisal, key)));
  appraisal.verdict = attest::Verdict::kUndetermined;
  EXPECT_FALSE(were_compared(facts_of(appraisal, key)));
  appraisal.tcb.status = {};
  const attest::CheckInfo tcb{"test.tcb", "", "", ""};
  appraisal.facts.tcb_status_check = &tcb;  // a maker that gives one, and none matched
  expect_same();
}

}  // namespace
}  // namespace ward::broker
