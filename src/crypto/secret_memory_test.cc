#include "crypto/secret_memory.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <functional>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/kem.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "test/support/process_memory.h"

namespace ward {
namespace {

// The region is the process's, and must be there before OpenSSL is: each test has a child of its
// own, forked before this process has used it.
class Child {
 public:
  // `body` returns the child's exit status.
  explicit Child(const std::function<int(const Child&)>& body) {
    EXPECT_EQ(::pipe(ready_), 0);
    pid_ = ::fork();
    if (pid_ == 0) ::_exit(body(*this));
    ::close(ready_[1]);
  }

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  ~Child() {
    (void)::kill(pid_, SIGKILL);
    (void)wait();
    ::close(ready_[0]);
  }

  // stay is called by the child: it says `word` and waits to be killed.
  [[noreturn]] void stay(std::uint8_t word) const {
    (void)!::write(ready_[1], &word, 1);
    for (;;)
      ::pause();
  }

  [[nodiscard]] int word() const {
    std::uint8_t word = 0;
    return ::read(ready_[0], &word, 1) == 1 ? word : -1;
  }

  int wait() {
    if (!status_ && ::waitpid(pid_, &status_.emplace(), 0) != pid_) return -1;
    return *status_;
  }

  // status is the exit status, or 128 + the signal that ended it.
  int status() {
    const int status = wait();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  int ready_[2] = {-1, -1};
  pid_t pid_ = -1;
  std::optional<int> status_;
};

crypto::PrivateKey key_of(std::string_view seed) {
  crypto::SeededRng rng(as_bytes(seed));
  auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
  if (!key) ::_exit(90);
  return *std::move(key);
}

constexpr std::string_view kMine = "the key of the child";
constexpr std::string_view kPeer = "the key of another";

// octets_of is the private scalar: PKCS#8 (RFC 5958) holds RFC 5915's ECPrivateKey, whose octets
// follow `02 01 01 04 20`.
Buffer octets_of(const crypto::PrivateKey& key) {
  const SecretBytes der = key.to_pkcs8();
  constexpr std::array<std::uint8_t, 5> kBefore = {2, 1, 1, 4, 32};
  const Bytes all = der.expose();
  const auto at = std::ranges::search(all, kBefore).end();
  return {at, at + 32};
}

Buffer reversed(Buffer octets) {
  std::ranges::reverse(octets);
  return octets;
}

// hold_keys keeps a private key, an ECDH secret and a copy on the stack, as the agent does.
[[noreturn]] void hold_keys(const Child& child, SecretMemory best) {
  const SecretMemory kind = use_secret_memory(best);
  std::string marker = "a marker in ordinary memory: ";
  marker += std::to_string(::getpid());
  on_secret_stack([&] {
    const crypto::PrivateKey mine = key_of(kMine);
    auto shared = crypto::ecdh(mine, key_of(kPeer).public_key());
    if (!shared || !mine.sign(crypto::SignatureAlgorithm::kEcdsaP256Sha256, as_bytes("x")))
      ::_exit(91);
    Secret<32> copy;
    std::ranges::copy(shared->expose(), copy.expose_mut().begin());
    child.stay(static_cast<std::uint8_t>(kind));
  });
  ::_exit(92);
}

// What an observer found.
constexpr int kScalar = 1;
constexpr int kShared = 2;
constexpr int kMarker = 4;

// look searches `pid`'s memory from another process, since this one may not use OpenSSL.
int look(pid_t pid, test::MemoryReader reader) {
  Child observer([&](const Child&) {
    const std::string memory = test::readable_memory(pid, reader);
    const crypto::PrivateKey mine = key_of(kMine);
    const Buffer scalar = octets_of(mine);
    auto shared = crypto::ecdh(key_of(kPeer), mine.public_key());
    if (!shared) return 90;
    const std::string marker = "a marker in ordinary memory: " + std::to_string(pid);
    return (test::holds(memory, scalar) || test::holds(memory, reversed(scalar)) ? kScalar : 0) |
           (test::holds(memory, shared->expose()) ? kShared : 0) |
           (test::holds(memory, as_bytes(marker)) ? kMarker : 0);
  });
  return observer.status();
}

constexpr std::array kReaders = {test::MemoryReader::kProcMem, test::MemoryReader::kVmReadv};

TEST(SecretMemory, keys_in_memfd_secret_are_not_read_from_outside) {
  if (!test::has_memfd_secret()) GTEST_SKIP() << "this kernel has no memfd_secret";
  const Child child([](const Child& self) -> int { hold_keys(self, SecretMemory::kSecret); });
  ASSERT_EQ(child.word(), static_cast<int>(SecretMemory::kSecret));
  for (const test::MemoryReader reader : kReaders) {
    EXPECT_EQ(look(child.pid(), reader), kMarker);  // the observer does see this process's memory
  }
}

TEST(SecretMemory, the_same_observer_finds_the_same_keys_in_other_memory) {
  for (const SecretMemory kind : {SecretMemory::kLocked, SecretMemory::kOrdinary}) {
    const Child child([kind](const Child& self) -> int { hold_keys(self, kind); });
    ASSERT_EQ(child.word(), static_cast<int>(kind));
    for (const test::MemoryReader reader : kReaders) {
      EXPECT_EQ(look(child.pid(), reader), kScalar | kShared | kMarker);
    }
  }
}

TEST(SecretMemory, without_room_for_locked_memory_it_is_ordinary_and_says_so) {
  Child child([](const Child&) {
    const rlimit none{};
    // As root, CAP_IPC_LOCK would lift the limit.
    (void)::prctl(PR_CAPBSET_DROP, 14, 0, 0, 0);
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 1;
    if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return 2;
    if (use_secret_memory() != SecretMemory::kOrdinary) return 3;
    (void)key_of(kMine);
    return secret_memory_in_use() == SecretMemory::kOrdinary ? 0 : 4;
  });
  EXPECT_EQ(child.status(), 0);
}

TEST(SecretMemory, a_full_region_is_named_ordinary_and_keys_still_work) {
  Child child([](const Child&) {
    const SecretMemory kind = use_secret_memory();
    while (secret_allocate(kMaxKeyBytes) != nullptr) {
    }
    if (kind != SecretMemory::kOrdinary && secret_memory_in_use() != SecretMemory::kOrdinary)
      return 1;
    const crypto::PrivateKey key = key_of(kMine);
    return key.sign(crypto::SignatureAlgorithm::kEcdsaP256Sha256, as_bytes("x")) ? 0 : 2;
  });
  EXPECT_EQ(child.status(), 0);
}

TEST(SecretMemory, blocks_are_zero_aligned_apart_and_used_again) {
  Child child([](const Child&) {
    use_secret_memory();
    for (std::size_t size = 1; size < 5000; size += 7) {
      auto* const one = static_cast<std::uint8_t*>(secret_allocate(size));
      auto* const two = static_cast<std::uint8_t*>(secret_allocate(size));
      if (!all_zero({one, size}) || !all_zero({two, size})) return 1;
      if (std::bit_cast<std::uintptr_t>(one) % 16 != 0) return 2;
      std::fill_n(one, size, std::uint8_t{1});
      if (!all_zero({two, size})) return 3;
      std::fill_n(two, size, std::uint8_t{2});
      if (!std::all_of(one, one + size, [](auto x) { return x == 1; })) return 4;
      if (!secret_release(one) || !secret_release(two)) return 5;
      if (secret_allocate(size) != two || !all_zero({two, size})) return 6;
      if (!secret_release(two)) return 7;
    }
    int outside = 0;
    return secret_release(&outside) || secret_release(nullptr) ? 8 : 0;
  });
  EXPECT_EQ(child.status(), 0);
}

TEST(SecretMemory, secret_bytes_lie_in_it_up_to_the_size_of_keys) {
  Child child([](const Child&) {
    use_secret_memory();
    SecretBytes key = SecretBytes::copy_of(as_bytes("0123456789"));
    SecretBytes plaintext(kMaxKeyBytes + 1);
    const auto of_region = [](SecretBytes& secret) {
      return secret_release(secret.expose_mut().data());
    };
    key.shrink(4);
    const SecretBytes moved = std::move(key);
    if (as_text(moved.expose()) != "0123") return 1;
    SecretBytes last(kMaxKeyBytes);
    if (of_region(plaintext) || !of_region(last)) return 2;
    ::_exit(0);  // `last` has been given back
  });
  EXPECT_EQ(child.status(), 0);
}

TEST(SecretMemory, a_forked_child_does_not_have_it) {
  Child child([](const Child&) {
    use_secret_memory();
    auto* const key = static_cast<volatile std::uint8_t*>(secret_allocate(32));
    const pid_t pid = ::fork();
    if (pid == 0) {
      (void)::signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would exit
      ::_exit(*key);
    }
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid) return 1;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? 0 : 2;
  });
  EXPECT_EQ(child.status(), 0);
}

int depth(int n) {
  volatile std::uint8_t frame[4096] = {};
  frame[0] = static_cast<std::uint8_t>(n);
  return n == 0 ? frame[0] : depth(n - 1) + frame[0];
}

TEST(SecretMemory, work_on_its_stack_returns_and_may_call_it_again) {
  Child child([](const Child&) {
    int without = 0;
    on_secret_stack([&] { without = depth(3); });
    use_secret_memory();
    int sum = 0;
    const void* inside = nullptr;
    for (int i = 0; i < 3; ++i) {
      on_secret_stack([&] {
        inside = __builtin_frame_address(0);
        on_secret_stack([&] { sum += depth(100); });
      });
    }
    const auto distance = [&](const void* at) {
      return static_cast<std::uint8_t*>(secret_allocate(1)) - static_cast<const std::uint8_t*>(at);
    };
    const auto below = distance(inside);
    if (below < 0 || below > static_cast<std::ptrdiff_t>(kSecretStackBytes + kSecretHeapBytes))
      return 1;
    return without > 0 && sum > 0 ? 0 : 2;
  });
  EXPECT_EQ(child.status(), 0);
}

TEST(SecretMemory, its_stack_ends_at_a_guard_page) {
  Child child([](const Child&) {
    use_secret_memory();
    (void)::signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would exit
    on_secret_stack([] { (void)depth(static_cast<int>(kSecretStackBytes / 4096) + 8); });
    return 0;
  });
  EXPECT_EQ(child.status(), 128 + SIGSEGV);
}

TEST(SecretMemory, kinds_have_names) {
  for (const SecretMemory kind :
       {SecretMemory::kOrdinary, SecretMemory::kLocked, SecretMemory::kSecret})
    EXPECT_EQ(secret_memory_of(to_text(kind)), kind);
  EXPECT_EQ(to_text(SecretMemory::kSecret), "memfd_secret");
  EXPECT_EQ(secret_memory_of("none"), std::nullopt);
}

}  // namespace
}  // namespace ward
