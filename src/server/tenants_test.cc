#include "server/tenants.h"

#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "broker/tenant.h"
#include "server/responses.h"
#include "store/prefixed_store.h"
#include "test/broker/world.h"

namespace ward::server {
namespace {

using broker::Role;
using broker::Tenant;
using broker::test_support::kNow;
using broker::test_support::World;
using protocol::HttpRequest;
using protocol::HttpResponse;

// OneKey gives every tenant the same keys.
class OneKey final : public broker::TenantKeys {
 public:
  explicit OneKey(const World& world) : world_(world) {}

  [[nodiscard]] Result<broker::Keys> keys_of(const Tenant&) const override {
    return broker::Keys{.sessions = broker::SessionSealer(Secret<32>()),
                        .rows = broker::SealedRows(Secret<32>()),
                        .platform_ids = broker::PlatformIds(Secret<32>()),
                        .token_signer = world_.keys().token_signer,
                        .token_keys = world_.keys().token_keys,
                        .ledger = world_.keys().ledger};
  }

 private:
  const World& world_;
};

// Paused writes a row of its tenant's when it is let, as a request would that takes long.
class Paused final : public ServedTenant {
 public:
  Paused(const World& world, const Tenant& tenant, std::latch& begun, std::latch& go)
      : world_(world),
        store_(world.store(), broker::table_prefix(tenant.id),
               broker::tenant_guard(world.keys(), tenant)),
        begun_(begun),
        go_(go) {}

  [[nodiscard]] HttpResponse answer(const HttpRequest&) const override {
    begun_.count_down();
    go_.wait();
    const auto written = store_.put("late", "row", as_bytes("x"), 0);
    if (written) return ok();
    return to_response(broker::unavailable(written.error()));
  }

  [[nodiscard]] std::optional<net::Stream> stream(const HttpRequest&) const override {
    return std::nullopt;
  }

  [[nodiscard]] const broker::Service& service() const override { return world_.service(); }

 private:
  const World& world_;
  mutable store::PrefixedStore store_;
  std::latch& begun_;
  std::latch& go_;
};

class Maker final : public TenantMaker {
 public:
  Maker(const World& world, std::latch& begun, std::latch& go)
      : world_(world), begun_(begun), go_(go) {}

  [[nodiscard]] Result<std::unique_ptr<ServedTenant>> make(const Tenant& tenant) const override {
    ++made;
    return std::unique_ptr<ServedTenant>(std::make_unique<Paused>(world_, tenant, begun_, go_));
  }

  mutable std::atomic<int> made = 0;

 private:
  const World& world_;
  std::latch& begun_;
  std::latch& go_;
};

class TenantsTest : public testing::Test {
 protected:
  TenantsTest() {
    crypto::SystemRng rng;
    const auto done = admin_.add(
        operator_,
        {.id = "acme",
         .quotas = {},
         .administrator =
             {.name = "boss",
              .role = Role::kAdministrator,
              .repositories = {},
              .proof = crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng)->public_key()}},
        kNow);
    EXPECT_TRUE(done) << done.error().body.detail;
  }

  void set(const broker::TenantChange& change) {
    ASSERT_TRUE(admin_.set(operator_, "acme", change, kNow));
  }

  // late is the answer to a request that was at work while `change` happened.
  template <class Change>
  HttpResponse late(Change change) {
    std::latch begun(1);
    std::latch go(1);
    const Maker maker(world_, begun, go);
    const Tenants tenants(world_.service(),
                          {.answer = [](const HttpRequest&) { return not_found(); }}, maker);
    HttpResponse out;
    std::thread request([&] {
      out = tenants.answer({.method = "GET", .target = "/t/acme/v1/x", .headers = {}, .body = {}});
    });
    begun.wait();
    change();
    go.count_down();
    request.join();
    return out;
  }

  [[nodiscard]] bool written() const {
    const auto row = world_.store().get(broker::table_prefix("acme") + "late", "row");
    return row && row->value.has_value();
  }

  World world_;
  OneKey keys_{world_};
  broker::TenantAdmin admin_{world_.service(), keys_};
  const broker::Actor operator_{.name = "op", .role = Role::kOperator, .repositories = {}};
};

TEST_F(TenantsTest, what_began_before_a_suspension_writes_nothing_after_it) {
  const HttpResponse reply = late([this] { set({.suspended = true}); });
  EXPECT_EQ(reply.status, 403U);
  EXPECT_NE(as_text(reply.body).find("kbs.tenant.active"), std::string_view::npos);
  EXPECT_FALSE(written());
}

TEST_F(TenantsTest, what_began_before_a_removal_writes_nothing_after_it) {
  const HttpResponse reply = late([this] {
    set({.suspended = true});
    ASSERT_TRUE(admin_.remove(operator_, "acme", kNow));
  });
  EXPECT_EQ(reply.status, 404U);
  EXPECT_FALSE(written());
}

TEST_F(TenantsTest, another_quota_ends_nothing) {
  const HttpResponse reply = late([this] { set({.quotas = {{"leases", 7}}}); });
  EXPECT_EQ(reply.status, 200U);
  EXPECT_TRUE(written());
}

TEST_F(TenantsTest, requests_that_come_together_build_one_service) {
  constexpr std::ptrdiff_t kRequests = 8;
  std::latch begun(kRequests);  // each is within the service before any is answered
  std::latch go(1);
  const Maker maker(world_, begun, go);
  const Tenants tenants(world_.service(),
                        {.answer = [](const HttpRequest&) { return not_found(); }}, maker);
  std::vector<std::thread> requests;
  for (std::ptrdiff_t i = 0; i < kRequests; ++i) {
    requests.emplace_back([&] {
      (void)tenants.answer({.method = "GET", .target = "/t/acme/v1/x", .headers = {}, .body = {}});
    });
  }
  begun.wait();
  go.count_down();
  for (std::thread& one : requests) {
    one.join();
  }
  EXPECT_EQ(maker.made, 1);
}

TEST_F(TenantsTest, with_as_many_tenants_as_there_may_be_an_unknown_one_is_unknown) {
  for (std::size_t i = 1; i < broker::kMaxTenants; ++i) {
    ASSERT_TRUE(
        world_.store().put(broker::kTenantTable, "x" + std::to_string(i), as_bytes("x"), 0));
  }
  const auto unknown = admin_.set(operator_, "unknown", {.suspended = true}, kNow);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().status, 404U);
  const auto removed = admin_.remove(operator_, "unknown", kNow);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().status, 404U);
  const auto known = admin_.set(operator_, "acme", {.suspended = true}, kNow);
  EXPECT_TRUE(known);
  const auto more = admin_.add(operator_,
                               {.id = "more",
                                .quotas = {},
                                .administrator = {.name = "boss",
                                                  .role = Role::kAdministrator,
                                                  .repositories = {},
                                                  .proof = broker::KeyPin{}}},
                               kNow);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().checks, std::vector<std::string>{"kbs.tenant.room"});
}

}  // namespace
}  // namespace ward::server
