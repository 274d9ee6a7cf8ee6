#include "keep/renewal.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>

#include <gtest/gtest.h>
#include <poll.h>

#include "test/support/echo_device.h"

namespace ward::keep {
namespace {

constexpr std::int64_t kBegan = 5'000'000;

// AbsentBroker is one that nobody reaches; it counts who tries.
class AbsentBroker final : public Connector {
 public:
  Result<std::unique_ptr<protocol::Exchange>> connect(const BrokerEntry& /*broker*/) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++tries_;
    tried_.notify_all();
    return Error(Errc::kUnavailable, "test: nobody");
  }

  void interrupt() override {}

  // await returns once there were so many tries; `step` runs again and again until then.
  void await(
      int tries, const std::function<void()>& step = [] {}) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!tried_.wait_for(lock, std::chrono::milliseconds(1), [&] { return tries_ >= tries; })) {
      step();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable tried_;
  int tries_ = 0;
};

// SilentBroker is one that takes a connection and says nothing until it is interrupted.
class SilentBroker final : public Connector {
 public:
  Result<std::unique_ptr<protocol::Exchange>> connect(const BrokerEntry& /*broker*/) override {
    std::unique_lock<std::mutex> lock(mutex_);
    asked_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return interrupted_; });
    return Error(Errc::kUnavailable, "test: the connection ended");
  }

  void interrupt() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    interrupted_ = true;
    changed_.notify_all();
  }

  // await returns once somebody waits for an answer.
  void await() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return asked_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false;
  bool interrupted_ = false;
};

class RenewalTest : public testing::Test {
 protected:
  void SetUp() override {
    auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng_);
    ASSERT_TRUE(key);
    key_.emplace(*std::move(key));
    keep_.manifest.inputs = {{.name = "a", .resource = "r/key/a", .file_id = "any", .source = {}},
                             {.name = "b", .resource = "r/key/b", .file_id = "any", .source = {}}};
    keep_.manifest.broker = BrokerEntry{.url = "https://h:1", .spki_sha256 = {}};
    parts_.keep = &keep_;
    parts_.rng = &rng_;
    parts_.device = &device_;
    parts_.connector = &broker_;
    parts_.deadline = &deadline_;
  }

  // renewal is of a keep whose manifest is as it is now.
  Renewal& renewal() {
    if (!renewal_) renewal_.emplace(parts_, *key_, [this] { return now_ms_.load(); });
    return *renewal_;
  }

  static ReleasedKey key(std::uint8_t octet, std::optional<std::uint32_t> seconds) {
    ReleasedKey out{.key = SecretBytes(32), .seconds = seconds};
    out.key.expose_mut()[0] = octet;
    return out;
  }

  crypto::SystemRng rng_;
  std::optional<crypto::PrivateKey> key_;
  ParsedCanonical keep_;
  test::EchoDevice device_;
  AbsentBroker broker_;
  Deadline deadline_{1000};
  AgentParts parts_;
  std::atomic<std::int64_t> now_ms_ = kBegan;
  std::optional<Renewal> renewal_;
};

TEST_F(RenewalTest, a_lease_ends_by_the_clock_that_nobody_sets_and_by_no_other) {
  ASSERT_FALSE(renewal().released(0, key(1, 60), kBegan));
  ASSERT_FALSE(renewal().released(1, key(2, std::nullopt), kBegan));
  EXPECT_TRUE(renewal().bounds());
  now_ms_ = kBegan + 59'999;
  EXPECT_FALSE(renewal().ended());
  now_ms_ = kBegan + 60'000;
  const auto over = renewal().ended();
  ASSERT_TRUE(over);
  EXPECT_EQ(over->ending, Ending::kLeaseExpired);
  EXPECT_EQ(over->subject, "r/key/a");
}

TEST_F(RenewalTest, keys_for_good_bound_nothing) {
  ASSERT_FALSE(renewal().released(0, key(1, std::nullopt), kBegan));
  EXPECT_FALSE(renewal().bounds());
  EXPECT_TRUE(renewal().start());
  now_ms_ = kBegan + 1'000'000'000;
  EXPECT_FALSE(renewal().ended());
  EXPECT_FALSE(renewal().close());
}

