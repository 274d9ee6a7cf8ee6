#include "test/support/syscall_observer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ward::test {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::size_t kMaxVectors = 1024;

// How a call names what it moves.
enum class Shape : std::uint8_t {
  kTaken,        // buffer, argument 1, with as many octets as the call returns
  kGiven,        // buffer, argument 1, of the size in argument 2
  kVectorTaken,  // iovec array, argument 1, of argument 2 entries
  kVectorGiven,
  kMessageTaken,  // msghdr, argument 1
  kMessageGiven,
  kMessagesTaken,  // mmsghdr array, argument 1, of argument 2 entries
  kMessagesGiven,
  kFiles01,  // descriptors, arguments 0 and 1
  kFiles02,
  kMap,
  kUnmap,
  kUnseen,
};

struct Call {
  std::int64_t number;
  const char* name;
  Shape shape;
};

constexpr std::array kCalls = {Call{SYS_read, "read", Shape::kTaken},
                               Call{SYS_pread64, "pread64", Shape::kTaken},
                               Call{SYS_recvfrom, "recvfrom", Shape::kTaken},
                               Call{SYS_write, "write", Shape::kGiven},
                               Call{SYS_pwrite64, "pwrite64", Shape::kGiven},
                               Call{SYS_sendto, "sendto", Shape::kGiven},
                               Call{SYS_readv, "readv", Shape::kVectorTaken},
                               Call{SYS_preadv, "preadv", Shape::kVectorTaken},
                               Call{SYS_preadv2, "preadv2", Shape::kVectorTaken},
                               Call{SYS_writev, "writev", Shape::kVectorGiven},
                               Call{SYS_pwritev, "pwritev", Shape::kVectorGiven},
                               Call{SYS_pwritev2, "pwritev2", Shape::kVectorGiven},
                               Call{SYS_recvmsg, "recvmsg", Shape::kMessageTaken},
                               Call{SYS_sendmsg, "sendmsg", Shape::kMessageGiven},
                               Call{SYS_recvmmsg, "recvmmsg", Shape::kMessagesTaken},
                               Call{SYS_sendmmsg, "sendmmsg", Shape::kMessagesGiven},
                               Call{SYS_sendfile, "sendfile", Shape::kFiles01},
                               Call{SYS_copy_file_range, "copy_file_range", Shape::kFiles02},
                               Call{SYS_splice, "splice", Shape::kFiles02},
                               Call{SYS_mmap, "mmap", Shape::kMap},
                               Call{SYS_munmap, "munmap", Shape::kUnmap},
                               Call{SYS_tee, "tee", Shape::kUnseen},
                               Call{SYS_vmsplice, "vmsplice", Shape::kUnseen},
                               Call{SYS_io_submit, "io_submit", Shape::kUnseen},
                               Call{SYS_io_uring_setup, "io_uring_setup", Shape::kUnseen},
                               Call{SYS_process_vm_readv, "process_vm_readv", Shape::kUnseen},
                               Call{SYS_process_vm_writev, "process_vm_writev", Shape::kUnseen},
                               Call{SYS_ptrace, "ptrace", Shape::kUnseen},
                               Call{SYS_userfaultfd, "userfaultfd", Shape::kUnseen},
                               Call{SYS_shmat, "shmat", Shape::kUnseen}};

const Call* call_of(std::uint64_t number) {
  const auto* at = std::find_if(kCalls.begin(), kCalls.end(), [&](const Call& call) {
    return static_cast<std::uint64_t>(call.number) == number;
  });
  return at == kCalls.end() ? nullptr : at;
}

using Arguments = std::array<std::uint64_t, 6>;

// Entered is a call that has begun.
struct Entered {
  const Call* call = nullptr;
  Arguments args{};
};

class Observer {
 public:
  explicit Observer(pid_t pid) : pid_(pid) {
    memory_ = ::open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  }

  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  ~Observer() { ::close(memory_); }

