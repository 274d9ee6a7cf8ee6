#include "keep/launcher.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/secret_memory.h"
#include "keep/cgroup.h"
#include "keep/deadline.h"
#include "keep/device_server.h"
#include "keep/failure.h"
#include "keep/fd.h"
#include "keep/frame.h"
#include "keep/host.h"
#include "keep/keep_init.h"
#include "keep/root_builder.h"
#include "keep/runtime.h"
#include "keep/sandbox.h"
#include "keep/source_file.h"
#include "keep/swap.h"

namespace ward::keep {
namespace {

// Room for the agent and the launcher's own files beside the measured ones.
constexpr std::uint64_t kRootSlackBytes = std::uint64_t{64} << 20U;
// The agent's region for keys (crypto/secret_memory.h), and buffers of plaintext beside it.
constexpr rlim_t kLockedMemoryBytes = std::uint64_t{8} << 20U;
static_assert(kLockedMemoryBytes > 2 * (kSecretStackBytes + kSecretHeapBytes));

std::atomic<std::uint32_t> next_number = 0;

struct Pair {
  UniqueFd here;
  UniqueFd there;
};

Result<Pair, Failure> socket_pair(int type = SOCK_STREAM) {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return system_failure("socket pair", errno);
  }
  return Pair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// OuterBound ends a keep once its time is over, in a thread of its own, so that no caller can
// forget to look.
class OuterBound {
 public:
  OuterBound(int pid_fd, std::int64_t limit_ms) : stop_(::eventfd(0, EFD_CLOEXEC)) {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    (void)::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the caller's
    thread_ = std::jthread([this, pid_fd, end = monotonic_ms() + limit_ms] { watch(pid_fd, end); });
    (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  OuterBound(const OuterBound&) = delete;
  OuterBound& operator=(const OuterBound&) = delete;

  ~OuterBound() { (void)::eventfd_write(stop_.get(), 1); }

 private:
  void watch(int pid_fd, std::int64_t end_ms) const {
    constexpr std::int64_t kLongestWait = 1 << 30;
    std::array<pollfd, 2> entries = {{{.fd = pid_fd, .events = POLLIN, .revents = 0},
                                      {.fd = stop_.get(), .events = POLLIN, .revents = 0}}};
    while (true) {
      const std::int64_t left = end_ms - monotonic_ms();
      if (left <= 0) break;
      const int n =
          ::poll(entries.data(), entries.size(), static_cast<int>(std::min(left, kLongestWait)));
      if (n > 0) return;
    }
    (void)::syscall(SYS_pidfd_send_signal, pid_fd, SIGKILL, nullptr, 0);
  }

  UniqueFd stop_;
  std::jthread thread_;  // joined before stop_ goes
};

// Started keeps what must live as long as the keep, and kills it when it goes.
class Started final : public Keep {
 public:
  Started(pid_t pid, UniqueFd pid_fd, DeviceServer device, std::unique_ptr<KeepCgroup> cgroup)
      : pid_(pid),
        pid_fd_(std::move(pid_fd)),
        device_(std::move(device)),
        cgroup_(std::move(cgroup)) {}

  ~Started() override {
    kill();
    (void)wait();
  }

  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;

  [[nodiscard]] const Measured& measured() const override { return measured_; }

  [[nodiscard]] const std::vector<Enforcement>& enforcement() const override {
    return enforcement_;
  }

  [[nodiscard]] bool attend(Device& device, std::span<const pollfd> ends) override {
    while (true) {
      std::vector<pollfd> entries(ends.begin(), ends.end());
      entries.push_back({.fd = pid_fd_.get(), .events = POLLIN, .revents = 0});
      int timeout_ms = -1;
      device_.wait_for(entries, timeout_ms);
      if (::poll(entries.data(), entries.size(), timeout_ms) < 0) continue;  // a signal
      const std::span<const pollfd> happened(entries);
      if (happened[ends.size()].revents != 0) return true;
      for (const pollfd& end : happened.first(ends.size())) {
        if (end.revents != 0) return false;
      }
      device_.serve(device, happened.subspan(ends.size() + 1));
    }
  }

  void hang_up() override { device_.hang_up(); }

  [[nodiscard]] int pid_fd() const override { return pid_fd_.get(); }

  [[nodiscard]] pid_t pid() const override { return pid_; }

  // The first process ends all others of its pid namespace with it.
  void kill() override {
    (void)::syscall(SYS_pidfd_send_signal, pid_fd_.get(), SIGKILL, nullptr, 0);
  }

  [[nodiscard]] Result<int> wait() override {
    if (status_) return *status_;
    int status = 0;
    while (::waitpid(pid_, &status, 0) != pid_) {
      if (errno != EINTR) {
        return Error(Errc::kUnavailable, "keep: wait", static_cast<std::uint64_t>(errno));
      }
    }
    status_ = status;
    return status;
  }

  // bound begins the time after which the keep is ended.
  void bound(std::int64_t limit_ms) { bound_.emplace(pid_fd_.get(), limit_ms); }

  void set(Measured measured, std::vector<Enforcement> enforcement) {
    measured_ = std::move(measured);
    enforcement_ = std::move(enforcement);
  }

 private:
  pid_t pid_;
  UniqueFd pid_fd_;
  DeviceServer device_;
  std::unique_ptr<KeepCgroup> cgroup_;
  Measured measured_;
  std::vector<Enforcement> enforcement_;
  std::optional<int> status_;
  std::optional<OuterBound> bound_;  // uses pid_fd_
};

class Launch {
 public:
  explicit Launch(const LaunchRequest& request)
      : request_(request),
        manifest_(*request.manifest),
        host_(host_ids(request.number ? *request.number : next_number++)) {}

  Result<std::unique_ptr<Keep>, Failure> run() {
    WARD_CHECK_OK(prepare_limits());
    WARD_CHECK_OK(prepare_mounts());
    WARD_CHECK_OK(prepare_descriptors());
    WARD_CHECK_OK(still_wanted(request_));
    WARD_CHECK_OK(start());
    WARD_CHECK_OK(receive_mounts());
    WARD_CHECK_OK(populate());
    WARD_CHECK_OK(await_exec());
    keep_->bound(request_.longest_ms > 0 ? request_.longest_ms : longest_run_ms(manifest_));
    return std::unique_ptr<Keep>(std::move(keep_));
  }

 private:
  Result<void, Failure> prepare_limits() {
    const Limits& limits = manifest_.limits;
    cgroup_ = std::make_unique<KeepCgroup>(find_cgroups("/proc/self"),
                                           group_name(::getpid(), host_.number), limits);
    rlimits_ = {{RLIMIT_CORE, kNoCore},
                {RLIMIT_NOFILE, limits.open_files},
                {RLIMIT_NPROC, limits.processes + 2},
                {RLIMIT_FSIZE, limits.disk_bytes},
                {RLIMIT_MSGQUEUE, 0},
                {RLIMIT_MEMLOCK, kLockedMemoryBytes}};
    const bool alone = cgroup_->bounds("memory").empty();
    if (alone) {
      // Private memory, and with shared mappings and mapped files all of it.
      rlimits_.push_back({RLIMIT_DATA, limits.memory_bytes});
      rlimits_.push_back({RLIMIT_AS, most_memory(limits)});
    }
    auto filter =
        seccomp_program(Role::kAgent, alone ? SharedMemory::kRefused : SharedMemory::kAllowed);
    if (!filter) return library_failure("system call filter", filter.error());
    seccomp_ = *std::move(filter);
    return name_enforcement();
  }

  // bound records what enforces a limit, the cgroup or else a named fallback.
  void bound(const char* limit, const char* fallback) {
    const std::string group = cgroup_->bounds(limit);
    enforcement_.push_back({limit, group.empty() ? fallback : group});
  }

  Result<void, Failure> name_enforcement() {
    bound("memory", "rlimit (of each process)");
    bound("processes", "rlimit (of the keep's user)");
    enforcement_.push_back({"disk", "tmpfs size"});
    const int abi = landlock_abi();
    enforcement_.push_back(
        {"files", abi > 0 ? "mounts, Landlock " + std::to_string(abi) : "mounts (no Landlock)"});
    enforcement_.push_back(
        {"users", host_.privileged ? "own user id" : "none: the launcher's user"});
    const std::vector<std::string> swap = plain_swap("/proc/swaps", "/sys/block");
    if (swap.empty()) {
      enforcement_.push_back({"swap", "none that is plain"});
      return {};
    }
    const std::string group = cgroup_->bounds("swap");
    if (group.empty()) {
      return Failure{.code = Errc::kDenied,
                     .what = "swap " + swap.front() +
                             " would write the keep's memory to a disk in the clear, and no cgroup "
                             "forbids it"};
    }
    enforcement_.push_back({"swap", group});
    return {};
  }

  // As root the mounts are made out here, where `noswap` is allowed; an ordinary user's are made by
  // the keep's first process in its own user namespace.
  Result<void, Failure> prepare_mounts() {
    if (!host_.privileged) return {};
    root_mount_.reset(
        make_tmpfs({.size_bytes = kMaxTotalFileBytes + kRootSlackBytes, .huge_pages = true}));
    if (!root_mount_.valid()) return system_failure("tmpfs for the root", errno);
    TmpfsSpec work{.size_bytes = manifest_.limits.disk_bytes,
                   .huge_pages = true,
                   .no_swap = true,
                   .no_exec = true,
                   .uid = host_.uid,
                   .gid = host_.gid};
    work_mount_.reset(make_tmpfs(work));
    work.no_swap = false;  // kernels before 6.4 do not have it
    if (!work_mount_.valid()) work_mount_.reset(make_tmpfs(work));
    if (!work_mount_.valid()) return system_failure("tmpfs for the data", errno);
    return {};
  }

  Result<void, Failure> prepare_descriptors() {
    WARD_TRY(sync_, socket_pair());
    WARD_TRY(device_, socket_pair());
    WARD_TRY(door_, socket_pair(SOCK_SEQPACKET));
    null_.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null_.valid()) return system_failure("/dev/null", errno);
    const auto or_null = [&](int fd) { return fd >= 0 ? fd : null_.get(); };
    fds_ = {null_.get(),       or_null(request_.stdout_fd), or_null(request_.stderr_fd),
            request_.relay_fd, device_.there.get(),         or_null(request_.output_fd),
            door_.there.get()};
    for (const InputEntry& input : manifest_.inputs) {
      WARD_TRY(UniqueFd fd, open_source(request_, input.source));
      fds_.push_back(fd.get());
      inputs_.push_back(std::move(fd));
    }
    return {};
  }

  Result<void, Failure> start() {
    const InitPlan plan{.sync_fd = sync_.there.get(),
                        .root_mount = root_mount_.get(),
                        .work_mount = work_mount_.get(),
                        .root_size_bytes = kMaxTotalFileBytes + kRootSlackBytes,
                        .work_size_bytes = manifest_.limits.disk_bytes,
                        .fds = fds_,
                        .limits = rlimits_,
                        .seccomp = seccomp_};
    int pid_fd = -1;
    clone_args args{};
    args.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                 CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_PIDFD;
    args.pidfd = std::bit_cast<std::uint64_t>(&pid_fd);
    args.exit_signal = SIGCHLD;
    const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
    if (pid == 0) run_init(plan);
    if (pid < 0) return system_failure("new namespaces", errno);
    KeepCgroup& group = *cgroup_;
    keep_ =
        std::make_unique<Started>(pid, UniqueFd(pid_fd),
                                  DeviceServer(std::move(device_.here), std::move(door_.here),
                                               manifest_.broker ? MayAttest::kNo : MayAttest::kYes),
                                  std::move(cgroup_));
    device_.there.reset();
    door_.there.reset();
    sync_.there.reset();
    WARD_CHECK_OK(group.add(pid));
    // Where this process was given no room for 1 itself, it needs a privilege to give it.
    const rlimit core{.rlim_cur = kNoCore, .rlim_max = kNoCore};
    (void)::prlimit(pid, RLIMIT_CORE, &core, nullptr);
    if (const int problem = map_ids(pid, host_); problem != 0) {
      return system_failure("user ids of the keep", problem);
    }
    return tell(kMapped);
  }

  Result<void, Failure> tell(std::uint8_t message) {
    if (!write_exact(sync_.here.get(), Bytes(&message, 1))) return child_failure();
    return {};
  }

  // child_failure reads what the first process says about its end.
  Failure child_failure() {
    InitFailure failure;
    std::array<std::uint8_t, sizeof failure> octets{};
    if (!read_exact(sync_.here.get(), octets)) {
      return {.code = Errc::kInternal, .what = "the keep's first process ended"};
    }
    std::memcpy(&failure, octets.data(), sizeof failure);
    return system_failure(std::string("isolation: ") + to_text(failure.stage),
                          failure.error_number);
  }

  Result<void, Failure> receive_mounts() {
    std::uint8_t kind = 0;
    iovec part{.iov_base = &kind, .iov_len = 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t n = ::recvmsg(sync_.here.get(), &message, MSG_CMSG_CLOEXEC);
    const cmsghdr* header = n == 1 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(2 * sizeof(int))) {
      return n == 1 && kind != kMounts ? late_failure(kind) : child_failure();
    }
    std::array<int, 2> fds{};
    std::memcpy(fds.data(), CMSG_DATA(header), sizeof fds);
    root_mount_.reset(fds[0]);
    work_mount_.reset(fds[1]);
    return {};
  }

  // late_failure: the first octet of an InitFailure has been read already.
  Failure late_failure(std::uint8_t first) {
    InitFailure failure;
    std::array<std::uint8_t, sizeof failure> octets{first};
    if (!read_exact(sync_.here.get(), std::span(octets).subspan(1))) {
      return {.code = Errc::kInternal, .what = "the keep's first process ended"};
    }
    std::memcpy(&failure, octets.data(), sizeof failure);
    return system_failure(std::string("isolation: ") + to_text(failure.stage),
                          failure.error_number);
  }

  Result<void, Failure> populate() {
    WARD_TRY(const MeasuredRoot root, build_root(request_, root_mount_.get()));
    WARD_TRY(Buffer runtime, install_agent(request_, root_mount_.get()));
    auto measured = measured_of(manifest_, root, std::move(runtime));
    if (!measured) return library_failure("measurement", measured.error());
    if (request_.admit) WARD_CHECK_OK(request_.admit(*measured));
    WARD_CHECK_OK(finish_root(root_mount_.get(),
                              {{.path = kManifestPath, .content = measured->canonical},
                               {.path = kInitDataPath, .content = as_bytes(measured->init_data)}}));
    keep_->set(*std::move(measured), std::move(enforcement_));
    root_mount_.reset();
    work_mount_.reset();
    return tell(kPopulated);
  }

  // await_exec: the sync socket closes when the agent is executed, or brings a failure.
  Result<void, Failure> await_exec() {
    auto first = read_octet(sync_.here.get());
    if (!first) return library_failure("the keep's first process", first.error());
    if (first->has_value()) return late_failure(**first);
    return {};
  }

  const LaunchRequest& request_;
  const Manifest& manifest_;
  HostIds host_;
  SeccompProgram seccomp_;
  std::unique_ptr<KeepCgroup> cgroup_;
  std::vector<RlimitEntry> rlimits_;
  std::vector<Enforcement> enforcement_;
  UniqueFd root_mount_;
  UniqueFd work_mount_;
  Pair sync_;
  Pair device_;
  Pair door_;
  UniqueFd null_;
  std::vector<UniqueFd> inputs_;
  std::vector<int> fds_;
  std::unique_ptr<Started> keep_;
};

std::optional<Failure> unusable(const LaunchRequest& request) {
  if (request.manifest == nullptr || request.root_fd < 0 || request.agent.empty() ||
      request.manifest->argv.empty()) {
    return Failure{.code = Errc::kInternal, .what = "launch request: manifest, root or agent"};
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Keep>, Failure> launch(const LaunchRequest& request) {
  if (auto failure = unusable(request)) return *failure;
  return Launch(request).run();
}

Result<Measured, Failure> measure(const LaunchRequest& request) {
  if (auto failure = unusable(request)) return *failure;
  WARD_TRY(const MeasuredRoot root, build_root(request, -1));
  WARD_TRY(Buffer runtime, install_agent(request, -1));
  auto measured = measured_of(*request.manifest, root, std::move(runtime));
  if (!measured) return library_failure("measurement", measured.error());
  return *std::move(measured);
}

}  // namespace ward::keep
