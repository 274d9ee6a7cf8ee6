#include "broker/broker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/admin.h"
#include "broker/facts.h"
#include "broker/policy_admin.h"
#include "broker/records.h"
#include "codec/json.h"
#include "ledger/audit.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"
#include "token/jwe.h"
#include "token/jwt.h"

namespace ward::broker {
namespace {

using test_support::Attester;
using test_support::detail_of;
using test_support::kNow;
using test_support::leaves_of;
using test_support::message;
using test_support::open_session;
using test_support::Opened;
using test_support::World;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

UnixTime later(std::int64_t seconds) { return {kNow.seconds + seconds}; }

// leaves lists kind and failed checks of every leaf, in order.
std::vector<std::string> leaves(const World& world) {
  std::vector<std::string> out;
  for (const ledger::Leaf& leaf : leaves_of(world)) {
    const std::string checks = detail_of(leaf, "checks");
    out.push_back(leaf.entry.kind + (checks.empty() ? "" : " " + checks));
  }
  return out;
}

// passed_of_last is what the last leaf says that passed.
std::string passed_of_last(const World& world) {
  const auto all = leaves_of(world);
  return all.empty() ? "" : detail_of(all.back(), "passed");
}

std::string last_leaf(const World& world) {
  const auto all = leaves(world);
  return all.empty() ? "" : all.back();
}

class BrokerTest : public testing::Test {
 protected:
  BrokerTest() { world_.set_up(); }

  // refused attests with report data and returns what the client is told.
  std::string refused_attest(UnixTime now = kNow) {
    Opened session = open_session(broker_, attester_, kNow);
    const std::string body = message(session, session.client.report_data());
    const auto answer = broker_.attest(session.cookie, as_bytes(body), now);
    EXPECT_FALSE(answer);
    return answer ? "" : answer.error().body.detail;
  }

  Answer<std::string> get(std::string_view token, std::string_view path = "hospital/key/records",
                          UnixTime now = kNow) {
    auto out = broker_.resource({.cookie = std::nullopt, .bearer = token}, path, now);
    if (!out) return out.error();
    return std::move(out->jwe);
  }

  World world_;
  Attester attester_;
  Broker broker_{world_.service()};
};

TEST_F(BrokerTest, releases_a_key_to_the_key_that_the_evidence_binds) {
  const std::string token = attested(broker_, attester_, kNow);
  const auto body = get(token);
  ASSERT_TRUE(body) << body.error().body.detail;
  EXPECT_THAT(*body, StartsWith("{\"protected\":\""));
  const auto jwe = token::parse_jwe(as_bytes(*body));
  ASSERT_TRUE(jwe);
  const auto opened = token::decrypt_jwe(*jwe, attester_.key());
  ASSERT_TRUE(opened);
  EXPECT_EQ(as_text(opened->expose()), "the key");
  EXPECT_FALSE(token::decrypt_jwe(*jwe, Attester().key()));
  EXPECT_EQ(leaves(world_), (std::vector<std::string>{"policy.set", "policy.set", "resource.put",
                                                      "attestation", "release"}));
}

// The policy for evidence demands a value of a field: another one, or none at all, gets no token,
// hence no key, and the ledger says which field it was.
TEST_F(BrokerTest, a_value_that_the_policy_does_not_accept_gets_no_key) {
  const std::string policy = test_support::evidence_policy();
  const std::string demanding = policy.substr(0, policy.size() - 1) + R"(,"accepted_values":{")" +
                                test_support::kFieldId + R"(":[true]}})";
  ASSERT_TRUE(PolicyAdmin(world_.service())
                  .set(test_support::administrator(), "evidence", as_bytes(demanding), kNow));
  EXPECT_TRUE(get(attested(broker_, attester_, kNow)));
  for (const std::optional<bool> flag : {std::optional(false), std::optional<bool>()}) {
    world_.verifier.flag = flag;
    EXPECT_THAT(refused_attest(), StartsWith(std::string(test_support::kFieldId) + ": "));
    EXPECT_EQ(last_leaf(world_), std::string("refusal ") + test_support::kFieldId);
  }
}

