#include "broker/kept_results.h"

#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "broker/broker.h"
#include "broker/policy_admin.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::Attester;
using test_support::kNow;
using test_support::leaves_of;
using test_support::World;

constexpr const char* kPath = "hospital/key/records";

UnixTime later(std::int64_t seconds) { return {kNow.seconds + seconds}; }

KeptResults::Kept result_of(std::size_t claims) {
  return std::make_shared<const ProvedResult>(ProvedResult{.facts = {},
                                                           .claims = std::string(claims, 'x'),
                                                           .token_sha256 = {},
                                                           .issuer = {},
                                                           .audience = {},
                                                           .kid = {},
                                                           .times = {}});
}

TEST(KeptResults, are_found_by_their_session_alone) {
  KeptResults kept;
  EXPECT_EQ(kept.find("a"), nullptr);
  const auto first = result_of(1);
  kept.keep("a", first);
  EXPECT_EQ(kept.find("a"), first);
  EXPECT_EQ(kept.find("b"), nullptr);
  EXPECT_EQ(kept.find(""), nullptr);
  kept.keep("a", result_of(1));
  EXPECT_EQ(kept.find("a"), first);  // a session attests once
}

TEST(KeptResults, are_bounded_and_the_oldest_goes_first) {
  KeptResults kept;
  constexpr std::size_t kMebibyte = std::size_t{1} << 20U;
  kept.keep("too large", result_of(KeptResults::kMostOctets));
  EXPECT_EQ(kept.find("too large"), nullptr);
  for (const char* session : {"a", "b", "c", "d", "e"}) {
    kept.keep(session, result_of(kMebibyte));
  }
  EXPECT_EQ(kept.find("a"), nullptr);  // each takes a little more than its claims
  EXPECT_EQ(kept.find("b"), nullptr);
  for (const char* session : {"c", "d", "e"}) {
    EXPECT_NE(kept.find(session), nullptr) << session;
  }
  const auto held = kept.find("c");
  kept.keep("large", result_of(3 * kMebibyte));
  EXPECT_EQ(kept.find("c"), nullptr);
  EXPECT_EQ(held->claims.size(), kMebibyte);  // who still rests on it has it
  for (int i = 0; i < 10'000; ++i) {
    kept.keep(std::to_string(i), result_of(0));  // small ones count too
  }
  EXPECT_EQ(kept.find("5000"), nullptr);
  EXPECT_NE(kept.find("9999"), nullptr);
}

// Listener is an engine that allows all, and keeps what it was shown.
class Listener final : public RegoEngine {
 public:
  [[nodiscard]] std::optional<std::string> check(std::string_view /*text*/,
                                                 RegoContract /*contract*/) const override {
    return std::nullopt;
  }

  [[nodiscard]] Result<void, RegoRefusal> allow(std::string_view /*text*/,
                                                const RegoDocuments& documents) const override {
    shown.emplace_back(documents.input);
    return {};
  }

  [[nodiscard]] Result<RegoSaid, RegoRefusal> trust_claims(
      std::string_view /*text*/, const RegoDocuments& /*documents*/) const override {
    return RegoSaid{};
  }

  mutable std::vector<std::string> shown;
};

// Told is what became of one request for a resource.
struct Told {
  std::string refusal;  // empty: it was released
  std::vector<std::pair<std::string, std::string>> leaf;

  friend bool operator==(const Told&, const Told&) = default;
};

// The broker that a session attested at, and another one, which reads the token in the store.
class KeptResultsTest : public testing::Test {
 protected:
  KeptResultsTest() {
    world_.set_up();
    const std::string policy = test_support::results_policy();
    const std::string asking =
        policy.substr(0, policy.size() - 3) + R"(,"rego":"package policy"}]})";
    EXPECT_TRUE(
        PolicyAdmin(world_.service())
            .set(test_support::administrator(), "results/hospital", as_bytes(asking), kNow));
    keys_.token_keys = world_.keys().token_keys;
    service_.options = world_.service().options;
  }

  // attest gives the cookie of a session that attested at here_.
  std::string attest(UnixTime now = kNow) {
    test_support::Opened session = test_support::open_session(here_, attester_, now);
    const std::string body = test_support::message(session, session.client.report_data());
    EXPECT_TRUE(here_.attest(session.cookie, as_bytes(body), now));
    return session.cookie;
  }

