// Handles are made and freed 10,000 times; what is in use afterwards is what was in use before.
// Under ASan LeakSanitizer looks as well.
#include <gtest/gtest.h>
#include <malloc.h>

#include "test/library/batches.h"

namespace ward::test {
namespace {

constexpr int kTimes = 10000;

// What the allocator has given out, in octets; 0 where a sanitizer has replaced it.
std::size_t in_use() { return ::mallinfo2().uordblks; }

// The allocator counts what it keeps at hand as given out; 10,000 leaks of one octet are more.
constexpr std::size_t kKept = 64U << 10U;

// repeat runs `body` a few times, then 10,000 times, and fails where the second left more behind.
template <class Body>
void repeat(const Body& body, int times = kTimes) {
  for (int i = 0; i < 10; ++i)
    body();
  const std::size_t before = in_use();
  for (int i = 0; i < times; ++i)
    body();
  EXPECT_LE(in_use(), before + kKept);
}

TEST(LibraryLifetime, InputsAndErrors) {
  const LibraryVector v = library_vectors().front();
  repeat([&] { (void)v.policy(); });
  repeat([&] { (void)v.request(); });
  repeat([&] { (void)v.collateral(); });
  const auto policy = v.policy();
  repeat([&] { (void)new_verifier(policy.get()); });
  repeat([&] {
    ward_error* error = nullptr;
    EXPECT_EQ(ward_policy_accept_value(policy.get(), "sgx.no.field", "1", &error),
              WARD_ERROR_USAGE);
    ward_error_free(error);
  });
  repeat([&] {
    ward_needs* needs = nullptr;
    EXPECT_EQ(ward_needs_of(v.evidence.data(), v.evidence.size(), &needs, nullptr), WARD_OK);
    ward_needs_free(needs);
  });
}

// Each appraisal with its JSON: refused ones of evidence that is cut, and whole ones of every TEE.
TEST(LibraryLifetime, Appraisals) {
  const std::vector<LibraryVector> vectors = pooled_vectors();
  for (const LibraryVector& v : vectors) {
    const auto policy = v.policy();
    const auto verifier = new_verifier(policy.get());
    const auto collateral = v.collateral();
    const auto request = v.request();
    repeat(
        [&] {
          const auto a = verify(verifier.get(), v.evidence, collateral.get(), request.get());
          const char* json = nullptr;
          EXPECT_EQ(ward_appraisal_json(a.get(), &json, nullptr), WARD_OK);
        },
        100);
  }
  const LibraryVector& first = vectors.front();
  const auto none = first.policy();
  const auto verifier = new_verifier(none.get());
  const auto request = first.request();
  const Bytes cut = Bytes(first.evidence).first(100);
  repeat([&] { (void)verify(verifier.get(), cut, nullptr, request.get()); });
}

// Right jobs and wrong ones, with a memory that forgets all the time.
TEST(LibraryLifetime, Batches) {
  const Crowd crowd;
  auto jobs = crowd.jobs(1);
  jobs.push_back(job_of({}, nullptr));
  const auto verifier = new_verifier(crowd.policy.get(), 2);
  repeat([&] { (void)verify_all(verifier.get(), jobs, crowd.collateral.get(), 2); }, 20);
  repeat([&] { (void)new_verifier(crowd.policy.get(), 100); });
}

}  // namespace
}  // namespace ward::test