// Where a maker's revocation list is optional, evidence without one gets a token only by a policy
// that does without; the result does not say that revocation was checked.
TEST_F(BrokerTest, a_revocation_list_that_the_policy_does_without_is_no_refusal) {
  world_.verifier.without_list = true;
  EXPECT_THAT(refused_attest(), StartsWith("fake.list.present: "));
  const std::string policy = test_support::evidence_policy();
  const std::string lenient =
      policy.substr(0, policy.size() - 1) + R"(,"require_revocation":false})";
  ASSERT_TRUE(PolicyAdmin(world_.service())
                  .set(test_support::administrator(), "evidence", as_bytes(lenient), kNow));
  EXPECT_TRUE(get(attested(broker_, attester_, kNow)));
  for (const ledger::Leaf& leaf : leaves_of(world_))
    EXPECT_THAT(detail_of(leaf, "passed"), Not(HasSubstr("fake.list")));
  world_.verifier.debug = true;
  EXPECT_THAT(refused_attest(), StartsWith("fake.debug: "));
}

TEST_F(BrokerTest, auth_writes_nothing) {
  const auto before = world_.store().revision();
  (void)open_session(broker_, attester_, kNow);
  const auto after = world_.store().revision();
  ASSERT_TRUE(before && after);
  EXPECT_EQ(*before, *after);
}

TEST_F(BrokerTest, a_session_serves_by_its_cookie_too) {
  Opened session = open_session(broker_, attester_, kNow);
  const std::string body = message(session, session.client.report_data());
  const Broker::Credentials cookie{.cookie = session.cookie, .bearer = std::nullopt};
  const auto early = broker_.resource(cookie, "hospital/key/records", kNow);
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().body.detail, StartsWith("kbs.token.valid: "));
  ASSERT_TRUE(broker_.attest(session.cookie, as_bytes(body), kNow));
  EXPECT_TRUE(broker_.resource(cookie, "hospital/key/records", kNow));
  EXPECT_FALSE(broker_.resource(cookie, "hospital/key/records", later(300)));
}

TEST_F(BrokerTest, a_replay_is_refused_by_the_nonce) {
  Opened session = open_session(broker_, attester_, kNow);
  const std::string body = message(session, session.client.report_data());
  ASSERT_TRUE(broker_.attest(session.cookie, as_bytes(body), kNow));
  const auto replay = broker_.attest(session.cookie, as_bytes(body), kNow);
  ASSERT_FALSE(replay);
  EXPECT_EQ(replay.error().status, 401U);
  EXPECT_THAT(replay.error().body.detail, StartsWith("kbs.nonce.unused: "));
  EXPECT_EQ(last_leaf(world_), "refusal kbs.nonce.unused");
}

TEST_F(BrokerTest, a_refused_attempt_uses_the_nonce_up_too) {
  Opened session = open_session(broker_, attester_, kNow);
  const std::string body = message(session, session.client.report_data());
  world_.verifier.debug = true;
  ASSERT_FALSE(broker_.attest(session.cookie, as_bytes(body), kNow));
  world_.verifier.debug = false;
  const auto again = broker_.attest(session.cookie, as_bytes(body), kNow);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().body.detail, StartsWith("kbs.nonce.unused: "));
}

TEST_F(BrokerTest, a_forgotten_nonce_cannot_come_back) {
  Opened session = open_session(broker_, attester_, kNow);
  const std::string body = message(session, session.client.report_data());
  ASSERT_TRUE(broker_.attest(session.cookie, as_bytes(body), kNow));
  (void)attested(broker_, attester_, later(5000));  // forgets the first
  const auto row = world_.store().read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto rows, view.list(kNonceTable, "", "", 10));
    EXPECT_EQ(rows.size(), 1U);
    return {};
  });
  ASSERT_TRUE(row);
  const auto late = broker_.attest(session.cookie, as_bytes(body), later(5000));
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().body.detail, StartsWith("kbs.session.expiry: "));
}

TEST_F(BrokerTest, evidence_of_another_session_is_refused) {
  Opened first = open_session(broker_, attester_, kNow);
  Opened second = open_session(broker_, attester_, kNow);
  // Relayed: the second session presents the first one's whole message ...
  const std::string body = message(first, first.client.report_data());
  const auto relayed = broker_.attest(second.cookie, as_bytes(body), kNow);
  ASSERT_FALSE(relayed);
  EXPECT_THAT(relayed.error().body.detail, StartsWith("kbs.nonce.equal: "));
  // ... or its evidence only.
  const std::string mixed = message(second, first.client.report_data());
  const auto bound = broker_.attest(second.cookie, as_bytes(mixed), kNow);
  ASSERT_FALSE(bound);
  EXPECT_THAT(bound.error().body.detail, StartsWith("fake.report_data: "));
}

