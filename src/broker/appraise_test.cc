#include "broker/appraise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/appraise_request.h"
#include "broker/archive.h"
#include "broker/records.h"
#include "broker/refusal_record.h"
#include "broker/replay.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"
#include "token/ear_cwt.h"
#include "token/jwt.h"

namespace ward::broker {
namespace {

using test_support::Attester;
using test_support::detail_of;
using test_support::kNow;
using test_support::leaves_of;
using test_support::World;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kRuntime = R"({"note":"mine"})";

std::string member(const std::string& json, std::string_view name) {
  const auto value = codec::parse_json(as_bytes(json));
  const auto* found = value ? value->find(name) : nullptr;
  return found != nullptr ? std::string(found->as_string().value_or("")) : "";
}

std::string evidence(Bytes report_data) {
  return R"({"report_data":")" + to_hex(report_data) + "\"}";
}

Buffer field_of(std::string_view text) {
  Buffer out = to_buffer(crypto::sha384(as_bytes(text)));
  out.resize(64);
  return out;
}

struct Challenge {
  std::string nonce;
  std::string session;
};

class AppraiseTest : public testing::Test {
 protected:
  AppraiseTest() {
    world_.set_up();
    before_ = leaves_of(world_).size();
  }

  Challenge challenge(UnixTime now = kNow) {
    const auto text = appraiser_.nonce(now);
    EXPECT_TRUE(text);
    return {member(*text, "nonce"), member(*text, "session")};
  }

  // message is a request with the service's nonce, `more` being further members.
  static std::string message(const Challenge& c, const std::string& evidence,
                             const std::string& more = "") {
    return R"({"tee":"sgx","audience":"somebody","evidence":)" + evidence + R"(,"session":")" +
           c.session + R"(","runtime_data":)" + std::string(kRuntime) + more + "}";
  }

  static std::string bound_evidence(const Challenge& c) {
    return evidence(field_of(*appraised_text(c.nonce, kRuntime, "")));
  }

  static std::string stated(Bytes report_data, const std::string& more = "") {
    return R"({"audience":"somebody","evidence":)" + evidence(report_data) + R"(,"report_data":")" +
           to_hex(report_data) + "\"" + more + "}";
  }

  std::string appraised(const std::string& body, UnixTime now = kNow) {
    const auto out = appraiser_.appraise(as_bytes(body), now);
    EXPECT_TRUE(out) << out.error().body.detail;
    return out ? *out : "";
  }

  Refusal refused(const std::string& body, UnixTime now = kNow) {
    const auto out = appraiser_.appraise(as_bytes(body), now);
    EXPECT_FALSE(out);
    return out ? Refusal{} : out.error();
  }

  token::VerifiedJwt verified(const std::string& answer) {
    auto out = token::verify_jwt(member(answer, "ear"), world_.keys().token_keys,
                                 {.issuer = "wardd.test", .audience = "somebody", .now = kNow});
    EXPECT_TRUE(out) << out.error().what();
    return out ? *std::move(out) : token::VerifiedJwt{};
  }

  std::vector<std::string> kinds() {
    std::vector<std::string> out;
    for (const ledger::Leaf& leaf : leaves_of(world_)) {
      out.push_back(leaf.entry.kind);
    }
    return out;
  }

  std::vector<std::string> archived() {
    std::vector<std::string> out;
    EXPECT_TRUE(world_.store().read([&](store::View& view) -> Result<void> {
      WARD_TRY(out, list_archived(view, "", 1000));
      return {};
    }));
    return out;
  }

  World world_;
  Appraiser appraiser_{world_.service()};
  std::size_t before_ = 0;
};

