#include "apps/wardd/rego_policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/policy_admin.h"
#include "broker/reference_values.h"
#include "broker/replay.h"
#include "codec/json_write.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"
#include "test/support/rego.h"
#include "token/ear.h"
#include "token/jwt.h"

// Policies in Rego in force: the broker with the real engine.
namespace ward::wardd {
namespace {

using broker::Actor;
using broker::Answer;
using broker::Broker;
using broker::PolicyAdmin;
using broker::ReferenceAdmin;
using broker::test_support::administrator;
using broker::test_support::attested;
using broker::test_support::Attester;
using broker::test_support::detail_of;
using broker::test_support::kNow;
using broker::test_support::leaves_of;
using broker::test_support::message;
using broker::test_support::open_session;
using broker::test_support::World;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

const Actor kHospital{.name = "h", .role = broker::Role::kOwner, .repositories = {"hospital"}};
const Actor kVerifier{.name = "v", .role = broker::Role::kVerifierOwner, .repositories = {}};

// Of the form of Trustee's policies for resources, v0.
constexpr std::string_view kAffirming = R"(package policy
default allow = false
allow {
  data.plugin == "resource"
  split(data["resource-path"], "/")[1] == "key"
  input.submods.cpu0["ear.status"] == "affirming"
}
)";

// Of the form of Trustee's policies for evidence, v1.
constexpr std::string_view kLookedUp = R"(package policy
import rego.v1
default executables := 33
default hardware := 97
executables := 3 if input.sgx.body.mr_enclave in query_reference_value("mr_enclave")
hardware := 2 if input.sgx.tcb_status == "UpToDate"
trust_claims := {"executables": executables, "hardware": hardware, "file-system": 0}
extensions := [{"name": "x", "key": -18, "value": {}}]
)";

std::string quoted(std::string_view text) {
  codec::JsonWriter w;
  w.string(text);
  auto out = w.take();
  EXPECT_TRUE(out);
  return out ? *out : "";
}

std::string results(std::string_view rego, std::string_view more = "") {
  return R"({"schema":"ward.results-policy/1","releases":[{"resources":["*"],"rego":)" +
         quoted(rego) + std::string(more) + "}]}";
}

std::string evidence(std::string_view rego) {
  return R"({"schema":"ward.evidence-policy/1","rego":{"cpu":)" + quoted(rego) + "}}";
}

class RegoPoliciesTest : public testing::Test {
 protected:
  void SetUp() override {
    WARD_NEED_REGO();
    world_.set_up();
  }

  std::string set(std::string_view key, const std::string& policy,
                  const Actor& actor = administrator()) {
    const auto done = policies_.set(actor, key, as_bytes(policy), kNow);
    return done ? "" : std::to_string(done.error().status) + " " + done.error().body.detail;
  }

  std::string attest() {
    auto session = open_session(broker_, attester_, kNow);
    const std::string body = message(session, session.client.report_data());
    const auto token = broker_.attest(session.cookie, as_bytes(body), kNow);
    return token ? "" : token.error().body.detail;
  }

  // get is what keeps the resource from who attested; "" where nothing does.
  std::string get(std::string_view path = "hospital/key/records") {
    const std::string token = attested(broker_, attester_, kNow);
    const auto body = broker_.resource({.cookie = std::nullopt, .bearer = token}, path, kNow);
    return body ? "" : body.error().body.detail;
  }

  std::string refer(std::string_view id, const std::string& value, UnixTime expires) {
    // Before now, so that one may be over now.
    const UnixTime then{kNow.seconds - 10};
    const auto done = references_.set(kVerifier, {{std::string(id), value, expires}}, then);
    return done ? "" : done.error().body.detail;
  }

  RegoPolicies rego_;
  World world_{nullptr, &rego_};
  Attester attester_;
  Broker broker_{world_.service()};
  PolicyAdmin policies_{world_.service()};
  ReferenceAdmin references_{world_.service()};
};

constexpr UnixTime kLater{kNow.seconds + 3600};