TEST_F(BrokerTest, evidence_for_another_key_is_refused) {
  Opened session = open_session(broker_, attester_, kNow);
  std::string body = message(session, session.client.report_data());
  const std::string other = Attester().jwk();
  const auto parsed =
      protocol::kbs::parse_attestation(as_bytes(body), protocol::kbs::Version::k0_4_0);
  ASSERT_TRUE(parsed);
  auto changed = *parsed;
  changed.tee_pubkey = other;
  const auto text = protocol::kbs::write_attestation(changed, protocol::kbs::Version::k0_4_0);
  ASSERT_TRUE(text);
  const auto refused = broker_.attest(session.cookie, as_bytes(*text), kNow);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().body.detail, StartsWith("fake.report_data: "));
}

TEST_F(BrokerTest, sessions_end_and_belong_to_the_service) {
  EXPECT_THAT(refused_attest(later(300)), StartsWith("kbs.session.expiry: "));
  Opened future = open_session(broker_, attester_, later(31));
  const std::string early = message(future, future.client.report_data());
  const auto ahead = broker_.attest(future.cookie, as_bytes(early), kNow);
  ASSERT_FALSE(ahead);
  EXPECT_THAT(ahead.error().body.detail, HasSubstr("while the clock stood in the future"));
  EXPECT_TRUE(broker_.attest(future.cookie, as_bytes(early), later(1)));
  Opened session = open_session(broker_, attester_, kNow);
  const std::string body = message(session, session.client.report_data());
  for (const std::string& cookie : {std::string(), std::string("abc"), session.cookie + "A"}) {
    const auto refused = broker_.attest(cookie, as_bytes(body), kNow);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().body.detail, StartsWith("kbs.session.cookie: "));
  }
  EXPECT_TRUE(broker_.attest(session.cookie, as_bytes(body), later(299)));
}

TEST_F(BrokerTest, the_verifiers_policy_decides_about_evidence) {
  world_.verifier.runtime[0] ^= 1;
  EXPECT_THAT(refused_attest(), StartsWith("fake.measurement: "));
  EXPECT_EQ(last_leaf(world_), "refusal fake.measurement");
  world_.verifier.runtime[0] ^= 1;
  world_.verifier.tcb_status = "OutOfDate";
  EXPECT_THAT(refused_attest(), StartsWith("fake.tcb: "));
  world_.verifier.tcb_status = "UpToDate";
  world_.verifier.debug = true;
  EXPECT_THAT(refused_attest(), StartsWith("fake.debug: "));
  world_.verifier.debug = false;
  world_.verifier.development = true;
  EXPECT_THAT(refused_attest(), StartsWith("fake.development: "));
}

TEST_F(BrokerTest, without_a_policy_for_evidence_nothing_is_accepted) {
  const World bare;
  const Broker broker(bare.service());
  Opened session = open_session(broker, attester_, kNow);
  const std::string body = message(session, session.client.report_data());
  const auto refused = broker.attest(session.cookie, as_bytes(body), kNow);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().body.detail, StartsWith("kbs.evidence.policy: "));
}

TEST(CarriesDigest, a_whole_digest_and_zeros_or_32_octets_of_a_sha384) {
  const Buffer digest = to_buffer(crypto::sha384(as_bytes("a workload")));
  const auto field = [&](std::size_t of_digest, std::size_t size) {
    Buffer out(digest.begin(), digest.begin() + static_cast<std::ptrdiff_t>(of_digest));
    out.resize(size);
    return out;
  };
  EXPECT_TRUE(carries_digest(field(48, 48), digest));   // MRCONFIGID
  EXPECT_TRUE(carries_digest(field(48, 64), digest));   // CONFIGID
  EXPECT_TRUE(carries_digest(field(32, 32), digest));   // HOST_DATA
  EXPECT_FALSE(carries_digest(field(32, 48), digest));  // cut where it need not be
  EXPECT_FALSE(carries_digest(field(32, 64), digest));
  for (const std::size_t size : {0U, 1U, 31U, 33U, 47U})
    EXPECT_FALSE(carries_digest(field(size, size), digest)) << size;
  for (std::size_t i = 0; i < 64; ++i) {
    Buffer changed = field(48, 64);
    changed[i] ^= 1U;
    EXPECT_FALSE(carries_digest(changed, digest)) << i;
    EXPECT_EQ(carries_digest(Bytes(changed).first(32), digest), i >= 32) << i;
  }
  const Buffer sha256 = to_buffer(crypto::sha256(as_bytes("a workload")));
  EXPECT_TRUE(carries_digest(sha256, sha256));
  EXPECT_FALSE(carries_digest(Bytes(sha256).first(31), sha256));
  EXPECT_FALSE(carries_digest(field(32, 32), {}));
}