TEST_F(AppraiseTest, EvidenceForTheServicesNonceGivesAResultForTheAudience) {
  const Challenge c = challenge();
  const std::string answer = appraised(message(c, bound_evidence(c)));
  EXPECT_EQ(member(answer, "schema"), "ward.appraised/1");
  EXPECT_EQ(member(answer, "verdict"), "accepted");
  const auto jwt = verified(answer);
  const auto view = token::view_ear(jwt.claims);
  ASSERT_TRUE(view);
  EXPECT_TRUE(token::judge_ear(*view, false));
  ASSERT_NE(view->submods[0].runtime_data, nullptr);
  EXPECT_EQ(view->submods[0].runtime_data->find("nonce")->as_string(), c.nonce);
  EXPECT_EQ(view->submods[0].runtime_data->find("note")->as_string(), "mine");
  EXPECT_EQ(kinds().size(), before_ + 1);
  EXPECT_EQ(kinds().back(), "appraisal");
  EXPECT_THAT(archived(), ElementsAre(member(answer, "id")));
}

TEST_F(AppraiseTest, ANonceIsGoodForOnePieceOfEvidence) {
  const Challenge c = challenge();
  EXPECT_FALSE(appraised(message(c, bound_evidence(c))).empty());
  const Refusal again = refused(message(c, bound_evidence(c)));
  EXPECT_EQ(again.status, 401U);
  EXPECT_THAT(again.checks, ElementsAre("appraise.nonce.unused"));
  EXPECT_EQ(kinds().back(), "refusal");
}

TEST_F(AppraiseTest, ARefusalIsAResultThatContraindicates) {
  world_.verifier.debug = true;
  const Challenge c = challenge();
  const std::string answer = appraised(message(c, bound_evidence(c)));
  EXPECT_EQ(member(answer, "verdict"), "refused");
  const auto jwt = verified(answer);
  const auto view = token::view_ear(jwt.claims);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->submods[0].status, token::TrustTier::kContraindicated);
  EXPECT_EQ(token::judge_ear(*view, true).error().code(), Errc::kDenied);
  EXPECT_EQ(kinds().back(), "refusal");
  EXPECT_EQ(detail_of(leaves_of(world_).back(), "checks"), "fake.debug");
  EXPECT_THAT(refused(message(c, bound_evidence(c))).checks, ElementsAre("appraise.nonce.unused"));
}

TEST_F(AppraiseTest, EvidenceForAnotherNonceIsRefused) {
  const Challenge c = challenge();
  const std::string answer = appraised(message(c, bound_evidence(challenge())));
  EXPECT_EQ(member(answer, "verdict"), "refused");
  EXPECT_THAT(answer, HasSubstr(R"({"id":"fake.report_data","outcome":"failed")"));
}

TEST_F(AppraiseTest, ASessionOfOneProtocolIsNoneOfTheOther) {
  const Broker broker(world_.service());
  const Attester attester;
  const auto kbs = test_support::open_session(broker, attester, kNow);
  Challenge c = challenge();
  const std::string sealed = c.session;
  c.session = kbs.cookie;
  EXPECT_THAT(refused(message(c, bound_evidence(c))).checks, ElementsAre("appraise.session.seal"));
  const auto other = broker.attest(sealed, as_bytes("{}"), kNow);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().checks, ElementsAre("kbs.session.cookie"));
}

TEST_F(AppraiseTest, AnOldSessionIsOver) {
  const Challenge c = challenge();
  EXPECT_THAT(refused(message(c, bound_evidence(c)), {kNow.seconds + 300}).checks,
              ElementsAre("appraise.session.expiry"));
}

TEST_F(AppraiseTest, NoResultOfThisRouteOpensAResource) {
  const Broker broker(world_.service());
  const Challenge c = challenge();
  const std::string answer = appraised(message(c, bound_evidence(c)));
  const auto opened = broker.resource({.cookie = std::nullopt, .bearer = member(answer, "ear")},
                                      "hospital/key/records", kNow);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().checks, ElementsAre("kbs.token.valid"));
  // Nor does the session that it came with.
  const auto by_session =
      broker.resource({.cookie = c.session, .bearer = std::nullopt}, "hospital/key/records", kNow);
  ASSERT_FALSE(by_session);
  EXPECT_THAT(by_session.error().checks, ElementsAre("kbs.token.valid"));
}

