// Real PSA tokens, each with its right verdict.
//
// Established by hand (python-cryptography, over the Sig_structure): veraison_psa-evidence is
// signed by none of the keys among the vectors. The signed token and the one under a MAC below are
// the examples of the RFC's source (github.com/thomas-fossati/draft-psa-token, cddl/example), with
// the public half of the key that signed the first.
#include "test/support/vectors.h"

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "tee/psa/scheme.h"
#include "tee/psa/token.h"
#include "token/jwk.h"

namespace ward::psa {
namespace {

using attest::Appraisal;
using attest::Verdict;
using Ids = std::vector<std::string>;

constexpr const char* kSigned =
    "d28443a10126a058faa8190100582101020202020202020202020202020202020202020202020202020202020202"
    "020219095c582000000000000000000000000000000000000000000000000000000000000000000a582001010101"
    "0101010101010101010101010101010101010101010101010101010119095a1a7fffffff19095b19300019010978"
    "217461673a7073616365727469666965642e6f72672c323032333a7073612374666d19095d480000000000000000"
    "19095f81a205582004040404040404040404040404040404040404040404040404040404040404040258200303030"
    "30303030303030303030303030303030303030303030303030303030358402f4c8152ed1691833eebb6a182d2120e"
    "3d19220df85b9ac51109113a423fa024205ceda0815968548de4fbb6dc94b88c916f0d266e64cea24183a84f977de"
    "475";

constexpr const char* kKey =
    R"({"kty":"EC","crv":"P-256","alg":"ES256","x":"Tl4iCZ47zrRbRG0TVf0dw7VFlHtv18HInYhnmMNybo8",)"
    R"("y":"gNcLhAslaqw0pi7eEEM2TwRAlfADR0uR4Bggkq-xPy4"})";

constexpr const char* kUnderMac =
    "d18443a10105a0590117a9190100582101c557bd4fadc83f756fca2cd5ea2dcc8b82159bb4e7453d6a744d4eecd6d0"
    "ac6019095c582000000000000000000000000000000000000000000000000000000000000000000a582001010101"
    "0101010101010101010101010101010101010101010101010101010119095a1a7fffffff19095e73313233343536"
    "373839303132332d313233343519095b19300019010978217461673a7073616365727469666965642e6f72672c323"
    "032333a7073612374666d19095d48000000000000000019095f81a3055820040404040404040404040404040404040"
    "4"
    "0404040404040404040404040404040258200303030303030303030303030303030303030303030303030303030303"
    "030303016450526f545820b36cc7d7d2ed8980ac81c3460cfe2eddc45232ad819339a98e63bde32b9c2534";

Appraisal judged(Bytes evidence, const std::vector<attest::Document>& documents,
                 const std::vector<attest::Anchor>& anchors) {
  const attest::Collateral collateral{documents};
  attest::Findings findings;
  EXPECT_TRUE(Psa{}.verify(
      {.evidence = evidence, .collateral = collateral, .anchors = anchors, .now = {}}, findings));
  return attest::appraise(std::move(findings), {}, {}, {});
}

attest::Anchor named(Bytes jwk) {
  const auto key = token::parse_jwk(jwk);
  EXPECT_TRUE(key);
  attest::Anchor out{.name = "named by the relying party"};
  out.spki_sha256 = crypto::sha256(key->key.to_spki());
  return out;
}

TEST(PsaVectors, TheRfcsSignedExampleIsAcceptedUnderItsKey) {
  const Buffer evidence = *from_hex(kSigned);
  EXPECT_EQ(Psa{}.recognises(evidence), attest::Recognition::kSure);
  const Appraisal a =
      judged(evidence, {{"iak.json", to_buffer(as_bytes(kKey))}}, {named(as_bytes(kKey))});
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  EXPECT_EQ(to_hex(a.facts.report_data).substr(0, 8), "01010101");
  for (std::size_t i = 0; i < evidence.size(); ++i) {
    Buffer changed = evidence;
    changed[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    EXPECT_EQ(
        judged(changed, {{"iak.json", to_buffer(as_bytes(kKey))}}, {named(as_bytes(kKey))}).verdict,
        Verdict::kRefused)
        << i;
  }
}

TEST(PsaVectors, TheRfcsExampleUnderAMacIsRefused) {
  const Buffer evidence = *from_hex(kUnderMac);
  EXPECT_EQ(Psa{}.recognises(evidence), attest::Recognition::kSure);
  EXPECT_EQ(judged(evidence, {}, {}).failed(), Ids{"psa.token.form"});
}

TEST(PsaVectors, VeraisonsTokenIsRightAsFarAsItsKeyIsNotNeeded) {
  WARD_NEED_VECTORS();
  const auto folder = test::vectors_dir() / "cca";
  const Buffer evidence = test::read_file(folder / "veraison_psa-evidence.cbor");
  const Buffer other = test::read_file(folder / "rust_pkey.json");
  const auto parsed = parse_token(evidence);
  ASSERT_TRUE(std::holds_alternative<Token>(parsed));
  EXPECT_EQ(std::get<Token>(parsed).profile, Profile::kSecond);
  EXPECT_EQ(std::get<Token>(parsed).components.size(), 3U);
  const Appraisal open = judged(evidence, {}, {});
  EXPECT_EQ(open.verdict, Verdict::kUndetermined);
  EXPECT_EQ(open.failed(), Ids{});
  EXPECT_EQ(open.check("psa.device_key.present")->not_done, attest::NotDone::kAbsent);
  EXPECT_EQ(judged(evidence, {{"pkey", other}}, {named(other)}).failed(),
            Ids{"psa.token.signature"});
  test::report_vectors("psa-token", 1, 1, 0);
}

}  // namespace
}  // namespace ward::psa
