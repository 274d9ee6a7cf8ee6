#include "broker/refusal_record.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/records.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"

// What a refusal leaves in the ledger and on the disk, and what it says of whoever asked.
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
using testing::StartsWith;

UnixTime later(std::int64_t seconds) { return {kNow.seconds + seconds}; }

class RefusalRecordTest : public testing::Test {
 protected:
  RefusalRecordTest() { world_.set_up(); }

  // refused attests with the fake's evidence and returns what the client is told.
  Refusal refused(UnixTime now = kNow) {
    Opened session = open_session(broker_, attester_, now);
    const std::string body = message(session, session.client.report_data());
    const auto answer = broker_.attest(session.cookie, as_bytes(body), now);
    EXPECT_FALSE(answer);
    return answer ? Refusal{} : answer.error();
  }

  // kinds counts the leaves of a kind.
  [[nodiscard]] std::size_t kinds(std::string_view kind) const {
    const auto leaves = leaves_of(world_);
    return static_cast<std::size_t>(
        std::count_if(leaves.begin(), leaves.end(),
                      [&](const ledger::Leaf& leaf) { return leaf.entry.kind == kind; }));
  }

  [[nodiscard]] std::size_t nonces() const {
    std::size_t out = 0;
    EXPECT_TRUE(world_.store().read([&](store::View& view) -> Result<void> {
      WARD_TRY(const auto rows, view.list(kNonceTable, "", "", store::kMaxListed));
      out = rows.size();
      return {};
    }));
    return out;
  }

  World world_;
  Attester attester_;
  Broker broker_{world_.service()};
};

TEST_F(RefusalRecordTest, evidence_that_cannot_be_read_leaves_nothing) {
  const auto before = world_.store().revision();
  Opened session = open_session(broker_, attester_, kNow);
  const auto garbage = session.client.attest(R"({"no":"evidence"})");
  ASSERT_TRUE(garbage);
  const auto answer = broker_.attest(session.cookie, garbage->body, kNow);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().body.detail, StartsWith("kbs.evidence.form: "));
  // Evidence whose form the TEE's own checks refuse: there is no report data in it.
  Opened cut = open_session(broker_, attester_, kNow);
  const std::string empty = message(cut, {});
  ASSERT_FALSE(broker_.attest(cut.cookie, as_bytes(empty), kNow));
  const auto after = world_.store().revision();
  ASSERT_TRUE(before && after);
  EXPECT_EQ(*before, *after);
}

TEST_F(RefusalRecordTest, without_a_policy_nothing_is_written_either) {
  const World bare;
  const Broker broker(bare.service());
  Opened session = open_session(broker, attester_, kNow);
  const std::string body = message(session, session.client.report_data());
  ASSERT_FALSE(broker.attest(session.cookie, as_bytes(body), kNow));
  EXPECT_EQ(*bare.store().revision(), 0U);
}

TEST_F(RefusalRecordTest, a_workload_is_named_only_where_the_evidence_shows_that_it_is_the_one) {
  world_.verifier.debug = true;
  (void)refused();
  EXPECT_EQ(leaves_of(world_).back().entry.actor, to_hex(world_.verifier.workload));
  world_.verifier.forged = true;
  (void)refused();
  EXPECT_EQ(leaves_of(world_).back().entry.kind, "refusal");
  EXPECT_EQ(leaves_of(world_).back().entry.actor, "");
  // Genuine, but of another session: whoever sends it is not that workload.
  world_.verifier.forged = world_.verifier.debug = false;
  Opened one = open_session(broker_, attester_, kNow);
  Opened other = open_session(broker_, attester_, kNow);
  const std::string relayed = message(other, one.client.report_data());
  ASSERT_FALSE(broker_.attest(other.cookie, as_bytes(relayed), kNow));
  EXPECT_EQ(detail_of(leaves_of(world_).back(), "checks"), "fake.report_data");
  EXPECT_EQ(leaves_of(world_).back().entry.actor, "");
}