// Another service with the same keys and issuer has another name, which may be an audience here.
TEST_F(AppraiseTest, NorOneOfAServiceWithTheSameKeys) {
  Service other{world_.store(), world_.verifier, world_.keys(), world_.service().rng,
                Options{.name = "somebody", .issuer = "wardd.test"}};
  const Broker broker(other);
  const Challenge c = challenge();
  const std::string answer = appraised(message(c, bound_evidence(c)));
  const auto opened = broker.resource({.cookie = std::nullopt, .bearer = member(answer, "ear")},
                                      "hospital/key/records", kNow);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().body.detail, HasSubstr("ward.facts"));
}

TEST_F(AppraiseTest, WhatAnAttesterSaysOfItselfIsBoundedAndNothingOfOurs) {
  const Challenge c = challenge();
  const auto asked = [&](const std::string& runtime_data) {
    return refused(R"({"tee":"sgx","audience":"somebody","evidence":)" + bound_evidence(c) +
                   R"(,"session":")" + c.session + R"(","runtime_data":)" + runtime_data + "}");
  };
  std::string deep = "1";
  for (int i = 0; i < 20; ++i) {
    deep = R"({"a":)" + deep + "}";
  }
  std::string controls;
  for (std::size_t i = 0; i < kMaxRuntimeBytes / 6; ++i) {
    controls += R"(\u0001)";
  }
  for (const std::string& odd :
       {std::string(R"({"ward.facts":{}})"), std::string(R"({"ward.x":1})"), deep,
        R"({"a":")" + std::string(kMaxRuntimeBytes, 'x') + "\"}", R"({"a":")" + controls + "\"}"}) {
    const Refusal refusal = asked(odd);
    EXPECT_EQ(refusal.status, 400U) << odd.substr(0, 80);
    EXPECT_THAT(refusal.checks, ElementsAre("appraise.request.form"));
  }
}

TEST_F(AppraiseTest, TheServiceItselfIsNoAudience) {
  const std::string body = R"({"audience":"wardd.test","evidence":{},"report_data":"00"})";
  const Refusal refusal = refused(body);
  EXPECT_EQ(refusal.status, 400U);
  EXPECT_THAT(refusal.checks, ElementsAre("appraise.request.audience"));
}

TEST_F(AppraiseTest, StatedReportDataIsComparedWhole) {
  const std::string answer = appraised(stated(Buffer(64, 9)));
  EXPECT_EQ(member(answer, "verdict"), "accepted");
  EXPECT_EQ(verified(answer).claims.find("submods")->find("cpu0")->find("runtime_data"), nullptr);
  const std::string other = R"({"audience":"somebody","evidence":)" + evidence(Buffer(64, 9)) +
                            R"(,"report_data":")" + to_hex(Buffer(64, 8)) + "\"}";
  EXPECT_EQ(member(appraised(other), "verdict"), "refused");
}

// Who has such evidence can show it to the verifier again and again, for whomever it likes.
TEST_F(AppraiseTest, StatedReportDataShowsFreshEvidenceOnlyToWhoAskedForIt) {
  const std::string answer = appraised(stated(Buffer(64, 9), R"(,"profile":"ietf")"));
  const auto jwt = verified(answer);
  const auto view = token::view_ear(jwt.claims);
  ASSERT_TRUE(view);
  const auto passport = token::judge_ear(*view, false);
  ASSERT_FALSE(passport);
  EXPECT_THAT(passport.error().what(), HasSubstr("may be old"));
  EXPECT_TRUE(token::judge_ear(*view, false, to_base64(Buffer(64, 9), Base64::kUrl)));
  EXPECT_FALSE(token::judge_ear(*view, false, to_base64(Buffer(64, 8), Base64::kUrl)));
}

// A flood of what can be shown without end hides no refusal of what cannot.
TEST_F(AppraiseTest, RefusalsOfStatedReportDataAreCountedApart) {
  world_.verifier.debug = true;
  for (int i = 0; i < 40; ++i) {
    (void)appraised(stated(Buffer(64, 9)));
  }
  const std::size_t before = kinds().size();
  const Challenge c = challenge();
  EXPECT_EQ(member(appraised(message(c, bound_evidence(c))), "verdict"), "refused");
  EXPECT_EQ(kinds().size(), before + 1);
}