TEST_F(BrokerTest, refuses_keys_that_no_reply_can_be_encrypted_to) {
  const std::string good = attester_.jwk();

  const struct {
    std::string from;
    std::string to;
  } kCases[] = {
      {"ECDH-ES+A256KW", "ES256"},
      {"ECDH-ES+A256KW", "ECDH-ES"},
      {"\"crv\":\"P-256\"", "\"crv\":\"P-384\""},
      {"\"x\":\"", "\"d\":\"AA\",\"x\":\""},
  };

  for (const auto& row : kCases) {
    Opened session = open_session(broker_, attester_, kNow);
    std::string body = message(session, session.client.report_data());
    const auto at = body.find(row.from);
    ASSERT_NE(at, std::string::npos);
    body.replace(at, row.from.size(), row.to);
    const auto refused = broker_.attest(session.cookie, as_bytes(body), kNow);
    ASSERT_FALSE(refused) << row.to;
    EXPECT_THAT(refused.error().body.detail, StartsWith("kbs.tee_pubkey.usable: ")) << row.to;
  }
}

TEST_F(BrokerTest, the_owners_policy_decides_about_release) {
  const std::string token = attested(broker_, attester_, kNow);
  world_.verifier.workload[0] ^= 1;
  const std::string other = attested(broker_, attester_, kNow);
  EXPECT_TRUE(get(token));
  const auto refused = get(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 401U);
  EXPECT_EQ(refused.error().body.type, "PolicyDeny");
  EXPECT_THAT(refused.error().body.detail, StartsWith("kbs.release.workload: "));
  EXPECT_EQ(last_leaf(world_), "refusal kbs.release.workload");
}

TEST_F(BrokerTest, a_leaf_says_what_passed_as_well) {
  const std::string token = attested(broker_, attester_, kNow);
  constexpr const char* kSession =
      "kbs.session.cookie kbs.session.expiry kbs.message.form kbs.nonce.equal "
      "kbs.tee_pubkey.usable";
  const std::string attested_all = passed_of_last(world_);
  EXPECT_THAT(attested_all, StartsWith(kSession));
  EXPECT_THAT(attested_all, HasSubstr(" fake.report_data"));
  ASSERT_TRUE(get(token));
  EXPECT_EQ(passed_of_last(world_),
            "kbs.token.valid kbs.resource.exists kbs.release.rule kbs.release.workload "
            "kbs.release.runtime kbs.release.tcb_status kbs.release.debug "
            "kbs.release.development kbs.resource.unexpired kbs.token.unaffected "
            "kbs.lease.unrevoked");
  world_.verifier.workload[0] ^= 1;
  const std::string other = attested(broker_, attester_, kNow);
  ASSERT_FALSE(get(other));
  EXPECT_EQ(last_leaf(world_), "refusal kbs.release.workload");
  EXPECT_EQ(passed_of_last(world_),
            "kbs.token.valid kbs.resource.exists kbs.release.rule kbs.release.runtime "
            "kbs.release.tcb_status kbs.release.debug kbs.release.development");
  world_.verifier.debug = true;
  (void)refused_attest();
  EXPECT_THAT(passed_of_last(world_), StartsWith(kSession));
  EXPECT_THAT(passed_of_last(world_), testing::Not(HasSubstr("fake.debug")));
}

TEST_F(BrokerTest, a_replay_passed_everything_but_the_nonce) {
  Opened session = open_session(broker_, attester_, kNow);
  const std::string body = message(session, session.client.report_data());
  ASSERT_TRUE(broker_.attest(session.cookie, as_bytes(body), kNow));
  const std::string first = passed_of_last(world_);
  ASSERT_FALSE(broker_.attest(session.cookie, as_bytes(body), kNow));
  EXPECT_EQ(last_leaf(world_), "refusal kbs.nonce.unused");
  EXPECT_EQ(passed_of_last(world_), first);
}

TEST_F(BrokerTest, absent_and_unknown_resources_are_404) {
  const std::string token = attested(broker_, attester_, kNow);
  for (const char* path : {"hospital/key/absent", "nobody/key/records"}) {
    const auto absent = get(token, path);
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().status, 404U) << path;
    EXPECT_THAT(absent.error().body.detail, StartsWith("kbs.resource.exists: "));
  }
  const auto path = get(token, "hospital/../records");
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().status, 404U);
}

