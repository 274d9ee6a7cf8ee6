#include "apps/ward/maker_gate.h"

#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace ward::cli {
namespace {

// until waits for what other threads do.
template <class Done>
void until(Done done) {
  while (!done()) {
    std::this_thread::yield();
  }
}

TEST(MakerGate, lets_so_many_in_and_so_many_wait) {
  MakerGate gate(2, 1);
  const std::stop_source never;
  const MakerGate::Turn first = gate.enter(never.get_token());
  EXPECT_TRUE(first);
  std::atomic<bool> within = false;
  std::jthread third;
  {
    const MakerGate::Turn second = gate.enter(never.get_token());
    EXPECT_TRUE(second);
    third = std::jthread([&](const std::stop_token& stop) {
      const MakerGate::Turn turn = gate.enter(stop);
      within = static_cast<bool>(turn);
    });
    until([&] { return gate.waiting() == 1; });
    EXPECT_FALSE(gate.enter(never.get_token()));  // a fourth is told at once
    EXPECT_FALSE(within);
  }
  third.join();
  EXPECT_TRUE(within);
  EXPECT_TRUE(gate.enter(never.get_token()));
}

TEST(MakerGate, who_is_stopped_waits_no_more) {
  MakerGate gate(1, 4);
  const std::stop_source never;
  const MakerGate::Turn turn = gate.enter(never.get_token());
  std::atomic<bool> let_in = true;
  std::jthread waiter(
      [&](const std::stop_token& stop) { let_in = static_cast<bool>(gate.enter(stop)); });
  until([&] { return gate.waiting() == 1; });
  waiter.request_stop();
  waiter.join();
  EXPECT_FALSE(let_in);
  EXPECT_EQ(gate.waiting(), 0U);
}

TEST(MakerGate, never_more_are_within_than_may_be) {
  MakerGate gate(3, 100);
  std::atomic<int> within = 0;
  std::atomic<int> most = 0;
  std::atomic<int> served = 0;
  {
    std::vector<std::jthread> all;
    for (int i = 0; i < 20; ++i) {
      all.emplace_back([&](const std::stop_token& stop) {
        for (int round = 0; round < 50; ++round) {
          const MakerGate::Turn turn = gate.enter(stop);
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

}  // namespace
}  // namespace ward::cli