TEST_F(AppraiseTest, EvidenceOfAnySizeIsArchived) {
  const Challenge c = challenge();
  std::string padded = bound_evidence(c);
  padded.insert(1, std::string(std::size_t{900} << 10U, ' '));
  const std::string answer = appraised(message(c, padded));
  EXPECT_EQ(member(answer, "verdict"), "accepted");
  EXPECT_THAT(archived(), ElementsAre(member(answer, "id")));
}

TEST_F(AppraiseTest, WhatWasShownForStatedReportDataIsRepeatedAsSuch) {
  const std::string answer = appraised(stated(Buffer(64, 9)));
  EXPECT_THAT(archived(), ElementsAre(member(answer, "id")));
  const Replay replay(world_.service());
  const Actor actor = test_support::administrator();
  const auto repeated = replay.repeat(actor, {.id = member(answer, "id")}, kNow);
  ASSERT_TRUE(repeated);
  EXPECT_EQ(member(*repeated, "verdict"), "accepted");
  constexpr std::string_view kNothing = R"({"schema":"ward.evidence-policy/1","runtimes":[]})";
  const auto step = replay.step(actor, {.candidate = as_bytes(kNothing)}, kNow);
  ASSERT_TRUE(step);
  ASSERT_EQ(step->changes.size(), 1U);
  EXPECT_EQ(step->changes[0].access, "result");  // and no resource
}

TEST_F(AppraiseTest, WhatMayBeRepeatedWithoutEndIsCountedBeyondABound) {
  for (std::uint32_t i = 0; i < kStatedPerInterval; ++i) {
    EXPECT_EQ(member(appraised(stated(Buffer(64, 9))), "verdict"), "accepted");
  }
  const std::size_t full = kinds().size();
  const std::string answer = appraised(stated(Buffer(64, 9)));
  EXPECT_EQ(member(answer, "verdict"), "accepted");
  EXPECT_EQ(member(answer, "id"), "");
  EXPECT_EQ(kinds().size(), full);
  EXPECT_EQ(archived().size(), std::size_t{kStatedPerInterval});  // one for each leaf
  const UnixTime later{kNow.seconds + kRefusalInterval_s};
  const Challenge c = challenge(later);
  EXPECT_FALSE(appraised(message(c, bound_evidence(c)), later).empty());
  const auto leaves = leaves_of(world_);
  const ledger::Leaf& counted = leaves[leaves.size() - 2];
  EXPECT_EQ(counted.entry.kind, "appraisal.more");
  EXPECT_EQ(counted.entry.subject, "appraisal.stated");
  EXPECT_EQ(detail_of(counted, "count"), "1");
}

TEST_F(AppraiseTest, ProfilesAreWrittenAsAsked) {
  const std::string ietf = appraised(stated(Buffer(64, 9), R"(,"profile":"ietf")"));
  const auto view = token::view_ear(verified(ietf).claims);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->profile, token::EarProfile::kIetf);
  EXPECT_TRUE(token::answers_nonce(*view, to_base64(Buffer(64, 9), Base64::kUrl)));
  const std::string cwt = appraised(stated(Buffer(64, 9), R"(,"profile":"cwt")"));
  EXPECT_THAT(member(cwt, "media_type"), StartsWith("application/eat+cwt"));
  const auto octets = from_base64(member(cwt, "ear"), Base64::kStandard);
  ASSERT_TRUE(octets);
  EXPECT_TRUE(token::verify_cwt(*octets, world_.keys().token_keys,
                                {.issuer = "wardd.test", .audience = "somebody", .now = kNow}));
}

TEST_F(AppraiseTest, EvidenceThatCannotBeReadLeavesNothing) {
  const Challenge c = challenge();
  const Refusal refusal = refused(message(c, "{}"));
  EXPECT_EQ(refusal.status, 400U);
  EXPECT_THAT(refusal.checks, ElementsAre("appraise.evidence.form"));
  EXPECT_EQ(kinds().size(), before_);
  EXPECT_EQ(member(appraised(message(c, bound_evidence(c))), "verdict"), "accepted");
}

