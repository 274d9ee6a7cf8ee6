#include "apps/ward/maker_gate.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace ward::cli {
namespace {

using Outcome = MakerGate::Outcome;
using Time = std::chrono::steady_clock::time_point;

constexpr MakerLimits kOneAtATime = {.within = 1, .waiting = 4, .waiting_of_one = 2};

Asker stranger(const std::string& address) { return {.address = address, .until = Time::max()}; }

Asker open_one() { return {.open = true, .address = "open", .until = Time::max()}; }

// until waits for what other threads do.
template <class Done>
void until(Done done) {
  while (!done()) {
    std::this_thread::yield();
  }
}

// Crowd are askers in threads of their own, who leave as soon as they are within.
class Crowd {
 public:
  explicit Crowd(MakerGate& gate) : gate_(gate) {}

  // comes returns when the asker waits.
  void comes(const std::string& name, const Asker& asker) {
    const std::size_t before = gate_.waiting();
    threads_.emplace_back([this, name, asker](const std::stop_token& stop) {
      const MakerGate::Turn turn = gate_.enter(asker, stop);
      if (turn) order_.push_back(name);  // one at a time is within
    });
    until([&] { return gate_.waiting() == before + 1; });
  }

  // order is who was within, first to last, when all have been.
  std::vector<std::string> order() {
    for (std::jthread& one : threads_) {
      one.join();
    }
    return order_;
  }

