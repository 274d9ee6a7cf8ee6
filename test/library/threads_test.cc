// One verifier, and one appraisal, used by 64 threads at the same time.
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "test/library/batches.h"

namespace ward::test {
namespace {

constexpr std::size_t kThreads = 64;

TEST(LibraryThreads, SixtyFourShareAVerifierItsInputsAndAnAppraisal) {
  for (const LibraryVector& v : pooled_vectors()) {
    const auto policy = v.policy();
    const auto verifier = new_verifier(policy.get());
    const auto collateral = v.collateral();
    const auto request = v.request();
    const auto shared = verify(verifier.get(), v.evidence, collateral.get(), request.get());
    std::vector<std::string> said(kThreads);
    std::latch ready(kThreads);
    {
      std::vector<std::jthread> threads;
      for (std::string& mine : said) {
        threads.emplace_back([&] {
          ready.arrive_and_wait();
          const auto own = verify(verifier.get(), v.evidence, collateral.get(), request.get());
          const char* json = nullptr;
          const char* same = nullptr;
          if (ward_appraisal_json(own.get(), &json, nullptr) != WARD_OK) return;
          if (ward_appraisal_json(shared.get(), &same, nullptr) != WARD_OK) return;
          if (std::string(json) == same) mine = json;
        });
      }
    }
    EXPECT_EQ(ward_appraisal_verdict(shared.get()), WARD_ACCEPTED);
    EXPECT_NE(said.front(), "");
    for (const std::string& one : said)
      EXPECT_EQ(one, said.front());
  }
}

// Batches of several threads each, which share a verifier that forgets all the time and collateral
// that none has read yet.
TEST(LibraryThreads, SeveralBatchesShareAVerifierAndItsCollateral) {
  const Crowd crowd;
  const auto alone = crowd.alone();
  const auto verifier = new_verifier(crowd.policy.get(), 2);
  const auto jobs = crowd.jobs(3);
  constexpr std::size_t kBatches = 4;
  std::vector<std::vector<std::string>> said(kBatches);
  std::latch ready(kBatches);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : said) {
      threads.emplace_back([&] {
        ready.arrive_and_wait();
        mine = verify_all(verifier.get(), jobs, crowd.collateral.get(), 8);
      });
    }
  }
  for (const auto& one : said) {
    for (std::size_t i = 0; i < jobs.size(); ++i)
      ASSERT_EQ(one[i], alone[i % alone.size()]) << i;
  }
}

// Handles are made, used wrongly and freed in every thread; errors are each thread's own.
TEST(LibraryThreads, EveryThreadHasHandlesOfItsOwn) {
  std::vector<int> right(kThreads, 0);
  {
    std::vector<std::jthread> threads;
    for (int& mine : right) {
      threads.emplace_back([&mine] {
        for (int i = 0; i < 50; ++i) {
          const auto policy = new_policy();
          ward_error* error = nullptr;
          const bool refused =
              ward_policy_accept_tcb(policy.get(), "Revoked", &error) == WARD_ERROR_USAGE;
          const ErrorHandle owned(error);
          const std::string text = ward_error_message(error);
          if (refused && text == "ward_policy_accept_tcb: Revoked is never accepted") ++mine;
        }
      });
    }
  }
  for (const int one : right)
    EXPECT_EQ(one, 50);
}

}  // namespace
}  // namespace ward::test
