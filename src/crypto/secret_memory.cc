#include "crypto/secret_memory.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "crypto/secret.h"

namespace ward {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kAlignment = 16;
// A guard page, the stack that grows down to it, the heap.
constexpr std::size_t kRegionBytes = kPage + kSecretStackBytes + kSecretHeapBytes;

struct KindName {
  SecretMemory kind;
  std::string_view text;
};

constexpr std::array<KindName, 3> kKinds = {{{SecretMemory::kOrdinary, "ordinary memory"},
                                             {SecretMemory::kLocked, "locked memory"},
                                             {SecretMemory::kSecret, "memfd_secret"}}};

// Sizes of blocks: four steps from one power of two to the next, so that at most a fifth of a block
// is unused. Freed blocks wait in their class's list and are never joined, which a process as
// short-lived as a keep's agent does not need.
constexpr std::size_t kSmallest = 64;
constexpr std::size_t kClasses = 64;

constexpr std::size_t class_size(std::size_t index) {
  return (kSmallest << (index / 4)) / 4 * (4 + index % 4);
}

// The first class whose blocks hold `size` octets.
constexpr std::size_t class_of(std::size_t size) {
  if (size <= kSmallest) return 0;
  const std::size_t power = std::bit_width((size - 1) / kSmallest) - 1;
  const std::size_t step = (kSmallest << power) / 4;
  return 4 * power + (size - (kSmallest << power) + step - 1) / step;
}

static_assert(class_of(64) == 0 && class_of(65) == 1 && class_of(80) == 1 && class_of(81) == 2);
static_assert(class_of(128) == 4 && class_of(129) == 5 && class_of(class_size(37)) == 37);
static_assert(class_of(class_size(37) + 1) == 38);
static_assert(class_size(0) == kSmallest && class_size(5) % kAlignment == 0);
static_assert(class_size(kClasses - 1) > kSecretHeapBytes);

// Head stands before every block.
struct alignas(kAlignment) Head {
  std::size_t size_class;
  Head* next_free;
};

struct Region {
  std::mutex mutex;
  std::uint8_t* begin = nullptr;
  std::uint8_t* fresh = nullptr;  // nothing was ever given out from here on
  std::array<Head*, kClasses> free{};
  SecretMemory kind = SecretMemory::kOrdinary;
  bool was_full = false;

  [[nodiscard]] std::uint8_t* stack() const { return begin + kPage; }

  [[nodiscard]] std::uint8_t* heap() const { return stack() + kSecretStackBytes; }

  [[nodiscard]] std::uint8_t* end() const { return begin + kRegionBytes; }

  [[nodiscard]] bool holds(const void* at) const {
    return begin != nullptr && !std::less<>()(at, static_cast<void*>(heap())) &&
           std::less<>()(at, static_cast<void*>(end()));
  }
};

Region region;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): see the header

Head* head_of(void* block) {
  return static_cast<Head*>(static_cast<void*>(static_cast<std::uint8_t*>(block) - sizeof(Head)));
}

std::uint8_t* block_of(Head* head) {
  return static_cast<std::uint8_t*>(static_cast<void*>(head)) + sizeof(Head);
}

std::uint8_t* mapped(void* at) {
  return at == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(at);
}