TEST_F(RegoPoliciesTest, APolicyForResultsReleasesWhatItAllowsAndNothingElse) {
  ASSERT_EQ(set("results/hospital", results(kAffirming), kHospital), "");
  EXPECT_EQ(get(), "");
  const auto put = broker::Admin(world_.service())
                       .put_resource(administrator(), "hospital/other/x", as_bytes("x"), kNow);
  ASSERT_TRUE(put);
  EXPECT_THAT(get("hospital/other/x"), StartsWith("kbs.release.rego: "));
  EXPECT_THAT(get("hospital/other/x"), HasSubstr("policy.rego:5:"));
  EXPECT_THAT(get("hospital/other/x"), HasSubstr("[1] is \"other\")"));
  EXPECT_EQ(detail_of(leaves_of(world_).back(), "checks"), "kbs.release.rego");
}

TEST_F(RegoPoliciesTest, ARuleWithRegoStillDemandsWhatItNames) {
  world_.verifier.debug = true;
  ASSERT_EQ(
      set("evidence", R"({"schema":"ward.evidence-policy/1","allow_debug":true,"runtimes":[")" +
                          to_hex(Buffer(32, 2)) + "\"]}"),
      "");
  constexpr std::string_view kAll = "package policy\nallow = true";
  ASSERT_EQ(set("results/hospital", results(kAll)), "");
  EXPECT_THAT(get(), StartsWith("kbs.release.debug: "));
  ASSERT_EQ(set("results/hospital", results(kAll, R"(,"allow_debug":true)")), "");
  EXPECT_EQ(get(), "");
  const std::string other = R"(,"allow_debug":true,"runtimes":[")" + to_hex(Buffer(32, 9)) + "\"]";
  ASSERT_EQ(set("results/hospital", results(kAll, other)), "");
  EXPECT_THAT(get(), StartsWith("kbs.release.runtime: "));
}

TEST_F(RegoPoliciesTest, WhatDoesNotEndIsRefusedAndSaysSo) {
  constexpr std::string_view kEndless = R"(package policy
n := [0,1,2,3,4,5,6,7,8,9]
allow { a := n[_]; b := n[_]; c := n[_]; d := n[_]; e := n[_]; f := n[_]; g := n[_]; a+b+c+d+e+f+g < 0 }
)";
  ASSERT_EQ(set("results/hospital", results(kEndless)), "");
  EXPECT_THAT(get(), StartsWith("kbs.release.rego: "));
  EXPECT_THAT(get(), HasSubstr("limit"));
}

TEST_F(RegoPoliciesTest, APolicyThatDoesNotLoadIsRefusedWithItsPlace) {
  const struct {
    std::string_view rego;
    const char* says;
  } cases[] = {
      {"package policy\nallow {", "releases[0].rego: policy.rego:2:"},
      {"package policy\nallow { http.send({}).status == 200 }", "http.send"},
      {"package policy\nx = 1", "nor `allow`"},
      {"package other\nallow = true", "releases[0].rego: policy.rego:"},
  };

  for (const auto& one : cases) {
    const std::string said = set("results/hospital", results(one.rego));
    EXPECT_THAT(said, StartsWith("400 kbs.message.form: ")) << one.rego;
    EXPECT_THAT(said, HasSubstr(one.says));
  }
  EXPECT_THAT(set("evidence", evidence(kAffirming)), HasSubstr("rego.cpu: a policy for evidence"));
  EXPECT_EQ(get(), "");  // what was in force still is
}

TEST_F(RegoPoliciesTest, WithoutAPolicyOfItsOwnARepositoryHasThatOfAll) {
  const auto put = [&](std::string_view path) {
    ASSERT_TRUE(
        broker::Admin(world_.service()).put_resource(administrator(), path, as_bytes("x"), kNow));
  };
  put("bank/key/one");
  EXPECT_THAT(get("bank/key/one"), HasSubstr("no policy at all"));
  EXPECT_THAT(set("results/*", results(kAffirming), kHospital), StartsWith("403 "));
  EXPECT_THAT(set("results/*", results(kAffirming),
                  {.name = "o", .role = broker::Role::kOwner, .repositories = {"*"}}),
              StartsWith("403 "));
  ASSERT_TRUE(policies_.set_resource_policy(administrator(), kAffirming, kNow));
  EXPECT_EQ(get("bank/key/one"), "");
  EXPECT_EQ(get(), "");
  // The hospital's own counts, not that of all.
  ASSERT_EQ(set("results/hospital", R"({"schema":"ward.results-policy/1","releases":[]})"), "");
  EXPECT_THAT(get(), StartsWith("kbs.release.rule: "));
}