TEST_F(RenewalTest, a_manifest_that_requires_leases_takes_no_key_for_good) {
  keep_.manifest.broker->leases = LeaseWish::kRequired;
  EXPECT_FALSE(renewal().released(0, key(1, 60), kBegan));
  const auto refused = renewal().released(1, key(2, std::nullopt), kBegan);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->ending, Ending::kLeaseRefused);
  EXPECT_EQ(refused->subject, "r/key/b");
}

TEST_F(RenewalTest, a_manifest_that_refuses_leases_takes_no_key_for_a_time) {
  keep_.manifest.broker->leases = LeaseWish::kRefused;
  EXPECT_FALSE(renewal().released(0, key(1, std::nullopt), kBegan));
  const auto refused = renewal().released(1, key(2, 60), kBegan);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->ending, Ending::kLeaseRefused);
}

TEST_F(RenewalTest, another_key_in_its_place_is_no_renewal_and_the_same_is_one) {
  ASSERT_FALSE(renewal().released(0, key(1, 60), kBegan));
  EXPECT_FALSE(renewal().released(0, key(1, 60), kBegan + 30'000));
  EXPECT_EQ(renewal().term().end_ms, kBegan + 90'000);
  const auto refused = renewal().released(0, key(3, 60), kBegan + 60'000);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->detail, "its owner has put another key there");
  EXPECT_EQ(renewal().term().end_ms, kBegan + 90'000);
}

TEST_F(RenewalTest, the_warning_is_final_and_comes_in_time) {
  ASSERT_FALSE(renewal().released(0, key(1, 60), kBegan));
  EXPECT_EQ(renewal().term().warn_ms, kBegan + 55'000);
  now_ms_ = kBegan + 54'999;
  EXPECT_FALSE(renewal().close());
  EXPECT_FALSE(renewal().ended());
  now_ms_ = kBegan + 55'000;
  EXPECT_TRUE(renewal().close());
  EXPECT_TRUE(renewal().ended());
  now_ms_ = kBegan;  // whatever its clock says then
  EXPECT_TRUE(renewal().ended());
}

TEST_F(RenewalTest, a_broker_that_nobody_reaches_is_asked_again_and_again_until_the_end) {
  ASSERT_FALSE(renewal().released(0, key(1, 8), kBegan));
  now_ms_ = kBegan + 4'000;
  ASSERT_TRUE(renewal().start());
  broker_.await(1);
  broker_.await(2, [this] { ++now_ms_; });  // the pause counts from when the first one was over
  EXPECT_EQ(renewal().term().end_ms, kBegan + 8'000);
  now_ms_ = kBegan + 8'000;
  EXPECT_TRUE(renewal().close());
  renewal().stop();
  const auto over = renewal().ended();
  ASSERT_TRUE(over);
  EXPECT_EQ(over->ending, Ending::kLeaseExpired);
  EXPECT_EQ(over->detail, "https://h:1: test: nobody");
  EXPECT_EQ(renewal().count(), 0U);
}

TEST_F(RenewalTest, an_attempt_that_the_end_of_the_lease_cuts_off_says_that_nobody_answered) {
  SilentBroker silent;
  parts_.connector = &silent;
  ASSERT_FALSE(renewal().released(0, key(1, 8), kBegan));
  now_ms_ = kBegan + 5'500;
  ASSERT_TRUE(renewal().start());
  silent.await();
  now_ms_ = kBegan + 6'000;
  EXPECT_TRUE(renewal().close());
  renewal().stop();
  const auto over = renewal().ended();
  ASSERT_TRUE(over);
  EXPECT_EQ(over->ending, Ending::kLeaseExpired);
  EXPECT_EQ(over->detail, "https://h:1: no answer within 500 ms");  // until the warning
}

TEST_F(RenewalTest, its_timer_counts_as_the_leases_do) {
  ASSERT_FALSE(renewal().released(0, key(1, 60), kBegan));
  ASSERT_TRUE(renewal().start());
  pollfd entry{.fd = renewal().timer_fd(), .events = POLLIN, .revents = 0};
  renewal().set_timer(kNever_ms);
  EXPECT_EQ(::poll(&entry, 1, 0), 0);
  renewal().set_timer(boottime_ms() + 1);
  EXPECT_EQ(::poll(&entry, 1, -1), 1);
  renewal().set_timer(0);  // has come
  EXPECT_EQ(::poll(&entry, 1, -1), 1);
}

}  // namespace
}  // namespace ward::keep
