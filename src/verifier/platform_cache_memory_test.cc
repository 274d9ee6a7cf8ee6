// What is allocated when, and what happens where memory ends. A program of its own, for it replaces
// operator new.
#include <cstdlib>
#include <limits>
#include <list>
#include <new>
#include <optional>

#include <gtest/gtest.h>

#include "verifier/platform_cache.h"
#include "verifier/platform_cache_fixture.h"

namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
std::size_t allocations = 0;
std::size_t left = kNever;  // allocations until there is no memory

// take counts one allocation, and is false where memory ends.
bool take() {
  ++allocations;
  if (left == 0) return false;
  if (left != kNever) --left;
  return true;
}

// NOLINTBEGIN(*-no-malloc,*-owning-memory)
void* allocate(std::size_t size, std::size_t alignment) {
  void* out =
      take() ? std::aligned_alloc(alignment, (size + alignment) / alignment * alignment) : nullptr;
  if (out == nullptr) throw std::bad_alloc();
  return out;
}

}  // namespace

// clang 14 does not declare these.
void operator delete(void* p, std::size_t) noexcept;
void operator delete[](void* p, std::size_t) noexcept;
void operator delete(void* p, std::size_t, std::align_val_t) noexcept;
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept;

// Inlined, g++ would take them for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) { return allocate(size, 16); }

[[gnu::noinline]] void* operator new[](std::size_t size) { return allocate(size, 16); }

[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}

[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}

[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }

[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}

[[gnu::noinline]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}

// NOLINTEND(*-no-malloc,*-owning-memory)

namespace ward::verifier {
namespace {

// succeeds is false where the call ran out of memory after `n` allocations.
template <class Call>
bool succeeds(std::size_t n, const Call& call) {
  left = n;
  try {
    call();
  } catch (const std::bad_alloc&) {
    left = kNever;
    return false;
  }
  left = kNever;
  return true;
}

TEST(PlatformCacheMemory, neither_a_new_cache_nor_a_find_allocates) {
  const attest::PlatformKey known = key_of(1);
  const attest::PlatformKey unknown = key_of(2);
  const auto kept = platform_of(100, attest::Window{{20}, {29}});
  std::size_t before = allocations;
  PlatformCache cache;
  EXPECT_EQ(cache.find(known, {25}).get(), nullptr);
  EXPECT_EQ(allocations, before);
  cache.keep(known, kept);
  before = allocations;
  std::size_t hits = 0;
  for (int i = 0; i < 100; ++i) {
    if (cache.find(known, {25}).get() != nullptr) ++hits;
    if (cache.find(known, {30}).get() != nullptr) ++hits;
    if (cache.find(unknown, {25}).get() != nullptr) ++hits;
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(hits, 100U);
}

TEST(PlatformCacheMemory, a_keep_without_memory_changes_nothing) {
  int alive = 0;
  PlatformCache cache({.platforms = 2, .octets = kPlenty});
  std::size_t failures = 0;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const std::uint64_t key = i == 3 ? 2 : i;  // the last replaces
    const auto kept = platform(i, &alive);
    const CacheCounts before = cache.counts();
    for (std::size_t n = 0; !succeeds(n, [&] { cache.keep(key_of(key), kept); }); ++n) {
      ++failures;
      EXPECT_EQ(cache.counts().platforms, before.platforms);
      EXPECT_EQ(cache.counts().octets, before.octets);
      EXPECT_EQ(cache.counts().evicted, before.evicted);
      EXPECT_EQ(found(cache, key_of(i - 1)), i == 0 ? std::nullopt : std::optional(i - 1));
    }
    EXPECT_EQ(found(cache, key_of(key)), i);
  }
  EXPECT_EQ(failures, 2U * 4 + 1);  // an entry and its node each, and the table once
  cache.clear();
  EXPECT_EQ(alive, 0);
}

TEST(PlatformCacheMemory, a_find_beyond_the_slots_without_memory_changes_nothing) {
  int alive = 0;
  PlatformCache cache;
  cache.keep(key_of(1), platform(1, &alive));
  std::list<attest::PlatformStore::Hold> holds;
  for (std::size_t i = 0; i < PlatformCache::kSlots; ++i)
    holds.push_back(cache.find(key_of(1), kNow));
  const attest::PlatformKey key = key_of(1);
  EXPECT_FALSE(succeeds(0, [&] { EXPECT_EQ(cache.find(key, kNow).get(), nullptr); }));
  EXPECT_EQ(found(cache, key), 1U);
  EXPECT_EQ(cache.counts().hits, PlatformCache::kSlots + 1);
  holds.clear();
  cache.clear();
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace ward::verifier