TEST_F(BrokerTest, a_resource_without_rule_or_policy_goes_to_nobody) {
  const Admin admin(world_.service());
  const Actor actor = test_support::administrator();
  ASSERT_TRUE(admin.put_resource(actor, "hospital/key/unruled", as_bytes("x"), kNow));
  ASSERT_TRUE(admin.put_resource(actor, "other/key/records", as_bytes("x"), kNow));
  const std::string token = attested(broker_, attester_, kNow);
  for (const char* path : {"hospital/key/unruled", "other/key/records"}) {
    const auto refused = get(token, path);
    ASSERT_FALSE(refused) << path;
    EXPECT_THAT(refused.error().body.detail, StartsWith("kbs.release.rule: ")) << path;
  }
}

TEST_F(BrokerTest, a_clock_before_the_ledger_is_an_error) {
  const std::string token = attested(broker_, attester_, later(100));
  const auto before = leaves(world_);
  const auto challenge = broker_.auth(as_bytes(R"({"version":"0.4.0","tee":"sgx"})"), kNow);
  ASSERT_FALSE(challenge);
  EXPECT_EQ(challenge.error().status, 503U);
  EXPECT_THAT(challenge.error().body.detail, StartsWith("kbs.server.clock: "));
  EXPECT_EQ(leaves(world_), before);
}

TEST_F(BrokerTest, a_row_that_was_exchanged_does_not_open) {
  const Admin admin(world_.service());
  const Actor actor = test_support::administrator();
  ASSERT_TRUE(admin.put_resource(actor, "hospital/key/other", as_bytes("x"), kNow));
  const std::string token = attested(broker_, attester_, kNow);
  const auto stolen = world_.store().get(kResourceTable, "hospital/key/other");
  ASSERT_TRUE(stolen);
  const auto row = world_.store().get(kResourceTable, "hospital/key/records");
  ASSERT_TRUE(row);
  ASSERT_TRUE(
      world_.store().put(kResourceTable, "hospital/key/records", *stolen->value, row->version));
  const auto refused = get(token);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 503U);
  // The older row of the same place neither.
  ASSERT_TRUE(
      world_.store().put(kResourceTable, "hospital/key/records", *row->value, row->version + 1));
  EXPECT_FALSE(get(token));
}

TEST_F(BrokerTest, the_ledger_is_whole_afterwards) {
  const std::string token = attested(broker_, attester_, kNow);
  (void)get(token);
  const auto done = world_.store().read([&](store::View& view) -> Result<void> {
    WARD_TRY(const ledger::Audit audit, ledger::audit(view, world_.keys().ledger.key));
    EXPECT_TRUE(audit.faults.empty());
    EXPECT_EQ(audit.size, 5U);
    return {};
  });
  EXPECT_TRUE(done);
}

// The token's own attacks are tested in src/token; these are the broker's expectations.
TEST_F(BrokerTest, takes_only_its_own_tokens) {
  const std::string good = attested(broker_, attester_, kNow);
  const auto detail = [&](std::string_view token, UnixTime now) {
    const auto refused = get(token, "hospital/key/records", now);
    return refused ? std::string() : refused.error().body.detail;
  };
  EXPECT_EQ(detail(good, later(299)), "");
  EXPECT_THAT(detail(good, later(400)), StartsWith("kbs.token.valid: "));           // expired
  EXPECT_THAT(detail(good, {kNow.seconds - 31}), StartsWith("kbs.token.valid: "));  // future
  EXPECT_THAT(detail("", kNow), StartsWith("kbs.token.valid: "));
  EXPECT_THAT(detail("a.b.c", kNow), StartsWith("kbs.token.valid: "));
  std::string flipped = good;
  flipped[flipped.size() / 2] = flipped[flipped.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_THAT(detail(flipped, kNow), StartsWith("kbs.token.valid: "));

  const World stranger;  // another service of the same name, with its own key
  stranger.set_up();
  const std::string foreign = attested(Broker(stranger.service()), attester_, kNow);
  EXPECT_THAT(detail(foreign, kNow), StartsWith("kbs.token.valid: "));

  // Signed by us, but for another audience, or no attestation result at all.
  token::JwtClaims claims;
  claims.issuer = "wardd.test";
  claims.issued = kNow;
  claims.expires = later(100);
  for (const char* audience : {"another.test", "wardd.test", ""}) {
    claims.audience = audience;
    const auto token = token::sign_jwt(world_.keys().token_signer, claims);
    ASSERT_TRUE(token);
    EXPECT_THAT(detail(*token, kNow), StartsWith("kbs.token.valid: ")) << audience;
  }
}

}  // namespace
}  // namespace ward::broker
