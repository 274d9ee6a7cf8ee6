#include "apps/wardd/memory.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace ward::wardd {
namespace {

constexpr std::size_t kPage = 4096;

// lock_all locks what is mapped and what will be, page by page as it is used. Under a limit it does
// not: later allocations would fail.
bool lock_all() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return false;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_MEMLOCK, &limit);
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) return false;
  if (limit.rlim_cur == RLIM_INFINITY) return true;
  // Whether the limit binds this process shows a mapping that is larger; nobody touches it.
  const std::size_t size = limit.rlim_cur / kPage * kPage + kPage;
  void* const more = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (more != MAP_FAILED) return ::munmap(more, size) == 0;
  (void)::munlockall();
  return false;
}

}  // namespace

Memory protect_memory() {
  const rlimit none{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &none);
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  Memory out;
  out.all_locked = lock_all();
  out.keys = use_secret_memory();
  return out;
}

std::string to_text(const Memory& memory) {
  return memory.all_locked ? "all locked" : "keys in " + std::string(ward::to_text(memory.keys));
}

std::optional<std::string> swap_warning(const Memory& memory,
                                        const std::vector<std::string>& plain_swap) {
  if (memory.all_locked || plain_swap.empty()) return std::nullopt;
  const std::string what = memory.keys == SecretMemory::kOrdinary ? "keys and " : "";
  return "memory cannot be locked, and " + plain_swap.front() + " is plain swap: " + what +
         "decrypted resources may reach the disk; give the service CAP_IPC_LOCK or "
         "LimitMEMLOCK=infinity, or encrypt the swap";
}

}  // namespace ward::wardd
