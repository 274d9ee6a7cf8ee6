#include "broker/expiry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/lease.h"
#include "broker/reference_values.h"
#include "ledger/ledger.h"
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

  std::size_t count(std::string_view kind) {
    std::size_t out = 0;
    for (const ledger::Leaf& leaf : leaves_of(world_))
      if (leaf.entry.kind == kind) ++out;
    return out;
  }

  ledger::Leaf last(std::string_view kind) {
    ledger::Leaf out;
    for (const ledger::Leaf& leaf : leaves_of(world_))
      if (leaf.entry.kind == kind) out = leaf;
    return out;
  }

  // damage changes an octet of the value of a table's first row.
  void damage(std::string_view table) {
    ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
      WARD_TRY(const auto rows, tx.list(table, "", "", 1));
      Buffer value = rows.at(0).value;
      value.back() ^= 1;
      const auto written = tx.put(table, rows.at(0).key, value, rows.at(0).version);
      if (!written) return written.error();
      return {};
    }));
  }

  // correct is `wardd --clock-corrected` at `now`.
  void correct(UnixTime now) {
    ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
      WARD_TRY(const auto appended,
               ledger::correct_clock(tx, world_.keys().ledger, "operator", now));
      return note_corrected(tx, appended.index, now);
    }));
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

TEST_F(ExpiryTest, many_ends_at_once_are_all_told_a_bounded_number_at_a_time) {
  const std::size_t many = 2 * kEndsAtOnce + 1;
  std::vector<refval::ReferenceValue> values;
  for (std::size_t i = 0; i < many; ++i)
    values.push_back({"v" + std::to_string(i), "[1]", later(10)});
  ASSERT_TRUE(ReferenceAdmin(world_.service()).set(administrator(), values, kNow));
  constexpr std::size_t kLeases = 40;
  static_assert(kLeases > 2 * kForgottenLeases && kLeases < kEndsAtOnce);
  for (std::uint8_t i = 0; i < kLeases; ++i) {
    ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
      WARD_CHECK_OK(grant(
          tx, world_.service(),
          {.id = {}, .resource = kPath, .version = 1, .workload = Buffer(48, i), .until = later(5)},
          kNow));
      return {};
    }));
  }
  EXPECT_EQ(swept(later(10)), kEndsAtOnce + kLeases);
  EXPECT_EQ(swept(later(10)), kEndsAtOnce);
  EXPECT_EQ(swept(later(10)), 1U);
  EXPECT_EQ(swept(later(10)), 0U);
  EXPECT_EQ(told().size(), many + kLeases);
  EXPECT_EQ(count("expiry.lease"), kLeases);
}

TEST_F(ExpiryTest, a_lease_that_is_damaged_is_forgotten_and_holds_nothing_up) {
  put({.expires = later(20), .lease_s = 5});
  const Attester attester;
  const Broker broker(world_.service());
  const std::string token = attested(broker, attester, kNow);
  const auto ask = [&](UnixTime now) {
    return broker.resource({.cookie = std::nullopt, .bearer = token}, kPath, now);
  };
  ASSERT_TRUE(ask(kNow));
  damage(kLeaseTable);
  ASSERT_TRUE(ask(later(6)));
  EXPECT_EQ(count("expiry.damaged"), 1U);
  EXPECT_EQ(detail_of(last("expiry.damaged"), "table"), kLeaseTable);
  damage(kLeaseTable);
  ASSERT_TRUE(world_.store().put(kLeaseTable, "no time", as_bytes("x"), 0));
  EXPECT_EQ(swept(later(20)), 3U);
  EXPECT_EQ(swept(later(20)), 0U);
  EXPECT_EQ(count("expiry.damaged"), 3U);
  EXPECT_EQ(count("expiry.resource"), 1U);
}

TEST_F(ExpiryTest, a_note_that_is_damaged_is_forgotten_and_holds_nothing_up) {
  put({.expires = later(20)});
  const std::string long_name(store::kMaxKeyBytes + 1, 'n');
  for (const auto& [key, note] : {std::pair<std::string, std::string>{"no time", "resource/a/b/c"},
                                  {"0000000000000001-a", "what"},
                                  {"0000000000000001-b", "resource/" + long_name},
                                  {"0000000000000001-c", "refval/\xff"}}) {
    ASSERT_TRUE(world_.store().put(kEndTable, key, as_bytes(note), 0));
  }
  EXPECT_GE(swept(later(20)), 3U);
  EXPECT_EQ(swept(later(20)), 0U);
  EXPECT_EQ(count("expiry.resource"), 1U);
  EXPECT_GE(count("expiry.damaged"), 2U);
  EXPECT_EQ(detail_of(last("expiry.damaged"), "table"), kEndTable);
}

TEST_F(ExpiryTest, what_a_wrong_clock_told_too_early_is_told_at_its_end_again) {
  put({.expires = later(1000)});
  ASSERT_TRUE(admin_.put_resource(administrator(), "hospital/key/past", as_bytes("k"), kNow,
                                  {.expires = later(10)}));
  const ReferenceAdmin values(world_.service());
  ASSERT_TRUE(values.set(administrator(), {{"a", "[1]", later(1000)}}, kNow));
  put({.lease_s = 600}, later(1));
  const Attester attester;
  const Broker broker(world_.service());
  const std::string token = attested(broker, attester, kNow);
  const auto released = broker.resource({.cookie = std::nullopt, .bearer = token}, kPath, later(1));
  ASSERT_TRUE(released && released->lease);
  ASSERT_TRUE(note_all_ends(world_.service(), later(2)));
  EXPECT_EQ(swept(later(100'000)), 4U);
  correct(later(50));
  const Leases leases(world_.service());
  EXPECT_TRUE(leases.list(administrator(), "", 10, later(50))->lines.empty());
  ASSERT_TRUE(note_all_ends(world_.service(), later(50)));
  ASSERT_TRUE(note_all_ends(world_.service(), later(50)));
  const auto lines = leases.list(administrator(), "", 10, later(50))->lines;
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines.front().lease.id, released->lease->id);
  EXPECT_EQ(lines.front().lease.workload, world_.verifier.workload);
  EXPECT_EQ(lines.front().lease.version, 3U);
  EXPECT_EQ(swept(later(60)), 0U);
  EXPECT_EQ(swept(later(601)), 1U);
  EXPECT_EQ(swept(later(1000)), 2U);
  EXPECT_EQ(count("expiry.resource"), 3U);
  EXPECT_EQ(count("expiry.refval"), 2U);
  EXPECT_EQ(count("expiry.lease"), 2U);
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
