#include "apps/wardd/deliveries.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/records.h"
#include "net/http/server.h"
#include "test/broker/world.h"

namespace ward::wardd {
namespace {

using broker::test_support::administrator;
using broker::test_support::kNow;
using broker::test_support::leaves_of;
using broker::test_support::World;

constexpr std::int64_t kYear_s = std::int64_t{365} * 86400;

// WatchedClock shows one time, and lets a test wait until it was looked at.
class WatchedClock final : public Clock {
 public:
  explicit WatchedClock(UnixTime at) : at_(at) {}

  [[nodiscard]] UnixTime now() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++looks_;
    looked_.notify_all();
    return at_;
  }

  void wait_for_looks(int more) const {
    std::unique_lock<std::mutex> lock(mutex_);
    const int until = looks_ + more;
    looked_.wait(lock, [&] { return looks_ >= until; });
  }

 private:
  UnixTime at_;
  mutable std::mutex mutex_;
  mutable std::condition_variable looked_;
  mutable int looks_ = 0;
};

class NoTenants final : public server::TenantMaker {
 public:
  [[nodiscard]] Result<std::unique_ptr<server::ServedTenant>> make(
      const broker::Tenant&) const override {
    return Error(Errc::kInternal, "test: no tenant");
  }
};

// Lines keeps what was logged.
class Lines {
 public:
  server::Log log() {
    return [this](std::string_view event, std::initializer_list<server::Field>) {
      const std::lock_guard<std::mutex> lock(mutex_);
      events_.emplace_back(event);
    };
  }

  std::size_t count(const std::string& event) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(events_, event));
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> events_;
};

class DeliveriesTest : public testing::Test {
 protected:
  std::size_t ends() const {
    std::size_t out = 0;
    for (const ledger::Leaf& leaf : leaves_of(world_)) {
      if (leaf.entry.kind.starts_with("expiry.")) ++out;
    }
    return out;
  }

  void record(const char* kind, UnixTime now) const {
    ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) {
      return broker::record(tx, world_.keys(), {now, kind, "", "", {}});
    }));
  }

  World world_;
  NoTenants tenants_;
  Lines lines_;
  const crypto::PrivateKey key_ = *crypto::PrivateKey::from_ed25519_seed(Buffer(32, 7));
};

// One look reads the clock three times and more.
constexpr int kLooks = 12;

TEST_F(DeliveriesTest, a_start_by_a_clock_a_year_ahead_writes_no_end_until_a_request_has_written) {
  const broker::Admin admin(world_.service());
  ASSERT_TRUE(admin.put_resource(administrator(), "hospital/key/a", as_bytes("k"), kNow,
                                 {.expires = UnixTime{kNow.seconds + 100}}));
  const UnixTime ahead{kNow.seconds + kYear_s};
  const WatchedClock clock(ahead);
  const Deliveries deliveries(world_.service(), tenants_, {.key = key_}, clock, lines_.log());
  clock.wait_for_looks(kLooks);
  EXPECT_EQ(ends(), 0U);
  EXPECT_EQ(lines_.count("ends.waiting"), 1U);
  record("refusal", ahead);
  for (int i = 0; i < 20 && ends() == 0; ++i) {
    clock.wait_for_looks(kLooks);
  }
  EXPECT_EQ(ends(), 1U);
}

TEST_F(DeliveriesTest, a_start_after_a_quiet_week_tells_what_ended) {
  const broker::Admin admin(world_.service());
  ASSERT_TRUE(admin.put_resource(administrator(), "hospital/key/a", as_bytes("k"), kNow,
                                 {.expires = UnixTime{kNow.seconds + 100}}));
  const WatchedClock clock({kNow.seconds + 7 * 86400});
  const Deliveries deliveries(world_.service(), tenants_, {.key = key_}, clock, lines_.log());
  for (int i = 0; i < 20 && ends() == 0; ++i) {
    clock.wait_for_looks(kLooks);
  }
  EXPECT_EQ(ends(), 1U);
  EXPECT_EQ(lines_.count("ends.waiting"), 0U);
}

// Receiver answers when it is told to, and counts who waits at the same time.
class Receiver {
 public:
  protocol::HttpResponse answer(const protocol::HttpRequest& request) {
    std::unique_lock<std::mutex> lock(mutex_);
    asked_.push_back(request.target);
    most_ = std::max(most_, ++waiting_);
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    --waiting_;
    return {.status = 204, .headers = {}, .body = {}};
  }

  void wait_for(std::size_t requests) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return asked_.size() >= requests; });
  }

  std::size_t open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
    return most_;
  }

  std::vector<std::string> asked() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  std::size_t waiting_ = 0;
  std::size_t most_ = 0;
  bool open_ = false;
};

TEST_F(DeliveriesTest, slow_receivers_have_no_more_than_their_tenants_places_and_each_has_a_turn) {
  Receiver receiver;
  net::ServerOptions options;
  options.handler_threads = 2 * broker::kMaxWebhooks;
  const auto server =
      net::serve_http(options, [&](const auto& request) { return receiver.answer(request); });
  ASSERT_TRUE(server);
  const broker::Webhooks webhooks(world_.service());
  std::vector<std::string> targets;
  for (std::size_t i = 0; i < broker::kMaxWebhooks; ++i) {
    targets.push_back("/" + std::to_string(i));
    const std::string url =
        "http://127.0.0.1:" + std::to_string((*server)->port()) + targets.back();
    ASSERT_TRUE(webhooks.add(administrator(), {.url = url, .kinds = {"release"}, .ca = {}}, kNow));
  }
  record("release", kNow);
  const WatchedClock clock(kNow);
  const Deliveries deliveries(world_.service(), tenants_, {.key = key_, .private_addresses = true},
                              clock, lines_.log());
  receiver.wait_for(kMaxDeliveriesOfOne);
  clock.wait_for_looks(kLooks);
  EXPECT_EQ(receiver.open(), kMaxDeliveriesOfOne);
  receiver.wait_for(broker::kMaxWebhooks);
  std::vector<std::string> asked = receiver.asked();
  std::ranges::sort(asked);
  std::ranges::sort(targets);
  EXPECT_EQ(asked, targets);
}

TEST_F(DeliveriesTest, end_at_once_while_a_receiver_does_not_answer_and_blame_him_not) {
  Receiver receiver;
  const auto server =
      net::serve_http({}, [&](const auto& request) { return receiver.answer(request); });
  ASSERT_TRUE(server);
  const broker::Webhooks webhooks(world_.service());
  const std::string url = "http://127.0.0.1:" + std::to_string((*server)->port());
  ASSERT_TRUE(webhooks.add(administrator(), {.url = url, .kinds = {"release"}, .ca = {}}, kNow));
  record("release", kNow);
  const WatchedClock clock(kNow);
  const auto begin = std::chrono::steady_clock::now();
  {
    const Deliveries deliveries(world_.service(), tenants_,
                                {.key = key_, .private_addresses = true}, clock, lines_.log());
    receiver.wait_for(1);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin,
            std::chrono::milliseconds(kWebhookAttemptMs / 2));
  const auto list = webhooks.list(administrator(), kNow);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->front().state.failures, 0U);
  EXPECT_EQ(list->front().state.held_by, "");
  receiver.open();
}

}  // namespace
}  // namespace ward::wardd