TEST_F(RegoPoliciesTest, EvidenceIsAcceptedByTheReferenceValuesAPolicyLooksUp) {
  ASSERT_EQ(set("evidence", evidence(kLookedUp), kVerifier), "");
  const std::string refusal = attest();
  EXPECT_THAT(refusal, StartsWith("kbs.evidence.rego: "));
  EXPECT_THAT(refusal, HasSubstr("executables is 33 (warning)"));
  EXPECT_THAT(refusal, HasSubstr("policy.rego:5:"));
  EXPECT_THAT(refusal, HasSubstr("executables: input.sgx.body.mr_enclave in "
                                 "query_reference_value(\"mr_enclave\")"));
  EXPECT_THAT(refusal, HasSubstr(to_hex(Buffer(32, 2))));
  EXPECT_THAT(refusal, HasSubstr("reference value mr_enclave: there is none, or its time is over"));
  EXPECT_THAT(refusal, testing::Not(HasSubstr("Failed too")));
  ASSERT_EQ(refer("mr_enclave", "[\"" + to_hex(Buffer(32, 2)) + "\"]", kLater), "");
  EXPECT_EQ(attest(), "");
  EXPECT_EQ(get(), "");  // the measurement counts as compared
  world_.verifier.runtime = Buffer(32, 7);
  EXPECT_THAT(attest(), HasSubstr("executables is 33 (warning)"));
}

TEST_F(RegoPoliciesTest, AReferenceValueWhoseTimeIsOverAffirmsNothing) {
  ASSERT_EQ(set("evidence", evidence(kLookedUp)), "");
  ASSERT_EQ(refer("mr_enclave", "[\"" + to_hex(Buffer(32, 2)) + "\"]", kNow), "");
  EXPECT_THAT(attest(), HasSubstr("executables is 33 (warning)"));
}

// What is less than a number, or not in a list, is so of a value that is there alone.
TEST_F(RegoPoliciesTest, AReferenceValueThatIsNotThereOrHasEndedOpensNothing) {
  constexpr std::string_view kHead =
      "package policy\nimport rego.v1\ndefault executables := 33\n"
      "trust_claims := {\"executables\": executables}\nexecutables := 3 if ";
  const std::string least = std::string(kHead) + "7 >= query_reference_value(\"least\")\n";
  const std::string revoked =
      std::string(kHead) + "not input.sgx.body.mr_enclave in query_reference_value(\"revoked\")\n";
  for (const bool has_ended : {false, true}) {
    if (has_ended) {
      ASSERT_EQ(refer("least", "5", kNow), "");
      ASSERT_EQ(refer("revoked", "[]", kNow), "");
    }
    ASSERT_EQ(set("evidence", evidence(least)), "");
    EXPECT_THAT(attest(), HasSubstr("executables is 33 (warning)"));
    ASSERT_EQ(set("evidence", evidence(revoked)), "");
    EXPECT_THAT(attest(), HasSubstr("that are not there, or have ended: `revoked`"));
  }
  ASSERT_EQ(refer("least", "5", kLater), "");
  ASSERT_EQ(refer("revoked", "[]", kLater), "");
  EXPECT_EQ(attest(), "");
  ASSERT_EQ(set("evidence", evidence(least)), "");
  EXPECT_EQ(attest(), "");
}

TEST_F(RegoPoliciesTest, APolicyThatSaysNothingOfExecutablesDoesNotReplaceTheMeasurements) {
  constexpr std::string_view kHardware = "package policy\ntrust_claims := {\"hardware\": 2}";
  ASSERT_EQ(set("evidence", evidence(kHardware)), "");
  EXPECT_THAT(attest(), HasSubstr("executables has no affirming claim"));
  std::string both = evidence(kHardware);
  both.insert(both.size() - 1, R"(,"runtimes":[")" + to_hex(Buffer(32, 2)) + "\"]");
  ASSERT_EQ(set("evidence", both), "");
  EXPECT_EQ(attest(), "");
  world_.verifier.runtime = Buffer(32, 7);
  EXPECT_THAT(attest(), StartsWith("fake.measurement: "));
}

