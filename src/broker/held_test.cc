#include "broker/held.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/admin.h"
#include "broker/records.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::detail_of;
using test_support::kNow;
using test_support::leaves_of;
using test_support::World;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kPath = "hospital/key/records";

class HeldTest : public testing::Test {
 protected:
  // put returns the version, or 0 and the refusal in `why_`.
  std::uint64_t put(std::string_view value, const PutOptions& options = {}, UnixTime now = kNow) {
    const auto done = admin_.put_resource(administrator(), kPath, as_bytes(value), now, options);
    why_ = done ? "" : std::to_string(done.error().status) + " " + done.error().body.detail;
    return done ? *done : 0;
  }

  // get is the value of a version, or the refusal's status.
  std::string get(std::optional<std::uint64_t> version = std::nullopt) {
    const auto held = admin_.get_resource(administrator(), kPath, kNow, version);
    return held ? std::string(as_text(held->value.expose())) : std::to_string(held.error().status);
  }

  std::vector<VersionInfo> versions() {
    auto out = admin_.list_versions(administrator(), kPath, kNow);
    return out ? *std::move(out) : std::vector<VersionInfo>();
  }

  World world_;
  Admin admin_{world_.service()};
  std::string why_;
};

TEST_F(HeldTest, earlier_versions_are_kept_and_the_oldest_is_forgotten) {
  EXPECT_EQ(put("one"), 1U);
  EXPECT_EQ(put("two", {.lease_s = 60}, {kNow.seconds + 5}), 2U);
  EXPECT_EQ(get(), "two");
  EXPECT_EQ(get(1), "one");
  EXPECT_EQ(get(2), "two");
  EXPECT_EQ(get(3), "404");
  ASSERT_EQ(versions().size(), 2U);
  EXPECT_EQ(versions()[0].version, 2U);
  EXPECT_EQ(versions()[0].terms, (Terms{.expires = std::nullopt, .lease_s = 60}));
  EXPECT_EQ(versions()[0].written, UnixTime{kNow.seconds + 5});
  EXPECT_EQ(versions()[1].terms, Terms{});
  EXPECT_EQ(versions()[1].written, kNow);
  for (std::uint64_t i = 3; i <= kMaxEarlierVersions + 2; ++i)
    EXPECT_EQ(put("more"), i);
  EXPECT_EQ(versions().size(), kMaxEarlierVersions + 1);
  EXPECT_EQ(get(1), "404");
  EXPECT_EQ(get(2), "two");
}

TEST_F(HeldTest, a_deletion_takes_all_versions_and_none_returns) {
  EXPECT_EQ(put("one"), 1U);
  EXPECT_EQ(put("two"), 2U);
  ASSERT_TRUE(admin_.delete_resource(administrator(), kPath, kNow));
  EXPECT_EQ(get(), "404");
  EXPECT_EQ(get(1), "404");
  EXPECT_TRUE(versions().empty());
  EXPECT_EQ(put("again"), 4U);
  EXPECT_EQ(get(1), "404");
  EXPECT_EQ(get(2), "404");
  EXPECT_EQ(versions().size(), 1U);
}

TEST_F(HeldTest, a_row_of_before_there_were_terms_opens_and_is_kept) {
  crypto::SystemRng rng;
  ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(world_.keys().rows.put(tx, kResourceTable, kPath, as_bytes("old"), 0, rng));
    return {};
  }));
  EXPECT_EQ(get(), "old");
  ASSERT_EQ(versions().size(), 1U);
  EXPECT_EQ(versions()[0].written, std::nullopt);
  EXPECT_EQ(versions()[0].terms, Terms{});
  EXPECT_EQ(put("new"), 2U);
  EXPECT_EQ(get(1), "old");
  EXPECT_EQ(versions()[1].written, std::nullopt);
}

TEST_F(HeldTest, a_row_with_terms_is_not_taken_for_one_without) {
  EXPECT_EQ(put("value", {.expires = UnixTime{kNow.seconds + 1}}), 1U);
  const auto read = world_.store().read([&](store::View& view) -> Result<void> {
    const auto plain = world_.keys().rows.get(view, kResourceTable, kPath);
    EXPECT_FALSE(plain);
    if (plain) return {};
    EXPECT_EQ(plain.error().code(), Errc::kUntrusted);
    return {};
  });
  EXPECT_TRUE(read);
}

