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

}  // namespace
}  // namespace ward::broker
