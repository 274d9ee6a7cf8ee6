// Real CCA tokens and claims, each with its right verdict.
//
// Established by hand (python-cryptography, over the Sig_structure): the platform tokens of
// coco_cca-example-token and of rust_bug-33-repro are signed by the key of TF-RMM's published test
// platform (tf-rmm_cca_platform.pem, coco_cpak-pub.json, rust_cpak.json: one key), the one of
// veraison_cca-evidence by a key that is not among the vectors. All three realm tokens are signed
// by their own keys. The challenge is the SHA-256 of the realm's key (coco), the SHA-512 of the
// COSE_Key (veraison), and of neither kind in rust_bug-33-repro.
#include "test/support/vectors.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "crypto/digest.h"
#include "tee/cca/scheme.h"
#include "tee/cca/token.h"
#include "token/jwk.h"

namespace ward::cca {
namespace {

using attest::Appraisal;
using attest::NotDone;
using attest::Verdict;
using Ids = std::vector<std::string>;

Buffer file(const char* name) { return test::read_file(test::vectors_dir() / "cca" / name); }

crypto::PublicKey key_in(const char* name) {
  const auto jwk = token::parse_jwk(file(name));
  EXPECT_TRUE(jwk);
  return jwk->key;
}

attest::Anchor named(const crypto::PublicKey& key) {
  attest::Anchor out{.name = "named by the relying party"};
  out.spki_sha256 = crypto::sha256(key.to_spki());
  return out;
}

Appraisal judged(Bytes evidence, const std::vector<attest::Document>& documents,
                 const std::vector<attest::Anchor>& anchors,
                 const attest::Expectations& expected = {}) {
  const attest::Collateral collateral{documents};
  attest::Findings findings;
  EXPECT_TRUE(Cca{}.verify(
      {.evidence = evidence, .collateral = collateral, .anchors = anchors, .now = {}}, findings));
  return attest::appraise(std::move(findings), {}, expected, {});
}

TEST(CcaVectors, TheExampleTokenIsAcceptedUnderItsPlatformsKey) {
  WARD_NEED_VECTORS();
  const Buffer evidence = file("coco_cca-example-token.cbor");
  const attest::Anchor anchor = named(key_in("coco_cpak-pub.json"));
  for (const char* key : {"coco_cpak-pub.json", "rust_cpak.json", "tf-rmm_cca_platform.pem"}) {
    SCOPED_TRACE(key);
    const Appraisal a = judged(evidence, {{key, file(key)}}, {anchor});
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_FALSE(a.development);
    EXPECT_TRUE(a.notes.empty());
    EXPECT_EQ(to_hex(a.facts.report_data).substr(0, 16), "57e979ae2618de0c");
    EXPECT_EQ(to_hex(a.facts.measurement).substr(0, 16), "ae87fbf7f105e71a");
    EXPECT_TRUE(all_zero(a.facts.workload));
    EXPECT_EQ(a.facts.debug, false);
  }
  test::report_files(
      "cca-key", {"cca/coco_cpak-pub.json", "cca/rust_cpak.json", "cca/tf-rmm_cca_platform.pem"});
}

TEST(CcaVectors, TheExampleTokenIsBoundToItsChallengeAndMeasurement) {
  WARD_NEED_VECTORS();
  const Buffer evidence = file("coco_cca-example-token.cbor");
  const std::vector<attest::Document> documents = {{"cpak.json", file("coco_cpak-pub.json")}};
  const std::vector<attest::Anchor> anchors = {named(key_in("coco_cpak-pub.json"))};
  const attest::Facts facts = judged(evidence, documents, anchors).facts;
  attest::Expectations expected{std::vector<Buffer>{facts.report_data},
                                std::vector<Buffer>{facts.measurement},
                                std::vector<Buffer>{facts.workload}};
  EXPECT_EQ(judged(evidence, documents, anchors, expected).verdict, Verdict::kAccepted);
  std::get<1>(expected.report_data)[0][63] ^= 1U;
  EXPECT_EQ(judged(evidence, documents, anchors, expected).failed(),
            Ids{"cca.report_data.expected"});
}

TEST(CcaVectors, WithoutItsKeyNothingIsKnownAndAnUnnamedKeyIsRefused) {
  WARD_NEED_VECTORS();
  const Buffer evidence = file("coco_cca-example-token.cbor");
  const attest::Anchor anchor = named(key_in("coco_cpak-pub.json"));
  const Appraisal open = judged(evidence, {}, {anchor});
  EXPECT_EQ(open.verdict, Verdict::kUndetermined);
  EXPECT_EQ(open.check("cca.platform_key.present")->not_done, NotDone::kAbsent);
  const Appraisal refused = judged(evidence, {{"cpak", file("coco_cpak-pub.json")}}, {});
  EXPECT_EQ(refused.failed(), Ids{"cca.platform_key.root"});
  const Appraisal other =
      judged(evidence, {{"pkey", file("rust_pkey.json")}}, {named(key_in("rust_pkey.json"))});
  EXPECT_EQ(other.failed(), Ids{"cca.platform_token.signature"});
  test::report_files("cca-key", {"cca/rust_pkey.json"});
}

TEST(CcaVectors, AFlippedBitIsRefused) {
  WARD_NEED_VECTORS();
  const Buffer evidence = file("coco_cca-example-token.cbor");
  const std::vector<attest::Document> documents = {{"cpak.json", file("coco_cpak-pub.json")}};
  const std::vector<attest::Anchor> anchors = {named(key_in("coco_cpak-pub.json"))};
  for (std::size_t i = 0; i < evidence.size(); i += 3) {
    Buffer changed = evidence;
    changed[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    EXPECT_EQ(judged(changed, documents, anchors).verdict, Verdict::kRefused) << i;
  }
}

TEST(CcaVectors, TheTokenOfAnotherRealmIsRefusedByTheBindingAlone) {
  WARD_NEED_VECTORS();
  const Appraisal a = judged(file("rust_bug-33-repro.cbor"), {{"cpak", file("rust_cpak.json")}},
                             {named(key_in("rust_cpak.json"))});
  EXPECT_EQ(a.failed(), Ids{"cca.realm_key.bound"});
  EXPECT_EQ(a.verdict, Verdict::kRefused);
}

TEST(CcaVectors, TheProfiledTokenIsRightAsFarAsItsKeyIsNotNeeded) {
  WARD_NEED_VECTORS();
  const Buffer evidence = file("veraison_cca-evidence.cbor");
  const Appraisal a = judged(evidence, {}, {});
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(a.failed(), Ids{});
  for (const attest::Check& check : a.checks) {
    const std::string_view id = check.info->id;
    const bool of_key = id == "cca.platform_key.present" || id == "cca.platform_key.root" ||
                        id == "cca.platform_token.signature";
    const bool asked = check.not_done != NotDone::kNotAsked;
    EXPECT_EQ(check.outcome == attest::Outcome::kNotDone && asked, of_key) << id;
  }
  const Appraisal other =
      judged(evidence, {{"pkey", file("rust_pkey.json")}}, {named(key_in("rust_pkey.json"))});
  EXPECT_EQ(other.failed(), Ids{"cca.platform_token.signature"});
}

// The specification's map of claims is closed; RFC 8392 section 3 has readers ignore what they do
// not know. It is named, so that nobody takes it for judged.
TEST(CcaVectors, SpuriousClaimsAreNamedAndIgnored) {
  WARD_NEED_VECTORS();
  const auto unknown = [](const char* name) {
    const Buffer payload = file(name);
    RealmToken realm;
    std::vector<std::string> out;
    EXPECT_EQ(read_realm_claims(payload, realm, out), "") << name;
    return out;
  };
  EXPECT_TRUE(unknown("rust_realm-claims.cbor").empty());
  EXPECT_EQ(unknown("rust_realm-claims_spurious-numeric-key.cbor"),
            Ids{"claim 1234567 of the realm token is not known, and not judged"});
  EXPECT_EQ(unknown("rust_realm-claims_spurious-text-key.cbor"),
            Ids{"claim \"unknown-key\" of the realm token is not known, and not judged"});
  PlatformToken platform;
  Ids out;
  const Buffer payload = file("rust_platform-claims.cbor");
  EXPECT_EQ(read_platform_claims(payload, platform, out), "");
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(platform.components.size(), 2U);
  test::report_vectors("cca-token", 7, 7, 0);
}

// rust_ta-02-bad.json names a "key" whose point is not on the curve: no key, whoever names it.
TEST(CcaVectors, AKeyThatIsNotOnTheCurveIsNone) {
  WARD_NEED_VECTORS();
  const auto store = codec::parse_json(file("rust_ta-02-bad.json"));
  ASSERT_TRUE(store);
  const auto jwk = token::parse_jwk(*store->items().at(0).find("pkey"));
  ASSERT_FALSE(jwk);
  EXPECT_EQ(jwk.error().code(), Errc::kMalformed);
  test::report_files("cca-key", {"cca/rust_ta-02-bad.json"});
}

std::string text_of(const codec::JsonValue& object, const char* name) {
  const codec::JsonValue* value = object.find(name);
  return value == nullptr ? "" : std::string(value->as_string().value_or(""));
}

std::string upper_hex(Bytes octets) {
  std::string out = to_hex(octets);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

// The reference values of rust_rv.json are those of the bare claims where ids and measurements of
// the realm are concerned. Its components (a type BL, 32 octets) are none of the platform's, which
// have 64 and no type, and its personalization value is another.
TEST(CcaVectors, TheStoresReferenceValuesAreTheClaimsAsFarAsTheyAgree) {
  WARD_NEED_VECTORS();
  const auto store = codec::parse_json(file("rust_rv.json"));
  ASSERT_TRUE(store);
  const Buffer platform_octets = file("rust_platform-claims.cbor");
  const Buffer realm_octets = file("rust_realm-claims.cbor");
  PlatformToken platform;
  RealmToken realm;
  Ids unknown;
  ASSERT_EQ(read_platform_claims(platform_octets, platform, unknown), "");
  ASSERT_EQ(read_realm_claims(realm_octets, realm, unknown), "");
  const codec::JsonValue& p = store->find("platform")->items().at(0);
  const codec::JsonValue& r = store->find("realm")->items().at(0);
  EXPECT_EQ(text_of(p, "implementation-id"), upper_hex(platform.implementation_id));
  EXPECT_EQ(text_of(p, "platform-configuration"), upper_hex(platform.config));
  const codec::JsonValue& component = p.find("sw-components")->items().at(0);
  EXPECT_NE(text_of(component, "measurement-value"), upper_hex(platform.components[0].value));
  EXPECT_EQ(text_of(r, "initial-measurement"), upper_hex(realm.initial_measurement));
  EXPECT_EQ(text_of(r, "rak-hash-algorithm"), realm.public_key_hash_algo_id);
  for (std::size_t i = 0; i < kExtensible; ++i) {
    EXPECT_EQ(r.find("extensible-measurements")->items().at(i).as_string(),
              upper_hex(realm.extensible[i]));
  }
  EXPECT_NE(text_of(r, "personalization-value"), upper_hex(realm.personalization_value));
  test::report_files("cca-key", {"cca/rust_rv.json"});
}

}  // namespace
}  // namespace ward::cca
