#include "broker/admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/policy_admin.h"
#include "broker/records.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::kNow;
using test_support::leaves_of;
using test_support::World;
using testing::HasSubstr;
using testing::StartsWith;

class AdminTest : public testing::Test {
 protected:
  AdminTest() { world_.set_up(); }

  // plant writes rows of resources as many puts would have left them.
  void plant(const std::string& repository, std::size_t count) {
    ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
      for (std::size_t i = 0; i < count; ++i) {
        const std::string path = repository + "/key/planted-" + std::to_string(i);
        WARD_CHECK_OK(world_.keys().rows.put(tx, kResourceTable, path, as_bytes("x"), 0, rng_));
      }
      return {};
    }));
  }

  // put returns "" where it is done, else status and detail.
  std::string put(std::string_view path, std::size_t size = 1) {
    const auto done = admin_.put_resource(administrator(), path, Buffer(size, 'x'), kNow);
    return done ? "" : std::to_string(done.error().status) + " " + done.error().body.detail;
  }

  [[nodiscard]] std::vector<std::string> listed(const Actor& actor) const {
    std::vector<std::string> out;
    const auto list = policies_.list(actor);
    EXPECT_TRUE(list);
    if (!list) return out;
    for (const PolicyInfo& one : *list)
      out.push_back(one.kind + (one.repository.empty() ? "" : " " + one.repository));
    return out;
  }

  // get returns 200 or the refusal's status.
  [[nodiscard]] unsigned get(const Actor& actor, std::string_view key) const {
    const auto text = policies_.get(actor, key, kNow);
    return text ? 200 : text.error().status;
  }

  World world_;
  crypto::SystemRng rng_;
  Admin admin_{world_.service()};
  PolicyAdmin policies_{world_.service()};
};

using Names = std::vector<std::string>;

TEST_F(AdminTest, each_reads_the_policies_that_are_his_and_no_other) {
  ASSERT_TRUE(policies_.set(administrator(), "results/vendor",
                            as_bytes(test_support::results_policy()), kNow));
  const Actor hospital{.name = "h", .role = Role::kOwner, .repositories = {"hospital"}};
  const Actor verifier{.name = "v", .role = Role::kVerifierOwner, .repositories = {}};
  EXPECT_EQ(listed(administrator()), (Names{"evidence", "results hospital", "results vendor"}));
  EXPECT_EQ(listed(hospital), (Names{"results hospital"}));
  EXPECT_EQ(listed(verifier), (Names{"evidence"}));
  EXPECT_EQ(get(administrator(), "results/vendor"), 200U);
  EXPECT_EQ(get(hospital, "results/hospital"), 200U);
  EXPECT_EQ(get(hospital, "results/vendor"), 403U);
  EXPECT_EQ(leaves_of(world_).back().entry.subject, "policy results/vendor");
  // Whether there is one he is not told either.
  EXPECT_EQ(get(hospital, "results/nobody"), 403U);
  EXPECT_EQ(get(hospital, "evidence"), 403U);
  EXPECT_EQ(get(verifier, "evidence"), 200U);
  EXPECT_EQ(get(verifier, "results/hospital"), 403U);
  for (const char* odd : {"", "results", "results/", "results/a/b", "other/hospital"})
    EXPECT_EQ(get(administrator(), odd), 404U) << odd;
}

TEST_F(AdminTest, the_resources_of_a_repository_are_bounded_in_number) {
  plant("vendor", kMaxResources - 1);
  EXPECT_EQ(put("vendor/key/last"), "");
  EXPECT_THAT(put("vendor/key/one-more"), StartsWith("409 kbs.resource.room: "));
  EXPECT_THAT(put("vendor/key/one-more"), HasSubstr("The repository holds 1000 resources"));
  EXPECT_EQ(put("vendor/key/last"), "");  // a new version of what is there
  EXPECT_EQ(put("vendor2/key/one"), "");  // another repository, though its name begins like it
  ASSERT_TRUE(admin_.delete_resource(administrator(), "vendor/key/last", kNow));
  EXPECT_EQ(put("vendor/key/one-more"), "");
}

TEST_F(AdminTest, the_resources_of_the_service_are_bounded_in_number) {
  for (std::size_t i = 0; i < kMaxAllResources / kMaxResources; ++i)
    plant("r" + std::to_string(i), i == 0 ? kMaxResources - 2 : kMaxResources);
  EXPECT_EQ(put("vendor/key/last"), "");  // with the one of the hospital it is full
  EXPECT_THAT(put("vendor/key/one-more"), StartsWith("409 kbs.quota: "));
  EXPECT_THAT(put("vendor/key/one-more"), HasSubstr("it would be 10001, and may be 10000"));
  std::size_t all = 0;
  std::string after;
  do {
    const auto page = admin_.list_resources(administrator(), {after, 999});
    ASSERT_TRUE(page);
    ASSERT_LE(page->resources.size(), 999U);
    ASSERT_TRUE(page->next.empty() || page->next > after);
    all += page->resources.size();
    after = page->next;
  } while (!after.empty());
  EXPECT_EQ(all, kMaxAllResources);

  const Actor owner{"owner", Role::kOwner, {"r9"}};  // his stand behind all others
  const auto own = admin_.list_resources(owner, {"", 1000});
  ASSERT_TRUE(own);
  EXPECT_EQ(own->resources.size(), 1000U);
  EXPECT_EQ(own->next, "");
}

TEST_F(AdminTest, a_resource_is_bounded_in_size) {
  EXPECT_EQ(put("hospital/key/large", kMaxResourceBytes), "");
  EXPECT_THAT(put("hospital/key/large", kMaxResourceBytes + 1),
              StartsWith("413 kbs.resource.room: "));
  EXPECT_THAT(put("hospital/key/large", 0), StartsWith("400 kbs.message.form: "));
}

}  // namespace
}  // namespace ward::broker