TEST_F(HeldTest, an_earlier_version_that_is_put_in_anothers_place_does_not_open) {
  EXPECT_EQ(put("one"), 1U);
  EXPECT_EQ(put("two"), 2U);
  EXPECT_EQ(put("three"), 3U);
  ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const auto rows, tx.list(kVersionTable, "", "", 10));
    EXPECT_EQ(rows.size(), 2U);
    WARD_CHECK_OK(tx.put(kVersionTable, rows[1].key, rows[0].value, rows[1].version));
    return {};
  }));
  EXPECT_EQ(get(1), "one");
  EXPECT_EQ(get(2), "503");
}

TEST_F(HeldTest, what_is_not_said_of_the_terms_stays_as_it_was) {
  const UnixTime end{kNow.seconds + 100};
  EXPECT_EQ(put("one", {.expires = end, .lease_s = 60}), 1U);
  EXPECT_EQ(put("two"), 2U);
  EXPECT_EQ(versions()[0].terms, (Terms{.expires = end, .lease_s = 60}));
  EXPECT_EQ(put("three", {.lease_s = std::optional<std::int64_t>()}), 3U);
  EXPECT_EQ(versions()[0].terms, (Terms{.expires = end, .lease_s = std::nullopt}));
  EXPECT_EQ(put("four", {.expires = std::optional<UnixTime>()}), 4U);
  EXPECT_EQ(versions()[0].terms, Terms{});
  const auto leaf = leaves_of(world_).front();
  EXPECT_EQ(detail_of(leaf, "expires"), format_rfc3339(end));
  EXPECT_EQ(detail_of(leaf, "lease_s"), "60");
  EXPECT_EQ(detail_of(leaves_of(world_).back(), "expires"), "");
}

TEST_F(HeldTest, what_would_be_released_to_nobody_is_not_written) {
  const UnixTime end{kNow.seconds + 100};
  EXPECT_EQ(put("one", {.expires = kNow}), 0U);
  EXPECT_THAT(why_, StartsWith("409 kbs.resource.unexpired: "));
  EXPECT_EQ(put("one", {.expires = end}), 1U);
  EXPECT_EQ(put("two", {}, end), 0U);  // the end of before holds
  EXPECT_THAT(why_, HasSubstr(format_rfc3339(end)));
  EXPECT_EQ(put("two", {.expires = std::optional<UnixTime>()}, end), 2U);
}

TEST_F(HeldTest, a_lease_is_bounded) {
  for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{-1}, kMaxLease_s + 1}) {
    EXPECT_EQ(put("one", {.lease_s = seconds}), 0U) << seconds;
    EXPECT_THAT(why_, StartsWith("400 kbs.message.form: "));
  }
  EXPECT_EQ(put("one", {.lease_s = kMaxLease_s}), 1U);
  EXPECT_EQ(put("two", {.lease_s = 1}), 2U);
}

TEST_F(HeldTest, a_write_over_another_version_than_was_seen_is_refused) {
  EXPECT_EQ(put("one", {.if_version = 1}), 0U);
  EXPECT_THAT(why_, StartsWith("412 kbs.resource.version: "));
  EXPECT_THAT(why_, HasSubstr("There is none."));
  EXPECT_EQ(put("one", {.if_version = 0}), 1U);
  EXPECT_EQ(put("two", {.if_version = 0}), 0U);
  EXPECT_THAT(why_, HasSubstr("It is 1."));
  EXPECT_EQ(put("two", {.if_version = 1}), 2U);
  EXPECT_EQ(get(), "two");
  const auto other = admin_.delete_resource(administrator(), kPath, kNow, 1);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().status, 412U);
  EXPECT_EQ(get(), "two");
  EXPECT_TRUE(admin_.delete_resource(administrator(), kPath, kNow, 2));
  EXPECT_EQ(put("again", {.if_version = 0}), 4U);
}

}  // namespace
}  // namespace ward::broker