std::uint8_t* map_secret() {
  const auto fd = static_cast<int>(::syscall(SYS_memfd_secret, O_CLOEXEC));
  if (fd < 0) return nullptr;
  std::uint8_t* at = nullptr;
  if (::ftruncate(fd, kRegionBytes) == 0) {
    at = mapped(::mmap(nullptr, kRegionBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  }
  ::close(fd);
  return at;
}

std::uint8_t* map_ordinary() {
  return mapped(
      ::mmap(nullptr, kRegionBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

// map_region tries the kinds from `best` down.
void map_region(SecretMemory best) {
  region.kind = SecretMemory::kSecret;
  if (best == SecretMemory::kSecret) region.begin = map_secret();
  if (region.begin == nullptr) {
    region.begin = map_ordinary();
    if (region.begin == nullptr) std::abort();
    const bool locked =
        best != SecretMemory::kOrdinary && ::mlock2(region.begin, kRegionBytes, MLOCK_ONFAULT) == 0;
    region.kind = locked ? SecretMemory::kLocked : SecretMemory::kOrdinary;
  }
  if (::madvise(region.begin, kRegionBytes, MADV_DONTDUMP) != 0 ||
      ::madvise(region.begin, kRegionBytes, MADV_DONTFORK) != 0 ||
      ::mprotect(region.begin, kPage, PROT_NONE) != 0) {
    std::abort();
  }
  region.fresh = region.heap();
}

// What OpenSSL calls. A block beyond the region is an ordinary one.
void* openssl_malloc(std::size_t size, const char* /*file*/, int /*line*/) {
  if (size == 0) return nullptr;
  void* const at = secret_allocate(size);
  return at != nullptr ? at : std::malloc(size);  // NOLINT(cppcoreguidelines-no-malloc)
}

void openssl_free(void* at, const char* /*file*/, int /*line*/) {
  if (!secret_release(at)) std::free(at);  // NOLINT(*-no-malloc,*-owning-memory)
}

void* openssl_realloc(void* at, std::size_t size, const char* file, int line) {
  if (at == nullptr) return openssl_malloc(size, file, line);
  if (size == 0) {
    openssl_free(at, file, line);
    return nullptr;
  }
  if (!region.holds(at)) return std::realloc(at, size);  // NOLINT(*-no-malloc,*-owning-memory)
  const std::size_t had = class_size(head_of(at)->size_class);
  if (size <= had) return at;
  void* const out = openssl_malloc(size, file, line);
  if (out == nullptr) return nullptr;
  std::memcpy(out, at, had);
  (void)secret_release(at);
  return out;
}

// One call of on_secret_stack.
struct Call {
  const std::function<void()>* work;
  ucontext_t outside;
  ucontext_t inside;
};

Call* current = nullptr;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): makecontext
                          // passes no pointer

void enter() { (*current->work)(); }

}  // namespace

std::string_view to_text(SecretMemory kind) { return kKinds[static_cast<std::size_t>(kind)].text; }

std::optional<SecretMemory> secret_memory_of(std::string_view text) {
  for (const KindName& name : kKinds) {
    if (name.text == text) return name.kind;
  }
  return std::nullopt;
}

SecretMemory use_secret_memory(SecretMemory best) {
  if (region.begin != nullptr) std::abort();
  map_region(best);
  if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1) std::abort();
  return region.kind;
}

SecretMemory secret_memory_in_use() {
  const std::lock_guard<std::mutex> lock(region.mutex);
  return region.was_full ? SecretMemory::kOrdinary : region.kind;
}

void* secret_allocate(std::size_t size) {
  if (region.begin == nullptr) return nullptr;
  const std::size_t index = size > kSecretHeapBytes ? kClasses : class_of(size);
  const std::lock_guard<std::mutex> lock(region.mutex);
  Head* head = index < kClasses ? region.free[index] : nullptr;
  if (head != nullptr) {
    region.free[index] = std::exchange(head->next_free, nullptr);
    return block_of(head);
  }
  const auto left = static_cast<std::size_t>(region.end() - region.fresh);
  if (index >= kClasses || left < sizeof(Head) + class_size(index)) {
    region.was_full = true;
    return nullptr;
  }
  head = std::construct_at(static_cast<Head*>(static_cast<void*>(region.fresh)),
                           Head{.size_class = index, .next_free = nullptr});
  region.fresh += sizeof(Head) + class_size(index);
  return block_of(head);
}

bool secret_release(void* at) {
  if (!region.holds(at)) return false;
  Head* const head = head_of(at);
  wipe({block_of(head), class_size(head->size_class)});
  const std::lock_guard<std::mutex> lock(region.mutex);
  head->next_free = std::exchange(region.free[head->size_class], head);
  return true;
}

void on_secret_stack(const std::function<void()>& work) {
  if (region.begin == nullptr || current != nullptr) {
    work();
    return;
  }
  Call call{.work = &work, .outside = {}, .inside = {}};
  if (::getcontext(&call.inside) != 0) std::abort();
  call.inside.uc_stack.ss_sp = region.stack();
  call.inside.uc_stack.ss_size = kSecretStackBytes;
  call.inside.uc_link = &call.outside;
  current = &call;
  ::makecontext(&call.inside, enter, 0);
  if (::swapcontext(&call.outside, &call.inside) != 0) std::abort();
  current = nullptr;
}

}  // namespace ward