// A device beside the platform is no platform: whoever sends its evidence alone gets nothing by the
// policy that affirms it.
TEST_F(RegoPoliciesTest, AnAcceleratorsPolicyDoesNotStandForThePlatforms) {
  constexpr std::string_view kAll = "package policy\ntrust_claims := {\"executables\": 3}";
  const std::string both = R"({"schema":"ward.evidence-policy/1","rego":{"cpu":)" + quoted(kAll) +
                           R"(,"gpu":)" + quoted(kAll) + "}}";
  ASSERT_EQ(set("evidence", both), "");
  EXPECT_EQ(attest(), "");
  world_.verifier.classes = {"gpu"};
  EXPECT_THAT(attest(), HasSubstr("no affirming claim of the policy for cpu"));
}

// The tier of each value, at its borders: only affirming and silent ones pass.
TEST_F(RegoPoliciesTest, OnlyAffirmingClaimsPass) {
  const struct {
    int value;
    bool passes;
  } cases[] = {{2, true},   {31, true},  {-2, true},  {-32, true},  {0, true},    {1, false},
               {-1, false}, {32, false}, {96, false}, {127, false}, {-33, false}, {-128, false}};

  for (const auto& one : cases) {
    const std::string rego = "package policy\ntrust_claims := {\"executables\": 3, \"hardware\": " +
                             std::to_string(one.value) + "}";
    ASSERT_EQ(set("evidence", evidence(rego)), "");
    EXPECT_EQ(attest().empty(), one.passes) << one.value;
  }
}

TEST_F(RegoPoliciesTest, TheClaimsTravelInTheResult) {
  constexpr std::string_view kClaims =
      "package policy\ntrust_claims := {\"executables\": 4, \"file-system\": 2}\n"
      "extensions := [{\"name\": \"ear.trustee.identifiers\", \"key\": -18, \"value\": "
      "{\"image\": input.sgx.isv_svn}}, {\"name\": \"ear.status\", \"value\": \"none\"}]";
  ASSERT_EQ(set("evidence", evidence(kClaims)), "");
  const std::string token = attested(broker_, attester_, kNow);
  const auto verified = token::verify_jwt(token, world_.keys().token_keys,
                                          {.issuer = "wardd.test",
                                           .audience = "wardd.test",
                                           .now = kNow,
                                           .skew_s = 0,
                                           .max_age_s = 300,
                                           .rules = {}});
  ASSERT_TRUE(verified);
  const auto view = token::view_ear(verified->claims);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->submods.front().vector.file_system, 2);
  EXPECT_EQ(view->submods.front().status, token::TrustTier::kAffirming);
  const auto* submod = verified->claims.find("submods")->find("cpu0");
  EXPECT_EQ(submod->find("ear.trustee.identifiers")->find("image")->as_uint(), 3U);
  // A name of the profile's own does not reach its place.
  EXPECT_EQ(submod->find("ward.extensions")->find("ear.status")->as_string(), "none");
}

TEST_F(RegoPoliciesTest, ExtensionsHaveBoundsAndDifferentNames) {
  const struct {
    const char* extensions;
    const char* says;
  } cases[] = {
      {R"([{"name": "a", "value": 1}, {"name": "a", "value": 2}])", "a name twice"},
      {R"([{"name": "a"}])", "without name or value"},
      {R"({"a": long, "b": long})", "over 16384"},
  };

  for (const auto& one : cases) {
    std::string rego = "package policy\ntrust_claims := {\"executables\": 3}\nextensions := ";
    rego += one.extensions;
    rego += "\nlong := \"" + std::string(10'000, 'x') + "\"";
    ASSERT_EQ(set("evidence", evidence(rego)), "");
    EXPECT_THAT(attest(), HasSubstr(one.says));
  }
}

TEST_F(RegoPoliciesTest, WhatTrusteesToolsSendChangesOneClassAndKeepsTheRest) {
  ASSERT_TRUE(policies_.set_attestation_policy(kVerifier, "default_cpu", kLookedUp, kNow));
  const auto text = policies_.get(kVerifier, "evidence", kNow);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr(to_hex(Buffer(32, 2))));  // its runtimes are still there
  EXPECT_THAT(*text, HasSubstr("query_reference_value"));
  const auto again = policies_.set_attestation_policy(kVerifier, "default_gpu", kLookedUp, kNow);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, 3U);
  for (const std::string_view id : {"", "cpu", "default_", "default_dpu"}) {
    const auto refused = policies_.set_attestation_policy(kVerifier, id, kLookedUp, kNow);
    ASSERT_FALSE(refused) << id;
    EXPECT_EQ(refused.error().status, 400U);
  }
  EXPECT_FALSE(policies_.set_attestation_policy(kHospital, "default_cpu", kLookedUp, kNow));
}

