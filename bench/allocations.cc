#include "bench/allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include <malloc.h>
#include <openssl/crypto.h>

namespace ward::bench {
namespace {

// Not counting costs a run one branch.
std::atomic<bool> counting{false};
std::atomic<std::int64_t> calls{0};
std::atomic<std::int64_t> octets{0};
std::atomic<std::int64_t> held{0};
std::atomic<std::int64_t> peak{0};

void count(void* block) {
  if (!counting.load(std::memory_order_relaxed) || block == nullptr) return;
  const auto size = static_cast<std::int64_t>(malloc_usable_size(block));
  ++calls;
  octets += size;
  const std::int64_t now = held += size;
  if (now > peak) peak = now;
}

void uncount(void* block) {
  if (!counting.load(std::memory_order_relaxed) || block == nullptr) return;
  held -= static_cast<std::int64_t>(malloc_usable_size(block));
}

// NOLINTBEGIN(cppcoreguidelines-no-malloc, cppcoreguidelines-owning-memory): below new and delete.
void* take(std::size_t size) {
  void* block = std::malloc(size);
  count(block);
  return block;
}

void give(void* block) {
  uncount(block);
  std::free(block);
}

void* openssl_take(std::size_t size, const char* /*file*/, int /*line*/) {
  return size == 0 ? nullptr : take(size);
}

void* openssl_change(void* block, std::size_t size, const char* /*file*/, int /*line*/) {
  uncount(block);
  if (size == 0) {
    std::free(block);
    return nullptr;
  }
  void* changed = std::realloc(block, size);
  count(changed);
  return changed;
}

// NOLINTEND(cppcoreguidelines-no-malloc, cppcoreguidelines-owning-memory)

void openssl_give(void* block, const char* /*file*/, int /*line*/) { give(block); }

}  // namespace

void count_openssl() { CRYPTO_set_mem_functions(openssl_take, openssl_change, openssl_give); }

void start_counting() {
  for (auto* number : {&calls, &octets, &held, &peak}) {
    *number = 0;
  }
  counting = true;
}

Allocations stop_counting() {
  counting = false;
  return {calls, octets, peak};
}

}  // namespace ward::bench

// clang 14 does not declare it.
void operator delete(void* block, std::size_t size) noexcept;

void* operator new(std::size_t size) {
  void* block = ward::bench::take(size);
  if (block == nullptr) std::abort();
  return block;
}

void operator delete(void* block) noexcept { ward::bench::give(block); }

void operator delete(void* block, std::size_t /*size*/) noexcept { ward::bench::give(block); }
