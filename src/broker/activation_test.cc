// A policy comes into force whole: releases that race with its activation are decided by the
// version before or by the version after, and by none that an activation has replaced.
#include <array>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <semaphore>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/policy_admin.h"
#include "store/sqlite/sqlite_store.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::Attester;
using test_support::detail_of;
using test_support::kNow;
using test_support::leaves_of;
using test_support::World;

constexpr const char* kKey = "results/hospital";

// What the versions say in turn. The second and the third each refuse by one check alone; whoever
// took the workloads of one and the runtimes of the other would release, or refuse by both.
enum class Says : std::uint8_t { kGrants, kNotThisRuntime, kNotThisWorkload };

Says says(std::uint64_t version) {
  constexpr std::array kInTurn = {Says::kNotThisWorkload, Says::kGrants, Says::kNotThisRuntime};
  return kInTurn.at(version % kInTurn.size());
}

std::string policy_of(std::uint64_t version) {
  const Says what = says(version);
  const auto name = [](Buffer right, bool wrong) {
    if (wrong) right[0] ^= 0xff;
    return "[\"" + to_hex(right) + "\"]";
  };
  return R"({"schema":"ward.results-policy/1","releases":[{"resources":["key/records"],"workloads":)" +
         name(Buffer(48, 1), what == Says::kNotThisWorkload) + R"(,"runtimes":)" +
         name(Buffer(32, 2), what == Says::kNotThisRuntime) + "}]}";
}

// Asked is one request: what came of it, and which versions it may have met.
struct Asked {
  std::uint64_t first;  // in force for certain when it was begun
  std::uint64_t last;   // the last whose activation was begun when it was answered
  unsigned status;      // 200, or of the refusal
  std::vector<std::string> failed;
};

std::vector<std::string> failed_by(std::uint64_t version) {
  switch (says(version)) {
    case Says::kGrants:
      return {};
    case Says::kNotThisRuntime:
      return {"kbs.release.runtime"};
    case Says::kNotThisWorkload:
      return {"kbs.release.workload"};
  }
  return {"no version"};
}

// Race asks from several threads while versions come into force one after the other.
class Race {
 public:
  static constexpr std::uint64_t kVersions = 60;
  static constexpr unsigned kAskers = 4;

  Race(const World& world, std::string token) : world_(world), token_(std::move(token)) {}

  void run() {
    std::vector<std::jthread> askers;
    for (unsigned i = 0; i < kAskers; ++i)
      askers.emplace_back([this](const std::stop_token& stop) { ask(stop); });
    const PolicyAdmin policies(world_.service());
    for (std::uint64_t version = 2; version <= kVersions; ++version) {
      // Some requests are answered by each version, others are on their way when it ends.
      for (unsigned i = 0; i < 2 * kAskers; ++i)
        answered_.acquire();
      begun_ = version;
      const auto set =
          policies.set(administrator(), kKey, as_bytes(policy_of(version)), kNow, std::nullopt);
      ASSERT_TRUE(set);
      ASSERT_EQ(*set, version);
      in_force_ = version;
    }
  }

  std::vector<Asked> asked;

 private:
  void ask(const std::stop_token& stop) {
    const Broker broker(world_.service());
    while (!stop.stop_requested()) {
      Asked one{.first = in_force_, .last = 0, .status = 200, .failed = {}};
      const auto answer =
          broker.resource({.cookie = std::nullopt, .bearer = token_}, "hospital/key/records", kNow);
      one.last = begun_;
      if (!answer) {
        one.status = answer.error().status;
        one.failed = answer.error().checks;
      }
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        asked.push_back(std::move(one));
      }
      answered_.release();
    }
  }

  const World& world_;
  const std::string token_;
  std::atomic<std::uint64_t> begun_{1};
  std::atomic<std::uint64_t> in_force_{1};
  std::counting_semaphore<> answered_{0};
  std::mutex mutex_;  // of `asked`
};

// fits is true of an answer that one of the versions gives that were in force meanwhile.
bool fits(const Asked& one) {
  for (std::uint64_t version = one.first; version <= one.last; ++version) {
    if (failed_by(version) == one.failed && one.status == (one.failed.empty() ? 200U : 401U)) {
      return true;
    }
  }
  return false;
}

TEST(Activation, is_whole_and_no_release_is_by_the_policy_before) {
  std::string folder = std::filesystem::temp_directory_path() / "ward-activation-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  auto store = store::open_sqlite_store({.path = folder + "/wardd.db"});
  ASSERT_TRUE(store);
  const World world(*std::move(store));
  world.set_up();
  const Broker broker(world.service());
  Race race(world, attested(broker, Attester(), kNow));
  race.run();

  std::array<int, 3> met{};
  for (const Asked& one : race.asked) {
    // It begins again where the policy changes under it, and gives up after three times.
    if (one.status == 503) {
      EXPECT_LT(one.first, one.last);
      continue;
    }
    ASSERT_TRUE(fits(one)) << one.first << " to " << one.last << ": " << one.status << " "
                           << testing::PrintToString(one.failed);
    if (one.first == one.last) ++met.at(static_cast<std::size_t>(says(one.first)));
  }
  EXPECT_THAT(met, testing::Each(testing::Gt(0)));

  std::uint64_t version = 0;
  int released = 0;
  for (const ledger::Leaf& leaf : leaves_of(world)) {
    if (leaf.entry.kind == "policy.set" && leaf.entry.subject == kKey) ++version;
    if (leaf.entry.kind != "release") continue;
    ++released;
    EXPECT_EQ(detail_of(leaf, "policy_version"), std::to_string(version));
    EXPECT_EQ(says(version), Says::kGrants);
  }
  EXPECT_EQ(version, Race::kVersions);
  EXPECT_GT(released, 0);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ward::broker
