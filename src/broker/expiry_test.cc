#include "broker/expiry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/lease.h"
#include "broker/reference_values.h"
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
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kPath = "hospital/key/records";

UnixTime later(std::int64_t seconds) { return {kNow.seconds + seconds}; }

class ExpiryTest : public testing::Test {
 protected:
  ExpiryTest() { world_.set_up(); }

  std::size_t swept(UnixTime now) {
    const auto count = record_ends(world_.service(), now);
    EXPECT_TRUE(count) << count.error().what();
    return count ? *count : 0;
  }

  // told lists the leaves of ends: "kind subject ended".
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const ledger::Leaf& leaf : leaves_of(world_)) {
      if (!leaf.entry.kind.starts_with("expiry.")) continue;
      out.push_back(leaf.entry.kind + " " + leaf.entry.subject + " " + detail_of(leaf, "ended"));
    }
    return out;
  }

  void put(const PutOptions& options, UnixTime now = kNow) {
    ASSERT_TRUE(admin_.put_resource(administrator(), kPath, as_bytes("key"), now, options));
  }

  World world_;
  Admin admin_{world_.service()};
};

TEST_F(ExpiryTest, the_end_of_a_resource_is_told_once) {
  put({.expires = later(100)});
  EXPECT_EQ(swept(later(99)), 0U);
  EXPECT_EQ(swept(later(100)), 1U);
  EXPECT_EQ(swept(later(200)), 0U);
  EXPECT_THAT(told(),
              ElementsAre("expiry.resource hospital/key/records " + format_rfc3339(later(100))));
}

TEST_F(ExpiryTest, another_end_or_none_or_a_deletion_takes_its_place) {
  put({.expires = later(100)});
  put({.expires = later(150)}, later(1));
  EXPECT_EQ(swept(later(120)), 0U);
  EXPECT_EQ(swept(later(150)), 1U);
  put({.expires = later(300)}, later(200));
  put({.expires = std::optional<UnixTime>()}, later(201));
  EXPECT_EQ(swept(later(300)), 0U);
  put({.expires = later(500)}, later(400));
  ASSERT_TRUE(admin_.delete_resource(administrator(), kPath, later(401)));
  EXPECT_EQ(swept(later(500)), 0U);
  EXPECT_EQ(told().size(), 1U);
}

TEST_F(ExpiryTest, the_end_of_a_reference_value_is_told_once) {
  const ReferenceAdmin values(world_.service());
  ASSERT_TRUE(
      values.set(administrator(), {{"a", "[1]", later(10)}, {"b", "[1]", later(10)}}, kNow));
  ASSERT_TRUE(values.remove(administrator(), "b", later(1)));
  EXPECT_EQ(swept(later(9)), 0U);
  EXPECT_EQ(swept(later(10)), 1U);
  EXPECT_EQ(swept(later(11)), 0U);
  EXPECT_THAT(told(), ElementsAre("expiry.refval a " + format_rfc3339(later(10))));
}

TEST_F(ExpiryTest, a_lease_that_was_renewed_has_no_end) {
  put({.lease_s = 60});
  const Attester attester;
  const Broker broker(world_.service());
  const std::string token = attested(broker, attester, kNow);
  const auto ask = [&](UnixTime now) {
    return broker.resource({.cookie = std::nullopt, .bearer = token}, kPath, now);
  };
  ASSERT_TRUE(ask(kNow));
  ASSERT_TRUE(ask(later(50)));
  EXPECT_EQ(swept(later(60)), 0U);
  EXPECT_EQ(swept(later(110)), 1U);
  EXPECT_EQ(swept(later(111)), 0U);
  EXPECT_THAT(told(),
              ElementsAre("expiry.lease hospital/key/records " + format_rfc3339(later(110))));
  ASSERT_TRUE(ask(later(120)));
  EXPECT_EQ(swept(later(180)), 1U);
}

TEST_F(ExpiryTest, notes_are_made_for_a_store_that_had_none) {
  put({.expires = later(100)});
  ASSERT_TRUE(world_.store().transact([](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const auto rows, tx.list_keys(kEndTable, "", "", 10));
    EXPECT_EQ(rows.size(), 1U);
    for (const store::ListedKey& row : rows) {
      const auto done = tx.forget(kEndTable, row.key);
      if (!done) return done.error();
    }
    return {};
  }));
  EXPECT_EQ(swept(later(100)), 0U);
  ASSERT_TRUE(note_all_ends(world_.service(), later(100)));
  ASSERT_TRUE(note_all_ends(world_.service(), later(100)));
  EXPECT_EQ(swept(later(100)), 1U);
}

TEST_F(ExpiryTest, a_clock_that_was_set_back_loses_no_end) {
  put({.expires = later(10)});
  ASSERT_TRUE(
      admin_.put_resource(administrator(), "hospital/key/other", as_bytes("k"), later(1000)));
  EXPECT_EQ(record_ends(world_.service(), later(10)).error().code(), Errc::kStale);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(swept(later(1000)), 1U);
}

}  // namespace
}  // namespace ward::broker
