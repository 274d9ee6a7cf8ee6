#include "broker/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/records.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::Attester;
using test_support::detail_of;
using test_support::kNow;
using test_support::leaves_of;
using test_support::World;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kPath = "hospital/key/records";

UnixTime later(std::int64_t seconds) { return {kNow.seconds + seconds}; }

class LeaseTest : public testing::Test {
 protected:
  LeaseTest() {
    world_.set_up();
    token_ = attested(broker_, attester_, kNow);
  }

  void put(const PutOptions& options) {
    ASSERT_TRUE(admin_.put_resource(administrator(), kPath, as_bytes("key"), kNow, options));
  }

  Answer<Released> ask(UnixTime now = kNow) {
    return broker_.resource({.cookie = std::nullopt, .bearer = token_}, kPath, now);
  }

  // refused is what the client is told.
  std::string refused(UnixTime now = kNow) {
    const auto answer = ask(now);
    return answer ? "" : std::to_string(answer.error().status) + " " + answer.error().body.detail;
  }

  std::vector<LeaseLine> listed(const Actor& actor = administrator(), UnixTime now = kNow) {
    auto page = leases_.list(actor, "", kMaxLeasesListed, now);
    return page ? std::move(page->lines) : std::vector<LeaseLine>();
  }

  World world_;
  Attester attester_;
  Broker broker_{world_.service()};
  Admin admin_{world_.service()};
  Leases leases_{world_.service()};
  std::string token_;
  const Actor owner_{.name = "h", .role = Role::kOwner, .repositories = {"hospital"}};
  const Actor other_{.name = "v", .role = Role::kOwner, .repositories = {"vendor"}};
};

TEST_F(LeaseTest, a_resource_is_released_until_its_end_and_no_longer) {
  put({.expires = later(100)});
  const auto good = ask(later(99));
  ASSERT_TRUE(good);
  EXPECT_FALSE(good->lease);
  EXPECT_THAT(refused(later(100)), StartsWith("401 kbs.resource.unexpired: "));
  EXPECT_THAT(refused(later(101)), HasSubstr(format_rfc3339(later(100))));
  const auto leaf = leaves_of(world_).back();
  EXPECT_EQ(leaf.entry.kind, "refusal");
  EXPECT_EQ(detail_of(leaf, "checks"), "kbs.resource.unexpired");
  EXPECT_THAT(detail_of(leaf, "passed"), HasSubstr("kbs.release.workload"));
  // Its owner reads it still.
  EXPECT_TRUE(admin_.get_resource(administrator(), kPath, later(101)));
}

TEST_F(LeaseTest, the_end_is_no_concern_of_who_is_not_granted_the_resource) {
  put({.expires = later(100)});
  world_.verifier.workload = Buffer(48, 9);
  token_ = attested(broker_, attester_, kNow);
  EXPECT_THAT(refused(later(101)), StartsWith("401 kbs.release.workload: "));
}

TEST_F(LeaseTest, each_release_is_a_lease_that_its_owner_sees) {
  put({.lease_s = 60});
  const auto one = ask();
  ASSERT_TRUE(one);
  ASSERT_TRUE(one->lease);
  EXPECT_EQ(one->lease->until, later(60));
  const auto two = ask(later(10));
  ASSERT_TRUE(two);
  ASSERT_TRUE(two->lease);
  ASSERT_EQ(listed().size(), 2U);
  EXPECT_EQ(listed()[0].lease.id, one->lease->id);
  EXPECT_EQ(listed()[0].lease.resource, kPath);
  EXPECT_EQ(listed()[0].lease.version, 2U);
  EXPECT_EQ(listed()[0].lease.workload, world_.verifier.workload);
  EXPECT_EQ(listed()[1].lease.id, two->lease->id);
  EXPECT_EQ(listed(owner_).size(), 2U);
  EXPECT_TRUE(listed(other_).empty());
  const auto leaf = leaves_of(world_).back();
  EXPECT_EQ(leaf.entry.kind, "release");
  EXPECT_EQ(detail_of(leaf, "lease"), two->lease->id);
  EXPECT_EQ(detail_of(leaf, "lease_until"), format_rfc3339(later(70)));
  // Those that are over are not listed.
  EXPECT_EQ(listed(owner_, later(59)).size(), 2U);
  EXPECT_EQ(listed(owner_, later(60)).size(), 1U);
  EXPECT_TRUE(listed(owner_, later(70)).empty());
}

TEST_F(LeaseTest, a_lease_ends_with_its_resource) {
  put({.expires = later(40), .lease_s = 60});
  const auto released = ask();
  ASSERT_TRUE(released);
  ASSERT_TRUE(released->lease);
  EXPECT_EQ(released->lease->until, later(40));
}

