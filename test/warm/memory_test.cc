// The warm path allocates nothing of ward's own: what it does, OpenSSL allocates for itself with
// malloc. A program of its own, for it replaces operator new.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "test/dcap_checks/platform_fixture.h"
#include "test/snp_checks/platform_fixture.h"
#include "verifier/platform_cache.h"

namespace {

std::atomic<std::size_t> allocations = 0;

void* allocate(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* out = std::malloc(size)) return out;
  throw std::bad_alloc();
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) { return allocate(size == 0 ? 1 : size); }

[[gnu::noinline]] void* operator new[](std::size_t size) { return allocate(size == 0 ? 1 : size); }

[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }

[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }

[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace ward {
namespace {

struct Scene {
  std::string name;
  Buffer evidence;
  attest::Collateral documents;
  attest::Anchor root;
  attest::Expectations expected;
};

std::vector<Scene> scenes() {
  std::vector<Scene> out;
  for (const auto& face : soft::fixture::kFaces) {
    auto s = soft::fixture::good_stage(face);
    auto m = soft::fixture::make(s);
    soft::fixture::drop(m, "ccel.bin");  // a log is replayed each time
    out.push_back({face.name,
                   dcap::write_quote(m.parts),
                   m.documents,
                   {.spki_sha256 = crypto::sha256(s.keys.root.public_key().to_spki()),
                    .name = "development",
                    .development = true},
                   s.expected});
  }
  for (const auto& face : soft::snp_fixture::kFaces) {
    const auto s = soft::snp_fixture::good_stage(face);
    const auto m = soft::snp_fixture::make(s);
    out.push_back({face.name, m.whole(), m.documents,
                   soft::snp_fixture::anchor_of(soft::snp_fixture::keys_of("one")), s.expected});
  }
  return out;
}

TEST(WarmMemory, AKnownPlatformIsAppraisedWithoutAllocation) {
  attest::Policy policy;
  policy.name = "a policy whose name is long";
  policy.allow_development = true;
  for (const Scene& scene : scenes()) {
    SCOPED_TRACE(scene.name);
    const verifier::Verifier verifier(tee::all_schemes(), {scene.root}, policy,
                                      std::make_shared<verifier::PlatformCache>());
    const verifier::PreparedCollateral prepared(tee::all_schemes(), scene.documents);
    const attest::Collateral none;
    attest::Slate slate;
    verifier::Request request{.evidence = scene.evidence,
                              .collateral = none,
                              .now = soft::fixture::kNow,
                              .expected = scene.expected,
                              .prepared = &prepared};
    for (int i = 0; i < 3; ++i)
      ASSERT_TRUE(verifier.appraise(request, slate));
    for (int i = 0; i < 4; ++i) {
      request.now.seconds += 1;  // the texts that name the time change, too
      const std::size_t before = allocations.load();
      const bool done = verifier.appraise(request, slate).has_value();
      EXPECT_EQ(allocations.load() - before, 0U);
      EXPECT_TRUE(done);
      EXPECT_EQ(slate.appraisal().verdict, attest::Verdict::kAccepted);
    }
  }
}

}  // namespace
}  // namespace ward
