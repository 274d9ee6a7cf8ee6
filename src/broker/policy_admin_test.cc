#include "broker/policy_admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/records.h"
#include "broker/reference_values.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::detail_of;
using test_support::evidence_policy;
using test_support::kNow;
using test_support::leaves_of;
using test_support::World;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::string_view kNothing = R"({"schema":"ward.results-policy/1","releases":[]})";
const Actor kHospital{.name = "h", .role = Role::kOwner, .repositories = {"hospital"}};
const Actor kVerifier{.name = "v", .role = Role::kVerifierOwner, .repositories = {}};

class PolicyAdminTest : public testing::Test {
 protected:
  PolicyAdminTest() { world_.set_up(); }

  std::uint64_t set(std::string_view key, std::string_view text) {
    const auto version = policies_.set(administrator(), key, as_bytes(text), kNow);
    EXPECT_TRUE(version);
    return version ? *version : 0;
  }

  std::string text(std::string_view key) {
    const auto out = policies_.get(administrator(), key, kNow);
    EXPECT_TRUE(out);
    return out ? *out : "";
  }

  World world_;
  PolicyAdmin policies_{world_.service()};
};

TEST_F(PolicyAdminTest, an_earlier_version_comes_into_force_again_as_a_new_one) {
  const std::string first = text("results/hospital");
  EXPECT_EQ(set("results/hospital", kNothing), 2U);
  const auto back = policies_.rollback(kHospital, "results/hospital", 1, kNow);
  ASSERT_TRUE(back) << back.error().body.detail;
  EXPECT_EQ(*back, 3U);
  EXPECT_EQ(text("results/hospital"), first);
  const auto leaf = leaves_of(world_).back();
  EXPECT_EQ(leaf.entry.kind, "policy.rollback");
  EXPECT_EQ(detail_of(leaf, "to"), "1");
  EXPECT_EQ(detail_of(leaf, "version"), "3");

  const auto versions = policies_.versions(kHospital, "results/hospital", kNow);
  ASSERT_TRUE(versions);
  ASSERT_THAT(*versions, SizeIs(3));
  EXPECT_EQ(versions->front().version, 3U);
  EXPECT_EQ(versions->front().actor, "h");
  EXPECT_TRUE(versions->front().in_force);
  EXPECT_FALSE(versions->at(1).in_force);
  EXPECT_EQ(versions->front().sha256, versions->back().sha256);
}

TEST_F(PolicyAdminTest, so_many_versions_are_kept_and_no_more) {
  for (std::size_t i = 0; i < kKeptPolicyVersions; ++i)
    set("results/hospital", kNothing);
  set("results/hospital2", kNothing);  // another policy, though its key begins like it
  const auto versions = policies_.versions(administrator(), "results/hospital", kNow);
  ASSERT_TRUE(versions);
  ASSERT_THAT(*versions, SizeIs(kKeptPolicyVersions));
  EXPECT_EQ(versions->front().version, kKeptPolicyVersions + 1);
  EXPECT_EQ(versions->back().version, 2U);
  const auto gone = policies_.rollback(administrator(), "results/hospital", 1, kNow);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().status, 404U);
  const auto absent = policies_.get(administrator(), "results/nothere", kNow);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().status, 404U);
  EXPECT_EQ(absent.error().checks, std::vector<std::string>{"kbs.policy.exists"});
  EXPECT_THAT(gone.error().body.detail, StartsWith("kbs.policy.version: "));
  EXPECT_TRUE(policies_.get(administrator(), "results/hospital", kNow, 2));
}

TEST_F(PolicyAdminTest, who_may_not_set_a_policy_reads_and_restores_no_version_of_it) {
  for (const Actor& actor : {kHospital}) {
    for (const std::string_view key : {"evidence", "results/vendor", "results/*"}) {
      const auto versions = policies_.versions(actor, key, kNow);
      ASSERT_FALSE(versions);
      EXPECT_EQ(versions.error().status, 403U);
      const auto back = policies_.rollback(actor, key, 1, kNow);
      ASSERT_FALSE(back);
      EXPECT_EQ(back.error().status, 403U);
      const auto set = policies_.set(actor, key, as_bytes(evidence_policy()), kNow);
      ASSERT_FALSE(set);
      EXPECT_EQ(set.error().status, 403U);
    }
  }
}