TEST(Appraise, NeedsAPolicyForEvidence) {
  const World world;
  const Appraiser appraiser(world.service());
  const auto out = appraiser.appraise(
      as_bytes(R"({"audience":"somebody","evidence":{"report_data":"00"},"report_data":"00"})"),
      kNow);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().status, 409U);
  EXPECT_THAT(out.error().checks, ElementsAre("kbs.evidence.policy"));
}

TEST(AppraiseRequest, SaysWhatIsWrong) {
  const struct {
    const char* body;
    const char* told;
  } kCases[] = {
      {"[]", "line 1, column 1: expected an object"},
      {"{", "line 1, column 2"},
      {R"({"colour":1})", "colour: expected no member of this name"},
      {R"({"evidence":{}})", "session: expected either session or report_data"},
      {R"({"evidence":{},"evidence_base64":"AA=="})", "either evidence or evidence_base64"},
      {R"({"report_data":"00"})", "either evidence or evidence_base64"},
      {R"({"evidence_base64":"*","report_data":"00"})", "evidence_base64: expected base64"},
      {R"({"tee":"x","evidence":{}})", "tee: expected a TEE's name"},
      {R"({"evidence":{},"session":"a","report_data":"00"})", "either session or report_data"},
      {R"({"evidence":{},"session":"a"})", "runtime_data: expected an object"},
      {R"({"evidence":{},"session":"a","runtime_data":[]})", "runtime_data: expected an object"},
      {R"({"evidence":{},"session":"a","runtime_data":{"nonce":"x"}})", "without nonce"},
      {R"({"evidence":{},"report_data":"0"})", "report_data: expected hex"},
      {R"({"evidence":{},"report_data":"00","runtime_data":{}})", "a session beside it"},
      {R"({"evidence":{},"report_data":"00","additional_evidence":""})", "one field alone"},
      {R"({"evidence":{},"additional_evidence":1,"report_data":"00"})", "expected a text"},
      {R"({"evidence":{},"report_data":"00"})", "audience: expected who will rely"},
      {R"({"evidence":{},"report_data":"00","audience":""})", "audience: expected a text of 1"},
      {R"({"evidence":{},"report_data":"00","audience":"a","profile":"x"})",
       "trustee, ietf or cwt"},
  };

  for (const auto& one : kCases) {
    const auto out = parse_appraise_request(as_bytes(std::string_view(one.body)));
    ASSERT_FALSE(out) << one.body;
    EXPECT_THAT(to_text(out.error()), HasSubstr(one.told)) << one.body;
  }
}

TEST(AppraiseRequest, BindsWhatTheKbsProtocolDoes) {
  const Attester attester;
  const std::string runtime = R"({"tee-pubkey":)" + attester.jwk() + "}";
  EXPECT_EQ(*appraised_text("AAAA", runtime, "{}"),
            *protocol::kbs::runtime_data("AAAA", attester.jwk(), "{}"));
  EXPECT_EQ(*appraised_text("AAAA", runtime, std::nullopt),
            *protocol::kbs::device_runtime_data("AAAA", attester.jwk()));
  EXPECT_EQ(appraised_text("AAAA", R"({"nonce":"B"})", "").error().code(), Errc::kMalformed);
}

TEST(AppraiseRequest, EvidenceOfOtherDevicesIsToldByItsDigest) {
  const std::string evidence = R"({"nvidia":{"chip":"0a1b2c3d4e5f60718293a4b5c6d7e8f9"}})";
  const std::string bound = *appraised_text("AAAA", R"({"note":1})", evidence);
  const auto told = told_text(bound);
  ASSERT_TRUE(told);
  EXPECT_EQ(*told, R"({"additional-evidence":"sha256:)" +
                       to_hex(crypto::sha256(as_bytes(evidence))) +
                       R"(","nonce":"AAAA","note":1})");
  for (const auto& none : {std::optional<std::string>(""), std::optional<std::string>()}) {
    const std::string as_bound = *appraised_text("AAAA", "{}", none);
    EXPECT_EQ(*told_text(as_bound), as_bound);
  }
  for (const char* wrong : {"", "[]", "{"}) {
    EXPECT_EQ(told_text(wrong).error().code(), Errc::kMalformed) << wrong;
  }
}

}  // namespace
}  // namespace ward::broker
