#include "test/support/process_memory.h"

#include <bit>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace ward::test {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMaxMapping = std::uint64_t{1} << 28U;

ssize_t read_page(pid_t pid, int memory, MemoryReader reader, std::uint64_t at, std::string& page) {
  if (reader == MemoryReader::kProcMem) {
    return ::pread(memory, page.data(), page.size(), static_cast<off_t>(at));
  }
  iovec local{.iov_base = page.data(), .iov_len = page.size()};
  iovec remote{.iov_base = std::bit_cast<void*>(at), .iov_len = page.size()};
  return ::process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

}  // namespace

std::string readable_memory(pid_t pid, MemoryReader reader) {
  const std::string proc = "/proc/" + std::to_string(pid);
  const int memory = ::open((proc + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  std::ifstream maps(proc + "/maps");
  std::string out;
  std::string page(kPage, '\0');
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    char dash = 0;
    char readable = '-';
    std::istringstream words(line);
    words >> std::hex >> begin >> dash >> end >> readable;
    if (!words || readable != 'r' || end - begin > kMaxMapping) continue;
    for (std::uint64_t at = begin; at < end; at += kPage) {
      const ssize_t n = read_page(pid, memory, reader, at, page);
      if (n > 0) out.append(page, 0, static_cast<std::size_t>(n));
    }
  }
  if (memory >= 0) ::close(memory);
  return out;
}

bool has_memfd_secret() {
  const auto fd = static_cast<int>(::syscall(SYS_memfd_secret, O_CLOEXEC));
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

bool holds(const std::string& memory, Bytes needle) {
  return memory.find(as_text(needle)) != std::string::npos;
}

}  // namespace ward::test