  Told ask(const Broker& broker, const std::string& cookie, UnixTime now) {
    const auto before = leaves_of(world_).size();
    const auto out = broker.resource({.cookie = cookie, .bearer = std::nullopt}, kPath, now);
    const auto leaves = leaves_of(world_);
    Told told;
    if (!out) told.refusal = std::to_string(out.error().status) + " " + out.error().body.detail;
    if (leaves.size() > before) told.leaf = leaves.back().entry.details;
    return told;
  }

  // same asks both, and expects what `released` says of both.
  void same(const std::string& cookie, UnixTime now, bool released) {
    const Told here = ask(here_, cookie, now);
    EXPECT_EQ(here, ask(Broker(service_), cookie, now)) << here.refusal;
    EXPECT_EQ(here.refusal.empty(), released) << here.refusal;
    EXPECT_EQ(here.leaf.empty(), !released);
  }

  Listener rego_;
  World world_{nullptr, &rego_};
  Keys keys_{.sessions = SessionSealer(test_support::filled(1)),
             .rows = SealedRows(test_support::filled(2)),
             .platform_ids = PlatformIds(test_support::filled(3)),
             .token_signer = world_.keys().token_signer,
             .token_keys = {},
             .ledger = world_.keys().ledger};
  Service service_{world_.store(), world_.verifier, keys_, world_.service().rng, {}, &rego_};
  Attester attester_;
  Broker here_{service_};
};

TEST_F(KeptResultsTest, say_what_the_token_says) {
  for (const std::size_t signer : {std::size_t{32}, std::size_t{0}}) {
    world_.verifier.signer = Buffer(signer, 3);
    rego_.shown.clear();
    same(attest(), kNow, true);
    ASSERT_EQ(rego_.shown.size(), 2U);
    EXPECT_EQ(rego_.shown[0], rego_.shown[1]);
    EXPECT_NE(rego_.shown[0].find("ward.facts"), std::string::npos);
  }
}

// Every time at which the answer changes, by the session and by the token.
TEST_F(KeptResultsTest, end_with_the_token) {
  service_.options.token_life_s = 100;
  const std::string cookie = attest();
  for (const std::int64_t seconds : {-31, -30, 0, 99, 129, 130, 131, 299, 300}) {
    SCOPED_TRACE(seconds);
    // The ledger's own clock goes back by less than a minute.
    same(cookie, later(seconds), seconds >= -30 && seconds < 130);
  }
}

TEST_F(KeptResultsTest, count_only_where_the_token_would) {
  const std::string cookie = attest();
  const Options usual = service_.options;
  service_.options.name = "another.test";
  same(cookie, kNow, false);
  service_.options = usual;
  service_.options.issuer = "https://another.test";
  same(cookie, kNow, false);
  service_.options = usual;
  const auto keys = std::exchange(keys_.token_keys, {});
  same(cookie, kNow, false);
  keys_.token_keys = keys;
  same(cookie, kNow, true);
  service_.options.token_life_s = 10;
  same(cookie, later(41), false);
  // What was asked for in another session, or by nobody.
  const auto fresh = test_support::open_session(here_, attester_, kNow);
  same(fresh.cookie, kNow, false);
  same("", kNow, false);
}

// Whose evidence is refused has nothing that is kept.
TEST_F(KeptResultsTest, are_of_those_that_were_accepted) {
  world_.verifier.debug = true;
  test_support::Opened session = test_support::open_session(here_, attester_, kNow);
  const std::string body = test_support::message(session, session.client.report_data());
  ASSERT_FALSE(here_.attest(session.cookie, as_bytes(body), kNow));
  same(session.cookie, kNow, false);
}

// While the ledger takes nothing, nothing is kept: the nonce was not used.
TEST_F(KeptResultsTest, are_kept_after_the_leaf) {
  test_support::Opened session = test_support::open_session(here_, attester_, kNow);
  const std::string body = test_support::message(session, session.client.report_data());
  world_.ledger_fails = true;
  ASSERT_FALSE(here_.attest(session.cookie, as_bytes(body), kNow));
  world_.ledger_fails = false;
  same(session.cookie, kNow, false);
  ASSERT_TRUE(here_.attest(session.cookie, as_bytes(body), kNow));
  same(session.cookie, kNow, true);
}

}  // namespace
}  // namespace ward::broker