 private:
  MakerGate& gate_;
  std::vector<std::string> order_;
  std::vector<std::jthread> threads_;
};

TEST(MakerGate, lets_so_many_in_and_so_many_wait) {
  MakerGate gate({.within = 2, .waiting = 1, .waiting_of_one = 1});
  const std::stop_source never;
  const MakerGate::Turn first = gate.enter(stranger("a"), never.get_token());
  EXPECT_TRUE(first);
  std::atomic<bool> within = false;
  std::jthread third;
  {
    const MakerGate::Turn second = gate.enter(stranger("b"), never.get_token());
    EXPECT_TRUE(second);
    third = std::jthread([&](const std::stop_token& stop) {
      const MakerGate::Turn turn = gate.enter(stranger("c"), stop);
      within = static_cast<bool>(turn);
    });
    until([&] { return gate.waiting() == 1; });
    // A fourth is told at once.
    EXPECT_EQ(gate.enter(stranger("d"), never.get_token()).outcome(), Outcome::kFull);
    EXPECT_FALSE(within);
  }
  third.join();
  EXPECT_TRUE(within);
  EXPECT_TRUE(gate.enter(stranger("d"), never.get_token()));
}

TEST(MakerGate, an_open_one_overtakes_all_that_wait_also_where_no_more_may) {
  MakerGate gate(kOneAtATime);
  const std::stop_source never;
  Crowd crowd(gate);
  {
    const MakerGate::Turn turn = gate.enter(stranger("a"), never.get_token());
    for (const char* const name : {"a", "b", "c", "d"}) {
      crowd.comes(name, stranger(name));
    }
    EXPECT_EQ(gate.enter(stranger("e"), never.get_token()).outcome(), Outcome::kFull);
    crowd.comes("open", open_one());
    crowd.comes("open, later", open_one());
  }
  EXPECT_EQ(crowd.order(), (std::vector<std::string>{"open", "open, later", "a", "b", "c", "d"}));
}

TEST(MakerGate, strangers_of_one_address_do_not_fill_it) {
  MakerGate gate(kOneAtATime);
  const std::stop_source never;
  Crowd crowd(gate);
  {
    const MakerGate::Turn turn = gate.enter(stranger("many"), never.get_token());
    crowd.comes("many 1", stranger("many"));
    crowd.comes("many 2", stranger("many"));
    EXPECT_EQ(gate.enter(stranger("many"), never.get_token()).outcome(), Outcome::kFull);
    crowd.comes("another", stranger("another"));
    EXPECT_EQ(gate.enter(stranger("many"), never.get_token()).outcome(), Outcome::kFull);
  }
  EXPECT_EQ(crowd.order(), (std::vector<std::string>{"many 1", "many 2", "another"}));
}

TEST(MakerGate, who_comes_too_late_is_told) {
  MakerGate gate(kOneAtATime);
  const std::stop_source never;
  const Asker late{.open = true, .until = Time::min()};
  EXPECT_EQ(gate.enter(late, never.get_token()).outcome(), Outcome::kLate);
  const MakerGate::Turn turn = gate.enter(open_one(), never.get_token());
  EXPECT_TRUE(turn);
  const Asker soon{.open = true,
                   .until = std::chrono::steady_clock::now() + std::chrono::milliseconds(20)};
  EXPECT_EQ(gate.enter(soon, never.get_token()).outcome(), Outcome::kLate);
  EXPECT_EQ(gate.waiting(), 0U);
}

TEST(MakerGate, who_is_stopped_waits_no_more) {
  MakerGate gate(kOneAtATime);
  const std::stop_source never;
  const MakerGate::Turn turn = gate.enter(stranger("a"), never.get_token());
  std::atomic<Outcome> outcome = Outcome::kWithin;
  std::jthread waiter([&](const std::stop_token& stop) {
    const MakerGate::Turn none = gate.enter(stranger("b"), stop);
    outcome = none.outcome();
  });
  until([&] { return gate.waiting() == 1; });
  waiter.request_stop();
  waiter.join();
  EXPECT_EQ(outcome, Outcome::kStopped);
  EXPECT_EQ(gate.waiting(), 0U);
}

TEST(MakerGate, never_more_are_within_than_may_be) {
  MakerGate gate({.within = 3, .waiting = 100, .waiting_of_one = 100});
  std::atomic<int> within = 0;
  std::atomic<int> most = 0;
  std::atomic<int> served = 0;
  {
    std::vector<std::jthread> all;
    for (int i = 0; i < 20; ++i) {
      all.emplace_back([&, i](const std::stop_token& stop) {
        for (int round = 0; round < 50; ++round) {
          const MakerGate::Turn turn = gate.enter(i % 2 == 0 ? stranger("a") : open_one(), stop);
          if (!turn) return;
          const int now = ++within;
          int seen = most;
          while (seen < now && !most.compare_exchange_weak(seen, now)) {
          }
          ++served;
          --within;
        }
      });
    }
    for (std::jthread& one : all) {
      one.join();
    }
  }
  EXPECT_EQ(served, 1000);
  EXPECT_LE(most, 3);
}

sockaddr_storage v4(const char* text) {
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_port = htons(1234);
  EXPECT_EQ(::inet_pton(AF_INET, text, &from.sin_addr), 1);
  sockaddr_storage out{};
  std::memcpy(&out, &from, sizeof from);
  return out;
}

sockaddr_storage v6(const char* text) {
  sockaddr_in6 from{};
  from.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text, &from.sin6_addr), 1);
  sockaddr_storage out{};
  std::memcpy(&out, &from, sizeof from);
  return out;
}

TEST(MakerGate, an_address_is_one_peer_s_whatever_its_port_and_the_rest_of_its_network) {
  EXPECT_EQ(address_of(v4("192.0.2.1")), std::string("\xc0\x00\x02\x01", 4));
  EXPECT_NE(address_of(v4("192.0.2.1")), address_of(v4("192.0.2.2")));
  EXPECT_EQ(address_of(v6("::ffff:192.0.2.1")), address_of(v4("192.0.2.1")));
  EXPECT_EQ(address_of(v6("2001:db8:0:1::1")), address_of(v6("2001:db8:0:1:ffff::")));
  EXPECT_NE(address_of(v6("2001:db8:0:1::1")), address_of(v6("2001:db8:0:2::1")));
  EXPECT_EQ(address_of(sockaddr_storage{}), "");
}

}  // namespace
}  // namespace ward::cli