  Transfers follow() {
    resume(pid_, 0);
    while (true) {
      int status = 0;
      const pid_t tid = ::waitpid(-1, &status, __WALL | __WNOTHREAD);
      if (tid < 0 && errno == EINTR) continue;
      if (tid < 0) return std::move(out_);
      if (WIFEXITED(status) || WIFSIGNALED(status)) {
        if (tid == pid_) {
          out_.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        continue;
      }
      resume(tid, stopped(tid, status));
    }
  }

 private:
  static void resume(pid_t tid, int signal) {
    (void)::ptrace(PTRACE_SYSCALL, tid, nullptr, static_cast<std::int64_t>(signal));
  }

  // stopped returns the signal that is to be delivered.
  int stopped(pid_t tid, int status) {
    const int signal = WSTOPSIG(status);
    if (signal == (SIGTRAP | 0x80)) {
      system_call(tid);
      return 0;
    }
    if (status >> 16 != 0) return 0;  // a ptrace event: a new thread
    if (signal == SIGSTOP && tid != pid_ && seen_.insert(tid).second) return 0;  // its beginning
    return signal;
  }

  void system_call(pid_t tid) {
    __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) <= 0) {
      out_.unseen.insert("a call without information");
      return;
    }
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
      ++out_.calls;
      Entered entered{.call = call_of(info.entry.nr), .args = {}};
      std::copy(std::begin(info.entry.args), std::end(info.entry.args), entered.args.begin());
      if (entered.call != nullptr) begun(entered);
      if (info.entry.nr == SYS_exit_group || info.entry.nr == SYS_execve) read_maps();
      entered_[tid] = entered;
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
      const Entered entered = entered_[tid];
      if (entered.call != nullptr && info.exit.is_error == 0) {
        done(entered, static_cast<std::uint64_t>(info.exit.rval));
      }
    }
  }

  void begun(const Entered& entered) {
    const Arguments& a = entered.args;
    switch (entered.call->shape) {
      case Shape::kGiven:
        take(a[1], a[2]);
        return;
      case Shape::kVectorGiven:
        take_vector(a[1], a[2], UINT64_MAX);
        return;
      case Shape::kMessageGiven:
        take_message(a[1], UINT64_MAX);
        return;
      case Shape::kMessagesGiven:
        for (std::uint64_t i = 0; i < std::min<std::uint64_t>(a[2], kMaxVectors); ++i) {
          take_message(a[1] + i * sizeof(mmsghdr), UINT64_MAX);
        }
        return;
      case Shape::kUnmap:
        read_maps();
        std::erase_if(
            maps_, [&](const auto& map) { return map.first >= a[0] && map.first < a[0] + a[1]; });
        return;
      case Shape::kUnseen:
        out_.unseen.insert(entered.call->name);
        return;
      case Shape::kTaken:
      case Shape::kVectorTaken:
      case Shape::kMessageTaken:
      case Shape::kMessagesTaken:
      case Shape::kFiles01:
      case Shape::kFiles02:
      case Shape::kMap:
        return;
    }
  }

  void done(const Entered& entered, std::uint64_t result) {
    const Arguments& a = entered.args;
    switch (entered.call->shape) {
      case Shape::kTaken:
        take(a[1], result);
        return;
      case Shape::kVectorTaken:
        take_vector(a[1], a[2], result);
        return;
      case Shape::kMessageTaken:
        take_message(a[1], result);
        return;
      case Shape::kMessagesTaken:
        for (std::uint64_t i = 0; i < std::min<std::uint64_t>(result, kMaxVectors); ++i) {
          take_message(a[1] + i * sizeof(mmsghdr), UINT64_MAX);
        }
        return;
      case Shape::kFiles01:
        take_files(entered, a[0], a[1]);
        return;
      case Shape::kFiles02:
        take_files(entered, a[0], a[2]);
        return;
      case Shape::kMap:
        if ((a[3] & MAP_ANONYMOUS) != 0) return;
        take_pages(result, a[1]);
        maps_[result] = a[1];
        return;
      case Shape::kGiven:
      case Shape::kVectorGiven:
      case Shape::kMessageGiven:
      case Shape::kMessagesGiven:
      case Shape::kUnmap:
      case Shape::kUnseen:
        return;
    }
  }

  [[nodiscard]] bool read(std::uint64_t at, void* into, std::size_t size) const {
    return ::pread(memory_, into, size, static_cast<off_t>(at)) == static_cast<ssize_t>(size);
  }

  void take(std::uint64_t at, std::uint64_t size) {
    const std::size_t had = out_.octets.size();
    out_.octets.resize(had + size);
    if (size > 0 && !read(at, out_.octets.data() + had, size)) {
      out_.unseen.insert("a buffer that cannot be read");
    }
  }

  void take_vector(std::uint64_t at, std::uint64_t count, std::uint64_t most) {
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, kMaxVectors) && most > 0; ++i) {
      iovec part{};
      if (!read(at + i * sizeof part, &part, sizeof part)) {
        out_.unseen.insert("a vector that cannot be read");
        return;
      }
      const std::uint64_t size = std::min<std::uint64_t>(part.iov_len, most);
      take(std::bit_cast<std::uint64_t>(part.iov_base), size);
      most -= size;
    }
  }

  void take_message(std::uint64_t at, std::uint64_t most) {
    msghdr message{};
    if (!read(at, &message, sizeof message)) {
      out_.unseen.insert("a message that cannot be read");
      return;
    }
    take_vector(std::bit_cast<std::uint64_t>(message.msg_iov), message.msg_iovlen, most);
  }

  // take_files: the kernel moved octets between two descriptors; one of them must be a file.
  void take_files(const Entered& entered, std::uint64_t one, std::uint64_t two) {
    if (!take_file(one) && !take_file(two)) out_.unseen.insert(entered.call->name);
  }

  bool take_file(std::uint64_t number) {
    const std::string path = "/proc/" + std::to_string(pid_) + "/fd/" + std::to_string(number);

    struct stat info {};

    if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    std::string block(1U << 16U, '\0');
    for (ssize_t n = 0; (n = ::read(fd, block.data(), block.size())) > 0;) {
      out_.octets.append(block, 0, static_cast<std::size_t>(n));
    }
    ::close(fd);
    return true;
  }

  // take_pages leaves out pages beyond the file's end.
  void take_pages(std::uint64_t begin, std::uint64_t size) {
    std::string page(kPage, '\0');
    for (std::uint64_t at = begin; at < begin + size; at += kPage) {
      if (read(at, page.data(), page.size())) out_.octets += page;
    }
  }

  void read_maps() {
    for (const auto& [at, size] : maps_) {
      take_pages(at, size);
    }
  }

  pid_t pid_;
  int memory_ = -1;
  Transfers out_;
  std::map<pid_t, Entered> entered_;
  std::map<std::uint64_t, std::uint64_t> maps_;  // of files
  std::set<pid_t> seen_;
};

}  // namespace

Transfers observe(const std::vector<std::string>& argv, const std::function<void()>& in_child,
                  const std::function<void()>& in_parent) {
  std::vector<char*> pointers;
  for (const std::string& argument : argv) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  char* const no_environment[] = {nullptr};
  const pid_t pid = ::fork();
  if (pid == 0) {
    in_child();
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) {
      ::execve(pointers[0], pointers.data(), no_environment);
    }
    ::_exit(126);
  }
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) return {};
  in_parent();
  constexpr std::int64_t kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (::ptrace(PTRACE_SETOPTIONS, pid, nullptr, kOptions) != 0) {
    (void)::kill(pid, SIGKILL);
    (void)::waitpid(pid, &status, 0);
    return {};
  }
  return Observer(pid).follow();
}

}  // namespace ward::test
