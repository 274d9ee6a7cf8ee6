#include <array>
#include <cerrno>
#include <memory>

#include <asm/ioctls.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keep/fd.h"
#include "keep/sandbox.h"

namespace ward::keep {
namespace {

// What a program needs to compute, to use its own files and its own threads and children. Names
// that this libseccomp does not know are left out: the call then fails with ENOSYS.
constexpr const char* kAllowed[] = {
    // files
    "access",
    "faccessat",
    "faccessat2",
    "chdir",
    "fchdir",
    "chmod",
    "fchmod",
    "fchmodat",
    "close",
    "close_range",
    "copy_file_range",
    "creat",
    "dup",
    "dup2",
    "dup3",
    "fadvise64",
    "fallocate",
    "fcntl",
    "fdatasync",
    "flock",
    "fstat",
    "fstatfs",
    "fsync",
    "ftruncate",
    "getcwd",
    "getdents",
    "getdents64",
    "inotify_add_watch",
    "inotify_init1",
    "inotify_rm_watch",
    "lgetxattr",
    "getxattr",
    "fgetxattr",
    "link",
    "linkat",
    "lseek",
    "lstat",
    "mkdir",
    "mkdirat",
    "newfstatat",
    "open",
    "openat",
    "openat2",
    "pipe",
    "pipe2",
    "pread64",
    "preadv",
    "preadv2",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "read",
    "readahead",
    "readlink",
    "readlinkat",
    "readv",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "sendfile",
    "splice",
    "stat",
    "statfs",
    "statx",
    "symlink",
    "symlinkat",
    "sync_file_range",
    "tee",
    "truncate",
    "umask",
    "unlink",
    "unlinkat",
    "utime",
    "utimensat",
    "utimes",
    "futimesat",
    "write",
    "writev",
    "mknod",
    "mknodat",
    // memory
    "brk",
    "madvise",
    "mbind",
    "get_mempolicy",
    "set_mempolicy",
    "mincore",
    "mlock",
    "mlock2",
    "mlockall",
    "munlock",
    "munlockall",
    "mmap",
    "mprotect",
    "mremap",
    "msync",
    "munmap",
    "membarrier",
    "pkey_alloc",
    "pkey_free",
    "pkey_mprotect",
    "rseq",
    // threads, processes, signals
    "arch_prctl",
    "capget",
    "execve",
    "exit",
    "exit_group",
    "fork",
    "vfork",
    "futex",
    "futex_waitv",
    "get_robust_list",
    "set_robust_list",
    "set_tid_address",
    "getcpu",
    "getegid",
    "geteuid",
    "getgid",
    "getgroups",
    "getpgid",
    "getpgrp",
    "getpid",
    "getppid",
    "getpriority",
    "getresgid",
    "getresuid",
    "getrlimit",
    "getrusage",
    "getsid",
    "gettid",
    "getuid",
    "ioprio_get",
    "kill",
    "pause",
    "pidfd_open",
    "pidfd_send_signal",
    "restart_syscall",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigqueueinfo",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "rt_tgsigqueueinfo",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "sched_getaffinity",
    "sched_getattr",
    "sched_getparam",
    "sched_getscheduler",
    "sched_rr_get_interval",
    "sched_setaffinity",
    "sched_yield",
    "setpgid",
    "setpriority",
    "setsid",
    "sigaltstack",
    "tgkill",
    "tkill",
    "times",
    "wait4",
    "waitid",
    "landlock_create_ruleset",
    "landlock_add_rule",
    "landlock_restrict_self",
    "seccomp",
    // time, waiting, randomness, system
    "alarm",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "eventfd",
    "eventfd2",
    "getitimer",
    "getrandom",
    "gettimeofday",
    "nanosleep",
    "poll",
    "ppoll",
    "pselect6",
    "select",
    "setitimer",
    "signalfd4",
    "sysinfo",
    "time",
    "timer_create",
    "timer_delete",
    "timer_getoverrun",
    "timer_gettime",
    "timer_settime",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_settime",
    "uname",
    // over descriptors that were handed in: sockets cannot be made
    "getpeername",
    "getsockname",
    "getsockopt",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
    // System V semaphores in the keep's own IPC namespace
    "semctl",
    "semget",
    "semop",
    "semtimedop",
};

// In the keep's own IPC namespace, where a cgroup counts it.
constexpr const char* kSharedMemory[] = {"shmat", "shmctl", "shmdt", "shmget"};

// Known, and refused aloud.
constexpr const char* kRefused[] = {
    "accept",
    "accept4",
    "bind",
    "connect",
    "listen",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kcmp",
    "pidfd_getfd",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "move_mount",
    "open_tree",
    "mount_setattr",
    "unshare",
    "setns",
    "open_by_handle_at",
    "name_to_handle_at",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "syslog",
    "vhangup",
    "iopl",
    "ioperm",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "sethostname",
    "setdomainname",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setfsuid",
    "setfsgid",
    "setgroups",
    "capset",
    "personality",
    "execveat",
    "memfd_create",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "migrate_pages",
    "move_pages",
    "vmsplice",
    "fanotify_init",
    "lookup_dcookie",
    "uselib",
};

constexpr auto kTerminalQueries =
    std::to_array<std::uint64_t>({TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX});

constexpr auto kPrctls = std::to_array<int>(
    {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS,
     PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_GET_SECCOMP, PR_CAPBSET_READ, PR_SET_THP_DISABLE,
     PR_GET_THP_DISABLE, PR_SET_TIMERSLACK, PR_GET_TIMERSLACK, 0x53564d41 /* PR_SET_VMA */});

constexpr scmp_datum_t kNewNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                        CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
                                        0x80U /* CLONE_NEWTIME */;

// What a program may lower of its limits. RLIMIT_CORE stays at 1: see keep_init.h.
constexpr auto kOwnLimits = std::to_array<int>(
    {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE,
     RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE,
     RLIMIT_RTPRIO, RLIMIT_RTTIME});

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};

using Filter = std::unique_ptr<void, Release>;

// rule adds one rule; an unknown name is no failure.
bool rule(void* filter, std::uint32_t action, const char* name,
          std::initializer_list<scmp_arg_cmp> args = {}) {
  const int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR) return true;
  return seccomp_rule_add_array(filter, action, number, static_cast<unsigned>(args.size()),
                                args.begin()) == 0;
}