TEST_F(LeaseTest, leases_that_are_over_are_forgotten_a_few_at_a_time) {
  put({.lease_s = 1});
  for (std::size_t i = 0; i < 2 * kForgottenLeases; ++i)
    ASSERT_TRUE(ask());
  const auto rows = [&] {
    std::size_t count = 0;
    EXPECT_TRUE(world_.store().read([&](store::View& view) -> Result<void> {
      WARD_TRY(const auto keys, view.list_keys(kLeaseTable, "", "", store::kMaxListed));
      count = keys.size();
      return {};
    }));
    return count;
  };
  EXPECT_EQ(rows(), 2 * kForgottenLeases);
  ASSERT_TRUE(ask(later(5)));
  EXPECT_EQ(rows(), kForgottenLeases + 1);
  ASSERT_TRUE(ask(later(5)));
  EXPECT_EQ(rows(), 2U);
}

TEST_F(LeaseTest, pages_join) {
  put({.lease_s = 60});
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(ask(later(i)));
  std::vector<std::string> ids;
  std::string after;
  do {
    const auto page = leases_.list(owner_, after, 2, kNow);
    ASSERT_TRUE(page);
    ASSERT_LE(page->lines.size(), 2U);
    for (const LeaseLine& line : page->lines)
      ids.push_back(line.lease.id);
    after = page->next;
  } while (!after.empty());
  ASSERT_EQ(ids.size(), 5U);
  for (std::size_t i = 0; i < ids.size(); ++i)
    EXPECT_EQ(ids[i], listed()[i].lease.id);
}

TEST_F(LeaseTest, a_revoked_workload_gets_nothing_until_the_owner_lifts_it) {
  put({.lease_s = 60});
  const auto released = ask();
  ASSERT_TRUE(released);
  ASSERT_TRUE(released->lease);
  const std::string& id = released->lease->id;
  // To another owner it is not there.
  const auto foreign = leases_.revoke(other_, id, kNow);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().status, 404U);
  EXPECT_EQ(refused(), "");

  const auto revoked = leases_.revoke(owner_, id, kNow);
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->lease, id);
  EXPECT_EQ(revoked->by, "h");
  EXPECT_EQ(leaves_of(world_).back().entry.kind, "lease.revoke");
  EXPECT_THAT(refused(later(1)), StartsWith("401 kbs.lease.unrevoked: "));
  EXPECT_EQ(detail_of(leaves_of(world_).back(), "checks"), "kbs.lease.unrevoked");
  EXPECT_TRUE(listed()[0].revoked);
  // A new version does not help, nor one without lease.
  put({.lease_s = std::optional<std::int64_t>()});
  EXPECT_THAT(refused(later(100)), StartsWith("401 kbs.lease.unrevoked: "));

  const auto page = leases_.revocations(owner_, "", kMaxLeasesListed);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->lines.size(), 1U);
  EXPECT_EQ(page->lines[0].id, revoked->id);
  EXPECT_TRUE(leases_.revocations(other_, "", kMaxLeasesListed)->lines.empty());
  EXPECT_FALSE(leases_.lift(other_, revoked->id, later(100)));
  ASSERT_TRUE(leases_.lift(owner_, revoked->id, later(100)));
  EXPECT_EQ(leaves_of(world_).back().entry.kind, "lease.lift");
  EXPECT_EQ(refused(later(100)), "");
  EXPECT_FALSE(leases_.lift(owner_, revoked->id, later(100)));
}

TEST_F(LeaseTest, a_revocation_follows_the_workload_to_another_tee_and_touches_no_other) {
  const Buffer digest(48, 5);
  Buffer sgx = digest;
  sgx.resize(64);
  const Buffer snp(digest.begin(), digest.begin() + 32);
  EXPECT_EQ(revocation_id(kPath, digest), revocation_id(kPath, sgx));
  EXPECT_EQ(revocation_id(kPath, digest), revocation_id(kPath, snp));
  Buffer other = digest;
  other[31] ^= 1;
  EXPECT_NE(revocation_id(kPath, digest), revocation_id(kPath, other));
  EXPECT_NE(revocation_id(kPath, digest), revocation_id("hospital/key/other", digest));
}

TEST_F(LeaseTest, what_is_over_or_never_was_is_not_revoked) {
  put({.lease_s = 60});
  const auto released = ask();
  ASSERT_TRUE(released);
  for (const std::string& id : {std::string(), std::string("x"), std::string(2000, 'x')}) {
    const auto done = leases_.revoke(owner_, id, kNow);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().status, 404U);
    EXPECT_FALSE(leases_.lift(owner_, id, kNow));
  }
  const auto late = leases_.revoke(owner_, released->lease->id, later(60));
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().body.detail, StartsWith("kbs.lease.exists: "));
}

TEST_F(LeaseTest, a_lease_that_was_changed_in_the_store_does_not_open) {
  put({.lease_s = 60});
  const auto released = ask();
  ASSERT_TRUE(released);
  const std::string& id = released->lease->id;
  ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const store::Row row, tx.get(kLeaseTable, id));
    Buffer value = *row.value;
    value.back() ^= 1;
    WARD_CHECK_OK(tx.put(kLeaseTable, id, value, row.version));
    return {};
  }));
  const auto page = leases_.list(owner_, "", 10, kNow);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().status, 503U);
}

}  // namespace
}  // namespace ward::broker
