#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

// One region of memory for all keys of a process. It is a property of the process, like its user:
// OpenSSL's memory functions take no context, so this is global state, set once by main.
namespace ward {

// SecretMemory is where keys lie, the weakest first.
enum class SecretMemory : std::uint8_t {
  kOrdinary,  // the heap: may be swapped, and is read by whoever may read the process
  kLocked,    // mlock(2): never swapped, kept out of core files
  kSecret,    // memfd_secret(2): also out of the kernel's own map, so that process_vm_readv,
              // /proc/PID/mem and ptrace's PEEK fail on it, for root too
};

// "ordinary memory", "locked memory", "memfd_secret".
[[nodiscard]] std::string_view to_text(SecretMemory kind);

// secret_memory_of reads to_text's words back; nullopt for others.
[[nodiscard]] std::optional<SecretMemory> secret_memory_of(std::string_view text);

// use_secret_memory maps the region, of the best kind from `best` down that the kernel and
// RLIMIT_MEMLOCK give, and from then on takes from it every SecretBytes of at most kMaxKeyBytes and
// all that OpenSSL allocates: private keys, key schedules, shared secrets, TLS keys. To be called
// once, first thing in main: it ends the process where OpenSSL has allocated already. A child of
// fork has not the region (MADV_DONTFORK) and may only exec or _exit.
SecretMemory use_secret_memory(SecretMemory best = SecretMemory::kSecret);

// secret_memory_in_use is the kind of the region; kOrdinary where there is none, or where the
// region was full once and a key may lie outside.
[[nodiscard]] SecretMemory secret_memory_in_use();

// on_secret_stack runs `work` on a stack in the region, so that keys in local variables, OpenSSL's
// included, lie there too. Without a region, or when called from `work`, it runs on the caller's.
// One thread of the process uses it. `work` must not fork, nor throw.
void on_secret_stack(const std::function<void()>& work);

inline constexpr std::size_t kMaxKeyBytes = 16384;  // larger SecretBytes hold plaintext, not keys
inline constexpr std::size_t kSecretStackBytes = std::size_t{512} << 10U;
inline constexpr std::size_t kSecretHeapBytes = std::size_t{3} << 20U;

// secret_allocate gives wiped octets of the region, nullptr where there is none or it is full;
// secret_release wipes and takes them back, false where they are not of it. For src/crypto.
[[nodiscard]] void* secret_allocate(std::size_t size);
[[nodiscard]] bool secret_release(void* at);

}  // namespace ward