TEST_F(RefusalRecordTest, beyond_the_bound_refusals_are_counted_and_the_count_is_a_leaf) {
  world_.verifier.forged = true;
  const std::size_t nonces_before = nonces();
  for (std::uint32_t i = 0; i < kRefusalsPerInterval + 5; ++i)
    EXPECT_THAT(refused().body.detail, StartsWith("fake.signature: "));
  EXPECT_EQ(kinds("refusal"), kRefusalsPerInterval);
  EXPECT_EQ(kinds(kUnrecordedKind), 0U);
  EXPECT_EQ(nonces() - nonces_before, kRefusalsPerInterval);
  // The next leaf of any kind behind the interval brings the count.
  ASSERT_TRUE(Admin(world_.service())
                  .put_resource(test_support::administrator(), "hospital/key/new", as_bytes("x"),
                                later(kRefusalInterval_s)));
  const auto leaves = leaves_of(world_);
  const ledger::Leaf& count = leaves[leaves.size() - 2];
  EXPECT_EQ(count.entry.kind, kUnrecordedKind);
  EXPECT_EQ(count.entry.subject, kForgedEvidence);
  EXPECT_EQ(detail_of(count, "count"), "5");
  EXPECT_EQ(detail_of(count, "since"), format_rfc3339(kNow));
  EXPECT_EQ(leaves.back().entry.kind, "resource.put");
  // And a new interval has begun.
  (void)refused(later(kRefusalInterval_s));
  EXPECT_EQ(kinds("refusal"), kRefusalsPerInterval + 1);
  EXPECT_EQ(kinds(kUnrecordedKind), 1U);
}

TEST_F(RefusalRecordTest, the_bound_is_exact_and_an_interval_without_excess_has_no_count) {
  world_.verifier.forged = true;
  for (std::uint32_t i = 0; i < kRefusalsPerInterval; ++i)
    (void)refused();
  for (std::uint32_t i = 0; i < kRefusalsPerInterval; ++i)
    (void)refused(later(kRefusalInterval_s));
  EXPECT_EQ(kinds("refusal"), 2 * kRefusalsPerInterval);
  EXPECT_EQ(kinds(kUnrecordedKind), 0U);
}

TEST_F(RefusalRecordTest, strangers_do_not_hide_what_others_were_refused) {
  world_.verifier.workload[0] ^= 1;
  const std::string token = attested(broker_, attester_, kNow);
  world_.verifier.forged = true;
  for (std::uint32_t i = 0; i < kRefusalsPerInterval + 1; ++i)
    (void)refused();
  world_.verifier.forged = false;
  world_.verifier.debug = true;
  (void)refused();
  EXPECT_EQ(detail_of(leaves_of(world_).back(), "checks"), "fake.debug");
  ASSERT_FALSE(
      broker_.resource({.cookie = std::nullopt, .bearer = token}, "hospital/key/records", kNow));
  EXPECT_EQ(detail_of(leaves_of(world_).back(), "checks"), "kbs.release.workload");
  const Admin admin(world_.service());
  for (const char* name : {"one", "two"}) {
    const Actor owner{.name = name, .role = Role::kOwner, .repositories = {"vendor"}};
    for (std::uint32_t i = 0; i < kRefusalsPerInterval + 1; ++i)
      ASSERT_FALSE(admin.delete_resource(owner, "hospital/key/records", kNow));
    EXPECT_EQ(leaves_of(world_).back().entry.actor, name);
  }
}

TEST_F(RefusalRecordTest, a_refusal_is_bounded_in_size) {
  Refusal refusal = refuse(401, "AttestationError", CheckId::kEvidenceForm);
  refusal.passed.assign(1000, std::string(63, 'c'));
  const RefusedAct act{.class_name = "test", .actor = "", .subject = "sgx", .now = kNow};
  (void)record_refusal(world_.service(), act, refusal);
  const std::string passed = detail_of(leaves_of(world_).back(), "passed");
  EXPECT_LE(passed.size(), kMaxRefusalIds + 10);
  EXPECT_TRUE(passed.ends_with(" +968")) << passed.size();
}

TEST_F(RefusalRecordTest, a_row_that_nobody_wrote_is_an_error) {
  ASSERT_TRUE(world_.store().put(kRefusalTable, "evidence.forged", as_bytes("odd"), 0));
  world_.verifier.forged = true;
  EXPECT_EQ(refused().status, 503U);
}

}  // namespace
}  // namespace ward::broker