scmp_arg_cmp equals(unsigned arg, scmp_datum_t value) {
  return {.arg = arg, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};
}

scmp_arg_cmp low_word_equals(unsigned arg, scmp_datum_t value) {
  return {.arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xffffffffU, .datum_b = value};
}

bool add_conditional(void* filter) {
  bool ok = rule(filter, SCMP_ACT_ALLOW, "clone",
                 {{.arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = kNewNamespaces, .datum_b = 0}});
  ok = ok && rule(filter, SCMP_ACT_ALLOW, "socketpair", {low_word_equals(0, AF_UNIX)});
  // Of itself; RLIMIT_CORE may be asked for and not be set.
  ok = ok && rule(filter, SCMP_ACT_ALLOW, "prlimit64",
                  {low_word_equals(0, 0), low_word_equals(1, RLIMIT_CORE), equals(2, 0)});
  ok = ok && rule(filter, SCMP_ACT_ERRNO(EPERM), "prlimit64",
                  {low_word_equals(1, RLIMIT_CORE),
                   {.arg = 2, .op = SCMP_CMP_NE, .datum_a = 0, .datum_b = 0}});
  ok = ok && rule(filter, SCMP_ACT_ERRNO(EPERM), "setrlimit", {low_word_equals(0, RLIMIT_CORE)});
  for (const int limit : kOwnLimits) {
    const auto value = static_cast<scmp_datum_t>(limit);
    ok = ok && rule(filter, SCMP_ACT_ALLOW, "setrlimit", {low_word_equals(0, value)});
    ok = ok && rule(filter, SCMP_ACT_ALLOW, "prlimit64",
                    {low_word_equals(0, 0), low_word_equals(1, value)});
  }
  // The agent and every program start undumpable, and stay so.
  ok = ok &&
       rule(filter, SCMP_ACT_ALLOW, "prctl", {low_word_equals(0, PR_SET_DUMPABLE), equals(1, 0)});
  for (const int option : kPrctls) {
    ok = ok && rule(filter, SCMP_ACT_ALLOW, "prctl",
                    {low_word_equals(0, static_cast<scmp_datum_t>(option))});
  }
  for (const std::uint64_t request : kTerminalQueries) {
    ok = ok && rule(filter, SCMP_ACT_ALLOW, "ioctl", {low_word_equals(1, request)});
  }
  return ok;
}

// exported reads the compiled filter back through a pipe, whose buffer (64 KiB) is larger than any
// filter (4096 instructions of 8 octets).
Result<SeccompProgram> exported(void* filter) {
  const Error failed(Errc::kInternal, "keep: seccomp filter");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return failed;
  const UniqueFd from(ends[0]);
  const UniqueFd to(ends[1]);
  if (seccomp_export_bpf(filter, to.get()) != 0) return failed;
  SeccompProgram program(BPF_MAXINSNS);
  const ssize_t size = ::read(from.get(), program.data(), program.size() * sizeof(sock_filter));
  if (size <= 0 || static_cast<std::size_t>(size) % sizeof(sock_filter) != 0) return failed;
  program.resize(static_cast<std::size_t>(size) / sizeof(sock_filter));
  return program;
}

}  // namespace

Result<SeccompProgram> seccomp_program(Role role, SharedMemory shared_memory) {
  const Error failed(Errc::kInternal, "keep: seccomp filter");
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (!filter) return failed;
  bool ok = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
  for (const char* name : kAllowed) {
    ok = ok && rule(filter.get(), SCMP_ACT_ALLOW, name);
  }
  for (const char* name : kRefused) {
    ok = ok && rule(filter.get(), SCMP_ACT_ERRNO(EPERM), name);
  }
  ok = ok && rule(filter.get(), SCMP_ACT_ERRNO(EPERM), "socket") && add_conditional(filter.get());
  const std::uint32_t on_shared =
      shared_memory == SharedMemory::kAllowed ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM);
  for (const char* name : kSharedMemory) {
    ok = ok && rule(filter.get(), on_shared, name);
  }
  if (role == Role::kAgent) ok = ok && rule(filter.get(), SCMP_ACT_ALLOW, "memfd_secret");
  if (!ok) return failed;
  return exported(filter.get());
}

}  // namespace ward::keep
