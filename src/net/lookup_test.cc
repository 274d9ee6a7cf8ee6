#include "net/lookup.h"

#include <chrono>
#include <future>
#include <memory>
#include <stop_token>

#include <gtest/gtest.h>

namespace ward::net {
namespace {

using Clock = std::chrono::steady_clock;

// Silent is a system that answers when it is told to.
class Silent {
 public:
  Lookups::Asker asker() {
    return [state = state_](const std::string&, std::uint16_t) {
      state->asked.set_value();
      state->released.get_future().wait();
      return Result<std::vector<SocketAddress>>(std::vector<SocketAddress>(1));
    };
  }

  void wait_until_asked() { state_->asked.get_future().wait(); }

  void release() { state_->released.set_value(); }

 private:
  // Shared: the thread that asks may outlive the test.
  struct State {
    std::promise<void> asked;
    std::promise<void> released;
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

Clock::time_point in_a_minute() { return Clock::now() + std::chrono::minutes(1); }

TEST(Lookups, takes_an_address_as_it_is) {
  Lookups none(0);  // a question would be refused
  for (const auto& [host, family] : {std::pair{"127.0.0.1", AF_INET}, {"::1", AF_INET6}}) {
    const auto found = none.find(host, 443, in_a_minute(), {});
    ASSERT_TRUE(found) << host;
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ(found->front().get().sa_family, family);
  }
}

TEST(Lookups, tells_what_was_answered) {
  Lookups lookups(1, [](const std::string& host, std::uint16_t port) {
    EXPECT_EQ(host, "a.example");
    EXPECT_EQ(port, 8443);
    return Result<std::vector<SocketAddress>>(std::vector<SocketAddress>(3));
  });
  const auto found = lookups.find("a.example", 8443, in_a_minute(), {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 3U);
}

TEST(Lookups, does_not_wait_longer_than_it_may_and_counts_what_it_left) {
  Silent silent;
  auto lookups = std::make_unique<Lookups>(1, silent.asker());
  const auto late = lookups->find("a.example", 1, Clock::now(), {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Errc::kUnavailable);
  silent.wait_until_asked();
  const auto many = lookups->find("b.example", 1, in_a_minute(), {});
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code(), Errc::kLimit);
  lookups.reset();  // before its thread
  silent.release();
}

TEST(Lookups, ends_its_wait_when_it_is_told_to) {
  Silent silent;
  Lookups lookups(1, silent.asker());
  std::stop_source stop;
  auto found = std::async(std::launch::async, [&] {
    return lookups.find("a.example", 1, in_a_minute(), stop.get_token());
  });
  silent.wait_until_asked();
  stop.request_stop();
  const auto ended = found.get();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Errc::kUnavailable);
  silent.release();
}

}  // namespace
}  // namespace ward::net
