#include "broker/tenant.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "broker/held.h"
#include "broker/rate.h"
#include "broker/records.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::kNow;
using test_support::World;

TEST(Tenant, ids_are_names_of_their_own_tables) {
  for (const char* good :
       {"a", "0", "acme", "acme-2", "a--b", "0123456789abcdef0123456789abcdef"}) {
    EXPECT_TRUE(is_tenant_id(good)) << good;
  }
  for (const char* bad : {"", "-a", "A", "a_b", "a.b", "a/b", "default", "a b", "\xc3\xa4",
                          "0123456789abcdef0123456789abcdef0"}) {
    EXPECT_FALSE(is_tenant_id(bad)) << bad;
  }
  const std::set<std::string> prefixes = {table_prefix("a"), table_prefix("a-"),
                                          table_prefix("a-b"), table_prefix("ab")};
  EXPECT_EQ(prefixes.size(), 4U);
  for (const std::string& one : prefixes) {
    for (const std::string& other : prefixes) {
      EXPECT_EQ(other.starts_with(one), one == other) << one << " " << other;
    }
  }
}

TEST(Tenant, the_longest_table_fits_behind_the_longest_id) {
  const std::string prefix = table_prefix(std::string(kMaxTenantId, 'a'));
  for (const std::string_view table :
       {kHeldTable, kVersionTable, std::string_view("api.idempotency.time")}) {
    EXPECT_TRUE(store::check_table(prefix + std::string(table))) << table;
  }
}

TEST(Quotas, are_numbers_up_to_their_defaults) {
  for (const QuotaInfo& quota : kQuotas) {
    constexpr Quotas kMost;
    Quotas quotas;
    EXPECT_TRUE(set_quota(quotas, quota.name, quota.least)) << quota.name;
    EXPECT_EQ(quotas.*quota.member, quota.least) << quota.name;
    EXPECT_TRUE(set_quota(quotas, quota.name, kMost.*quota.member)) << quota.name;
    EXPECT_FALSE(set_quota(quotas, quota.name, kMost.*quota.member + 1)) << quota.name;
    if (quota.least > 0) {
      EXPECT_FALSE(set_quota(quotas, quota.name, quota.least - 1)) << quota.name;
    }
    EXPECT_EQ(quotas, Quotas{}) << quota.name;
  }
  Quotas quotas;
  EXPECT_FALSE(set_quota(quotas, "nothing", 1));
}

// Bounded is a service with quotas.
class Bounded : public testing::Test {
 protected:
  Service bounded(const Quotas& quotas) {
    Service out = world_.service();
    out.options.quotas = quotas;
    return out;
  }

  World world_;
};

TEST_F(Bounded, appraisals_are_counted_by_the_minute_in_the_store) {
  const Service service = bounded({.appraisals_per_minute = 2});
  const Service replica = bounded({.appraisals_per_minute = 2});
  const UnixTime begin{kNow.seconds - kNow.seconds % 60};
  EXPECT_TRUE(count_appraisal(service, "T", begin));
  EXPECT_TRUE(count_appraisal(replica, "T", {begin.seconds + 59}));
  const auto refused = count_appraisal(service, "T", {begin.seconds + 59});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 429U);
  EXPECT_EQ(refused.error().checks, std::vector<std::string>{"kbs.quota"});
  EXPECT_EQ(refused.error().found, "3");
  EXPECT_EQ(refused.error().expected, "at most 2 (appraisals_per_minute)");
  EXPECT_TRUE(count_appraisal(service, "T", {begin.seconds + 60}));
  const auto before = world_.store().revision();
  EXPECT_TRUE(count_appraisal(world_.service(), "T", begin));
  EXPECT_EQ(*world_.store().revision(), *before);
}

TEST_F(Bounded, octets_of_resources_are_of_all_versions) {
  const Admin admin(world_.service());
  const auto held = [&] {
    std::uint64_t out = 0;
    EXPECT_TRUE(world_.store().read([&](store::View& view) -> Result<void> {
      WARD_TRY(out, held_octets(view));
      return {};
    }));
    return out;
  };
  const auto put = [&](const char* path, std::size_t size) {
    ASSERT_TRUE(admin.put_resource(administrator(), path, Buffer(size, 'x'), kNow));
  };
  EXPECT_EQ(held(), 0U);
  put("a/b/c", 100);
  const std::uint64_t first = held();
  EXPECT_GE(first, 100U);
  put("a/b/c", 100);
  EXPECT_EQ(held(), 2 * first);
  put("a/b/d", 50);
  EXPECT_EQ(held(), 3 * first - 50);
  for (std::size_t i = 0; i < 2 * kMaxEarlierVersions; ++i) {
    put("a/b/c", 100);
  }
  EXPECT_EQ(held(), (kMaxEarlierVersions + 2) * first - 50);
  ASSERT_TRUE(admin.delete_resource(administrator(), "a/b/c", kNow));
  EXPECT_EQ(held(), first - 50);
  // A store of before this was counted has no number.
  ASSERT_TRUE(world_.store().transact(
      [](store::Transaction& tx) -> Result<void> { return tx.forget(kHeldTable, "octets"); }));
  EXPECT_EQ(held(), first - 50);
}

TEST_F(Bounded, a_resource_beyond_a_quota_says_which) {
  const Service service = bounded({.resource_octets = 200, .resources = 1});
  const Admin admin(service);
  EXPECT_TRUE(admin.put_resource(administrator(), "a/b/c", Buffer(10, 'x'), kNow));
  const auto more = admin.put_resource(administrator(), "a/b/d", Buffer(10, 'x'), kNow);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().status, 409U);
  EXPECT_EQ(more.error().expected, "at most 1 (resources)");
  const auto longer = admin.put_resource(administrator(), "a/b/c", Buffer(190, 'x'), kNow);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().status, 409U);
  EXPECT_EQ(longer.error().expected, "at most 200 (resource_octets)");
}

TEST_F(Bounded, people_are_few_and_each_name_is_once) {
  crypto::SystemRng rng;
  const Service service = bounded({.administrators = 1});
  const People people(service);
  Person anna{.name = "anna",
              .role = Role::kOwner,
              .repositories = {"hospital"},
              .proof = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng)->public_key()};
  const Reserved reserved{.names = {"first"}, .proofs = {}};
  const auto add = [&](const Person& person) {
    const auto done = people.add(administrator(), person, reserved, kNow);
    return done ? 200U : done.error().status;
  };
  Person wrong = anna;
  wrong.repositories.clear();
  EXPECT_EQ(add(wrong), 400U);
  wrong = anna;
  wrong.role = Role::kOperator;
  EXPECT_EQ(add(wrong), 400U);
  wrong = anna;
  wrong.name = "first";
  EXPECT_EQ(add(wrong), 409U);
  EXPECT_EQ(add(anna), 200U);
  EXPECT_EQ(add(anna), 409U);
  Person other = anna;
  other.name = "other";
  EXPECT_EQ(add(other), 409U);
  for (const Role role : kRoles) {
    const Actor actor{.name = "x", .role = role, .repositories = {}};
    const auto list = people.list(actor, kNow);
    EXPECT_EQ(list.has_value(), role == Role::kAdministrator) << to_text(role);
  }
  const auto list = people.list(administrator(), kNow);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().repositories, anna.repositories);
  EXPECT_EQ(std::get<crypto::PublicKey>(list->front().proof).to_spki(),
            std::get<crypto::PublicKey>(anna.proof).to_spki());
}

}  // namespace
}  // namespace ward::broker
