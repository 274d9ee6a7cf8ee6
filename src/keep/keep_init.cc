#include "keep/keep_init.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keep/sandbox.h"

namespace ward::keep {
namespace {

// The new root is assembled here, in the keep's own mount namespace; any folder serves.
constexpr const char* kAssembly = "/tmp";
constexpr int kFirstFreeFd = 200;  // above every descriptor of the agent

[[noreturn]] void fail(const InitPlan& plan, InitStage stage) {
  const InitFailure failure{.stage = stage, .error_number = errno};
  (void)!::write(plan.sync_fd, &failure, sizeof failure);
  ::_exit(127);
}

void need(bool ok, const InitPlan& plan, InitStage stage) {
  if (!ok) fail(plan, stage);
}

void await(const InitPlan& plan, std::uint8_t expected) {
  std::uint8_t got = 0;
  ssize_t n = 0;
  do {
    n = ::read(plan.sync_fd, &got, 1);
  } while (n < 0 && errno == EINTR);
  if (n != 1 || got != expected) ::_exit(127);  // the launcher gave up; nobody to tell
}

// send_mounts gives the launcher the two mounts, so that it fills the root itself.
bool send_mounts(int sync_fd, int root_mount, int work_mount) {
  std::uint8_t tag = kMounts;
  iovec part{.iov_base = &tag, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(2 * sizeof(int));
  const std::array<int, 2> fds = {root_mount, work_mount};
  std::memcpy(CMSG_DATA(header), fds.data(), sizeof fds);
  return ::sendmsg(sync_fd, &message, MSG_NOSIGNAL) == 1;
}

void reset_signals() {
  for (int number = 1; number < SIGRTMAX; ++number) {
    (void)::signal(number, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  (void)::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

bool become_keep_user() {
  (void)::syscall(SYS_setgroups, 0, nullptr);  // forbidden to ordinary users, who keep their own
  return ::syscall(SYS_setresgid, kInsideGid, kInsideGid, kInsideGid) == 0 &&
         ::syscall(SYS_setresuid, kInsideUid, kInsideUid, kInsideUid) == 0;
}

bool attach(int mount, const char* path) {
  return ::move_mount(mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

bool bind(const char* from, const char* to) {
  const int tree = ::open_tree(AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) return false;
  const bool ok = attach(tree, to);
  const int saved = errno;
  ::close(tree);
  errno = saved;
  return ok;
}

// The current folder is the new root from here on.
bool bind_devices() {
  return bind("/dev/null", "dev/null") && bind("/dev/zero", "dev/zero") &&
         bind("/dev/random", "dev/random") && bind("/dev/urandom", "dev/urandom");
}

bool mount_proc() {
  constexpr auto kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  return ::mount("proc", "proc", "proc", kFlags, "hidepid=invisible,subset=pid") == 0;
}

// Inputs, outputs and temporary files share one tmpfs, hence one size limit.
bool make_work_folders(int work_mount) {
  if (!attach(work_mount, "ward/work")) return false;

  struct Folder {
    const char* inside;
    const char* at;
  };

  constexpr std::array<Folder, 4> kFolders = {{{"ward/work/in", "in"},
                                               {"ward/work/out", "out"},
                                               {"ward/work/tmp", "tmp"},
                                               {"ward/work/shm", "dev/shm"}}};
  for (const Folder& folder : kFolders) {
    if (::mkdir(folder.inside, 0700) != 0 || !bind(folder.inside, folder.at)) return false;
  }
  return ::umount2("ward/work", MNT_DETACH) == 0;
}

bool pivot() {
  return ::syscall(SYS_pivot_root, ".", ".") == 0 && ::umount2(".", MNT_DETACH) == 0 &&
         ::chdir("/") == 0;
}

bool freeze_root(int root_mount) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  return ::mount_setattr(root_mount, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0;
}

// place_descriptors makes plan.fds the descriptors 0..n-1, puts the sync socket and the mounts
// behind them, and closes everything else: above all this process's copies of the launcher's ends,
// which would keep it waiting for a launcher that is gone.
bool place_descriptors(InitPlan& plan) {
  constexpr std::size_t kOwn = 3;
  std::array<int, kMaxInheritedFds + kOwn> high{};
  const std::size_t count = plan.fds.size();
  if (count > kMaxInheritedFds) return false;
  std::copy(plan.fds.begin(), plan.fds.end(), high.begin());
  high[count] = plan.sync_fd;
  high[count + 1] = plan.root_mount;
  high[count + 2] = plan.work_mount;
  const std::span<int> all = std::span(high).first(count + kOwn);
  for (int& fd : all) {
    if (fd < 0) continue;
    fd = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstFreeFd);
    if (fd < 0) return false;
  }
  plan.sync_fd = all[count];
  for (std::size_t i = 0; i < all.size(); ++i) {
    const int number = static_cast<int>(i);
    if (all[i] < 0) {
      ::close(number);
    } else if (::dup3(all[i], number, i < count ? 0 : O_CLOEXEC) != number) {
      return false;
    }
  }
  const int first = static_cast<int>(count);
  plan.sync_fd = first;
  if (plan.root_mount >= 0) plan.root_mount = first + 1;
  if (plan.work_mount >= 0) plan.work_mount = first + 2;
  return ::close_range(static_cast<unsigned>(all.size()), ~0U, 0) == 0;
}

// die_with_launcher: the kernel kills this process when the launcher's thread ends. A change of
// user undoes that (prctl(2)), exec does not.
void die_with_launcher(const InitPlan& plan) {
  need(::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0, plan, InitStage::kHandshake);
  pollfd launcher{.fd = plan.sync_fd, .events = POLLRDHUP, .revents = 0};
  if (::poll(&launcher, 1, 0) != 0) ::_exit(127);  // it ended before
}

bool set_limits(std::span<const RlimitEntry> limits) {
  for (const RlimitEntry& entry : limits) {
    rlimit now{};
    if (::syscall(SYS_prlimit64, 0, entry.resource, nullptr, &now) != 0) return false;
    const rlim_t value = entry.value < now.rlim_max ? entry.value : now.rlim_max;
    const rlimit wanted{.rlim_cur = value, .rlim_max = value};
    if (::syscall(SYS_prlimit64, 0, entry.resource, &wanted, nullptr) != 0) return false;
  }
  return true;
}

void assemble(InitPlan& plan) {
  need(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, plan,
       InitStage::kPrivateMounts);
  if (plan.root_mount < 0) {
    plan.root_mount = make_tmpfs({.size_bytes = plan.root_size_bytes,
                                  .huge_pages = true,
                                  .uid = kInsideUid,
                                  .gid = kInsideGid});
    need(plan.root_mount >= 0, plan, InitStage::kRootTmpfs);
    plan.work_mount = make_tmpfs({.size_bytes = plan.work_size_bytes,
                                  .huge_pages = true,
                                  .no_exec = true,
                                  .uid = kInsideUid,
                                  .gid = kInsideGid});
    need(plan.work_mount >= 0, plan, InitStage::kWorkTmpfs);
  }
  need(send_mounts(plan.sync_fd, plan.root_mount, plan.work_mount), plan, InitStage::kHandshake);
  await(plan, kPopulated);
  need(attach(plan.root_mount, kAssembly) && ::chdir(kAssembly) == 0, plan, InitStage::kAttachRoot);
  need(bind_devices(), plan, InitStage::kDevices);
  need(mount_proc(), plan, InitStage::kProc);
  need(make_work_folders(plan.work_mount), plan, InitStage::kWorkFolders);
  need(pivot(), plan, InitStage::kPivot);
  need(freeze_root(plan.root_mount), plan, InitStage::kReadOnly);
}

void confine(const InitPlan& plan) {
  constexpr std::array<PathRule, 7> kRules = {{{"/", kReadExecute},
                                               {"/in", kScratch},
                                               {"/out", kScratch},
                                               {"/tmp", kScratch},
                                               {"/dev/shm", kScratch},
                                               {"/dev/null", kReadOnly | kLandlockWriteFile},
                                               {"/dev/zero", kReadOnly | kLandlockWriteFile}}};
  need(set_limits(plan.limits), plan, InitStage::kLimits);
  need(drop_capabilities(), plan, InitStage::kCapabilities);
  need(enter_landlock(kRules), plan, InitStage::kLandlock);
  need(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, plan, InitStage::kCapabilities);
  need(enter_seccomp(plan.seccomp), plan, InitStage::kSeccomp);
}

}  // namespace

const char* to_text(InitStage stage) {
  switch (stage) {
    case InitStage::kHandshake:
      return "handshake with the launcher";
    case InitStage::kIdentity:
      return "user of the keep";
    case InitStage::kPrivateMounts:
      return "private mounts";
    case InitStage::kRootTmpfs:
      return "tmpfs for the root";
    case InitStage::kWorkTmpfs:
      return "tmpfs for the data";
    case InitStage::kAttachRoot:
      return "attach the root";
    case InitStage::kDevices:
      return "device files";
    case InitStage::kProc:
      return "proc";
    case InitStage::kWorkFolders:
      return "folders for the data";
    case InitStage::kPivot:
      return "pivot_root";
    case InitStage::kReadOnly:
      return "read-only root";
    case InitStage::kDescriptors:
      return "descriptors";
    case InitStage::kLimits:
      return "limits";
    case InitStage::kLandlock:
      return "Landlock";
    case InitStage::kCapabilities:
      return "capabilities";
    case InitStage::kSeccomp:
      return "seccomp";
    case InitStage::kExec:
      return "start of the agent";
  }
  return "unknown stage";
}

void run_init(const InitPlan& given) {
  InitPlan plan = given;
  reset_signals();
  need(place_descriptors(plan), plan, InitStage::kDescriptors);
  die_with_launcher(plan);
  await(plan, kMapped);
  need(::setsid() >= 0 || errno == EPERM, plan, InitStage::kIdentity);
  need(become_keep_user(), plan, InitStage::kIdentity);
  die_with_launcher(plan);
  assemble(plan);
  need(::sethostname("keep", 4) == 0, plan, InitStage::kIdentity);
  need(::close_range(static_cast<unsigned>(plan.sync_fd) + 1, ~0U, 0) == 0, plan,
       InitStage::kDescriptors);
  (void)::umask(077);
  confine(plan);
  char name[] = "/ward/keep";
  char* const argv[] = {name, nullptr};
  char* const envp[] = {nullptr};
  ::execve(name, argv, envp);
  fail(plan, InitStage::kExec);
}

}  // namespace ward::keep
