// ward/verifier.h over the library: what it adds to the C ABI in batches.
#include <array>
#include <atomic>
#include <mutex>
#include <span>

#include <gtest/gtest.h>

#include "test/library/batches.h"
#include "ward/verifier.h"

namespace ward::test {
namespace {

constexpr std::array<std::uint8_t, 4> kStrange{1, 2, 3, 4};

// Gathering is Crowd's evidence for C++: right, altered and unknown in turn.
struct Gathering {
  std::vector<LibraryVector> vectors = pooled_vectors();
  std::vector<Request> requests;
  Policy policy;
  Collateral collateral;
  std::vector<Buffer> altered;
  std::vector<Job> jobs;

  Gathering() {
    policy.allow_development();
    requests.reserve(vectors.size());
    for (const LibraryVector& v : vectors) {
      altered.push_back(v.evidence);
      altered.back()[v.some_signed()] ^= 1U;
      requests.emplace_back(v.at());
      requests.back().measurement_unchecked().workload_unchecked();
      requests.back().expect_report_data(v.octets("report_data"));
      for (const auto& [name, octets] : v.documents) {
        collateral.add(name, octets);
        if (name == "root_ca.pem") policy.add_development_roots(octets);
      }
    }
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      jobs.emplace_back(vectors[i].evidence, requests[i]);
      jobs.emplace_back(altered[i], requests[i]);
      jobs.emplace_back(kStrange, requests[i]);
    }
  }
};

TEST(LibraryCpp, ABatchSaysWhatVerifySays) {
  const Gathering g;
  const Verifier alone(g.policy);
  const Verifier verifier(g.policy, Remember{20});
  for (const unsigned threads : {0U, 1U, 8U}) {
    std::vector<std::string> said(g.jobs.size());
    verifier.verify_all(
        g.jobs, g.collateral, threads,
        [&](std::size_t index, const BatchAppraisal* appraisal, const Error* error) {
          EXPECT_NE(appraisal == nullptr, error == nullptr);
          said[index] = appraisal != nullptr ? answers_of(appraisal->get()) : error->what();
          if (appraisal == nullptr) {
            EXPECT_EQ(error->status(), WARD_ERROR_UNKNOWN_EVIDENCE);
            EXPECT_NE(error->hint(), "");
            return;
          }
          EXPECT_EQ(appraisal->accepted(), index % 3 == 0) << appraisal->summary();
          EXPECT_EQ(appraisal->problems().empty(), index % 3 == 0);
          EXPECT_THROW((void)appraisal->explain(), Error);
        });
    for (std::size_t i = 0; i < g.vectors.size(); ++i) {
      const Appraisal right = alone.verify(g.vectors[i].evidence, g.collateral, g.requests[i]);
      const Appraisal wrong = alone.verify(g.altered[i], g.collateral, g.requests[i]);
      EXPECT_EQ(said[3 * i], answers_of(right.get()));
      EXPECT_EQ(said[3 * i + 1], answers_of(wrong.get()));
      EXPECT_EQ(said[3 * i + 2], "ward_verifier_verify_all: no kind of evidence that ward knows");
    }
  }
}

// What a callable throws, and no exception of another's.
struct Enough {
  int calls;
};

TEST(LibraryCpp, WhatACallableThrowsIsThrownToItsCaller) {
  const Gathering g;
  const Verifier verifier(g.policy, Remember{20});
  for (const unsigned threads : {1U, 8U}) {
    std::mutex mutex;
    int calls = 0;
    bool thrown = false;
    try {
      verifier.verify_all(g.jobs, g.collateral, threads,
                          [&](std::size_t, const BatchAppraisal*, const Error*) {
                            const std::lock_guard<std::mutex> lock(mutex);
                            if (++calls == 3) throw Enough{calls};
                          });
    } catch (const Enough& enough) {
      thrown = true;
      EXPECT_EQ(enough.calls, 3);
    }
    EXPECT_TRUE(thrown);
    if (threads == 1) {
      EXPECT_EQ(calls, 3);  // others may have begun theirs
    }
    std::atomic<std::size_t> again = 0;
    verifier.verify_all(g.jobs, g.collateral, threads, [&](auto, auto*, auto*) { ++again; });
    EXPECT_EQ(again.load(), g.jobs.size());
  }
}

TEST(LibraryCpp, EveryContainerIsABatchAndACallableIsNotCopied) {
  // Counter cannot be copied.
  struct Counter {
    std::atomic<int> calls = 0;

    void operator()(std::size_t, const BatchAppraisal*, const Error*) { ++calls; }
  };

  const Gathering g;
  const Verifier verifier(g.policy);
  Counter counter;
  verifier.verify_all(std::vector<Job>{}, g.collateral, 0, counter);
  verifier.verify_all(std::span<const Job>{}, g.collateral, 0, counter);
  EXPECT_EQ(counter.calls.load(), 0);
  verifier.verify_all(std::array<Job, 2>{g.jobs[0], g.jobs[1]}, g.collateral, 2, counter);
  EXPECT_EQ(counter.calls.load(), 2);
  verifier.verify_all(std::span<const Job>(g.jobs).first(3), g.collateral, 2, counter);
  EXPECT_EQ(counter.calls.load(), 5);
}

TEST(LibraryCpp, AWrongBatchThrowsWhatSaysSo) {
  const Gathering g;
  const Verifier verifier(g.policy);
  try {
    verifier.verify_all(g.jobs, g.collateral, WARD_MAX_THREADS + 1,
                        [](auto, auto*, auto*) { FAIL(); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), WARD_ERROR_LIMIT);
  }
  EXPECT_THROW(Verifier(g.policy, Remember{WARD_MAX_PLATFORMS + 1}), Error);
}

}  // namespace
}  // namespace ward::test