TEST_F(RegoPoliciesTest, ACandidateInRegoIsReplayedBeforeItIsSet) {
  ASSERT_FALSE(attested(broker_, attester_, kNow).empty());
  const broker::Replay replay(world_.service());
  const std::string denies =
      results("package policy\nallow { input.submods.cpu0[\"ear.status\"] == \"none\" }");
  const auto step = replay.step(administrator(),
                                {.candidate = as_bytes(denies), .repository = "hospital"}, kLater);
  ASSERT_TRUE(step) << step.error().body.detail;
  ASSERT_THAT(step->changes, SizeIs(1));
  const broker::AccessChange& change = step->changes.back();
  EXPECT_FALSE(change.gains);
  EXPECT_EQ(change.access, "hospital/key/records");
  ASSERT_THAT(change.reasons, SizeIs(1));
  EXPECT_EQ(change.reasons.front().id, "kbs.release.rego");
  EXPECT_THAT(change.reasons.front().found, HasSubstr("\"affirming\""));

  const std::string grants = results(kAffirming);
  const auto same = replay.step(administrator(),
                                {.candidate = as_bytes(grants), .repository = "hospital"}, kLater);
  ASSERT_TRUE(same) << same.error().body.detail;
  EXPECT_THAT(same->changes, IsEmpty());

  const auto evidence_step =
      replay.step(kVerifier, {.candidate = as_bytes(evidence(kLookedUp))}, kLater);
  ASSERT_TRUE(evidence_step);
  ASSERT_THAT(evidence_step->changes, SizeIs(1));
  EXPECT_EQ(evidence_step->changes.front().reasons.front().id, "kbs.evidence.rego");

  // An owner is not told what Rego makes of everybody's evidence.
  const auto owner =
      replay.step(kHospital, {.candidate = as_bytes(grants), .repository = "hospital"}, kLater);
  ASSERT_FALSE(owner);
  EXPECT_EQ(owner.error().status, 403U);
  EXPECT_THAT(owner.error().body.detail, HasSubstr("an administrator replays them"));

  const auto broken = replay.step(
      kHospital,
      {.candidate = as_bytes(results("package policy\nallow {")), .repository = "hospital"},
      kLater);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().status, 400U);
}

TEST_F(RegoPoliciesTest, MorePoliciesThanAreRememberedAreAllAsked) {
  for (std::size_t i = 0; i < 2 * RegoPolicies::kRemembered; ++i) {
    const std::string rego = "package policy\nallow { input.n == " + std::to_string(i) + " }";
    const std::string input = "{\"n\":" + std::to_string(i) + "}";
    EXPECT_TRUE(
        rego_.allow(rego, {.input = input, .data = {}, .reference_values = {}, .now = kNow}));
    EXPECT_FALSE(rego_.allow(
        rego, {.input = "{\"n\":-1}", .data = {}, .reference_values = {}, .now = kNow}));
  }
}

TEST_F(RegoPoliciesTest, AReasonIsOneLineOfBoundedLength) {
  const std::string rego = "package policy\nallow { input.x == 1 }";
  const std::string input = "{\"x\":\"" + std::string(100'000, 'y') + "\"}";
  const auto refused =
      rego_.allow(rego, {.input = input, .data = {}, .reference_values = {}, .now = kNow});
  ASSERT_FALSE(refused);
  EXPECT_LE(refused.error().reason.size(), broker::kMaxRegoReason);
  EXPECT_EQ(refused.error().reason.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace ward::wardd