TEST_F(PolicyAdminTest, another_version_in_force_than_was_named_is_refused) {
  for (const std::uint64_t other : {0U, 7U}) {
    const auto stale =
        policies_.set(administrator(), "results/hospital", as_bytes(kNothing), kNow, other);
    ASSERT_FALSE(stale);
    EXPECT_EQ(stale.error().status, 412U);
    EXPECT_THAT(stale.error().checks, testing::ElementsAre("kbs.policy.in_force"));
  }
  const auto back = policies_.rollback(administrator(), "results/hospital", 1, kNow, 7);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().status, 412U);
  EXPECT_EQ(policies_.find(administrator(), "results/hospital", kNow)->version, 1U);
  EXPECT_TRUE(policies_.set(administrator(), "results/hospital", as_bytes(kNothing), kNow, 1));
}

TEST_F(PolicyAdminTest, a_policy_with_rego_is_refused_where_there_is_no_engine) {
  const auto refused = policies_.set_resource_policy(administrator(), "package policy", kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 400U);
  EXPECT_THAT(refused.error().body.detail, HasSubstr("no engine for Rego"));
}

TEST_F(PolicyAdminTest, versions_are_kept_sealed) {
  const auto read = world_.store().read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto rows, view.list(kPolicyVersionTable, "", "", 10));
    EXPECT_THAT(rows, SizeIs(2));
    for (const auto& row : rows) {
      EXPECT_EQ(std::string(as_text(row.value)).find("schema"), std::string::npos);
    }
    return {};
  });
  EXPECT_TRUE(read);
}

class ReferenceAdminTest : public testing::Test {
 protected:
  std::string set(const std::vector<refval::ReferenceValue>& values,
                  const Actor& actor = kVerifier) {
    const auto done = admin_.set(actor, values, kNow);
    return done ? "" : std::to_string(done.error().status) + " " + done.error().body.detail;
  }

  unsigned get(std::string_view id, UnixTime at = kNow) {
    const auto value = admin_.get(kVerifier, id, at);
    return value ? 200 : value.error().status;
  }

  static constexpr UnixTime kEnd{kNow.seconds + 100};

  World world_;
  ReferenceAdmin admin_{world_.service()};
};

TEST_F(ReferenceAdminTest, a_value_counts_until_its_end_or_its_removal) {
  ASSERT_EQ(set({{"mr_td", R"(["aa"])", kEnd}, {"svn", "3", kEnd}}), "");
  EXPECT_EQ(get("mr_td"), 200U);
  EXPECT_EQ(get("mr_td", {kEnd.seconds - 1}), 200U);
  EXPECT_EQ(get("mr_td", kEnd), 404U);
  EXPECT_EQ(get("other"), 404U);
  ASSERT_TRUE(admin_.remove(kVerifier, "mr_td", kNow));
  EXPECT_EQ(get("mr_td"), 404U);
  EXPECT_FALSE(admin_.remove(kVerifier, "mr_td", kNow));
  ASSERT_EQ(set({{"mr_td", R"(["bb"])", kEnd}}), "");
  EXPECT_EQ(get("mr_td"), 200U);
  std::vector<std::string> kinds;
  for (const auto& leaf : leaves_of(world_))
    kinds.push_back(leaf.entry.kind);
  EXPECT_EQ(kinds,
            (std::vector<std::string>{"refval.set", "refval.set", "refval.remove", "refval.set"}));
}

TEST_F(ReferenceAdminTest, values_are_the_verifier_owners) {
  EXPECT_THAT(set({{"a", "1", kEnd}}, kHospital), StartsWith("403 kbs.admin.role: "));
  EXPECT_FALSE(admin_.get(kHospital, "a", kNow));
  EXPECT_FALSE(admin_.list(kHospital, "", kNow));
  EXPECT_FALSE(admin_.remove(kHospital, "a", kNow));
}

TEST_F(ReferenceAdminTest, their_number_is_bounded_and_a_message_is_all_or_nothing) {
  std::vector<refval::ReferenceValue> many;
  for (std::size_t i = 0; i < kMaxReferenceValues; ++i) {
    many.push_back({"v" + std::to_string(i), "1", kEnd});
  }
  ASSERT_EQ(set(many), "");
  EXPECT_EQ(set({{"v0", "2", kEnd}}), "");  // in the place of an earlier one
  EXPECT_THAT(set({{"v1", "2", kEnd}, {"more", "1", kEnd}}),
              StartsWith("409 kbs.reference_value.room: "));
  const auto kept = admin_.get(kVerifier, "v1", kNow);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->value, "1");

  std::size_t seen = 0;
  std::string after;
  do {
    const auto page = admin_.list(kVerifier, after, kNow);
    ASSERT_TRUE(page);
    seen += page->values.size();
    after = page->next;
  } while (!after.empty());
  EXPECT_EQ(seen, kMaxReferenceValues);
}

}  // namespace
}  // namespace ward::broker
