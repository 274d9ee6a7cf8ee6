// What a program in a keep can see and do, told on stdout as `name=value` lines. Started as the
// agent it takes its command from the relay socket, started as the workload from argv[1].
// Static and without the project's libraries: it must run in an empty root.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void say(const char* name, const std::string& value) {
  const std::string line = std::string(name) + "=" + value + "\n";
  if (::write(1, line.data(), line.size()) < 0) ::_exit(3);
}

void say(const char* name, std::int64_t value) { say(name, std::to_string(value)); }

// outcome is 0 or the errno of a call that returned `result`.
std::int64_t outcome(std::int64_t result) { return result < 0 ? errno : 0; }

std::string read_text(const char* path) {
  std::string out;
  const int fd = ::open(path, O_RDONLY);
  if (fd < 0) return "errno " + std::to_string(errno);
  char block[4096];
  for (ssize_t n = 0; (n = ::read(fd, block, sizeof block)) > 0;) {
    out.append(block, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return out;
}

std::string field(const std::string& status, const std::string& name) {
  const std::size_t at = status.find(name + ":\t");
  if (at == std::string::npos) return "absent";
  const std::size_t begin = at + name.size() + 2;
  return status.substr(begin, status.find('\n', begin) - begin);
}

std::string listing(const char* path) {
  DIR* folder = ::opendir(path);
  if (folder == nullptr) return "errno " + std::to_string(errno);
  std::vector<std::string> names;
  while (const dirent* item = ::readdir(folder)) {
    names.emplace_back(item->d_name);
  }
  ::closedir(folder);
  std::sort(names.begin(), names.end());
  std::string out;
  for (const std::string& name : names) {
    if (name != "." && name != "..") out += (out.empty() ? "" : " ") + name;
  }
  return out;
}

void identity() {
  const std::string status = read_text("/proc/self/status");
  say("pid", ::getpid());
  say("uid", static_cast<std::int64_t>(::getuid()));
  say("groups", ::getgroups(0, nullptr));
  for (const char* name :
       {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"}) {
    say(name, field(status, name));
  }
  say("dumpable", ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
  say("set_dumpable", outcome(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)));
  char host[65] = {};
  ::gethostname(host, sizeof host - 1);
  say("hostname", host);
  std::int64_t variables = 0;
  for (char** at = environ; *at != nullptr; ++at) {
    ++variables;
  }
  say("environment", variables);
  rlimit core{};
  ::getrlimit(RLIMIT_CORE, &core);
  say("core", static_cast<std::int64_t>(core.rlim_cur));
}

void files() {
  say("root", listing("/"));
  say("dev", listing("/dev"));
  say("in", listing("/in"));
  say("open_passwd", outcome(::open("/etc/passwd", O_RDONLY)));
  say("open_work", outcome(::open("/work", O_RDONLY)));
  say("open_cpuinfo", outcome(::open("/proc/cpuinfo", O_RDONLY)));
  say("open_self_program", outcome(::open("/proc/self/exe", O_RDONLY)));
  say("open_parent", outcome(::open("/../../etc/passwd", O_RDONLY)));
  say("create_in_root", outcome(::open("/new", O_WRONLY | O_CREAT, 0600)));
  say("write_data", outcome(::open("/data/a", O_WRONLY)));
  say("data", read_text("/data/a"));
  say("create_in_tmp", outcome(::open("/tmp/new", O_WRONLY | O_CREAT, 0700)));
  say("open_null", outcome(::open("/dev/null", O_RDWR)));
  say("open_urandom", outcome(::open("/dev/urandom", O_RDONLY)));
}

// try_exec copies this program's own file (when it can be read) or a script to /tmp and starts it.
std::int64_t try_exec(const char* path) {
  const pid_t child = ::fork();
  if (child == 0) {
    char name[] = "x";
    char* const argv[] = {name, nullptr};
    ::execve(path, argv, environ);
    ::_exit(errno);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

void calls() {
  say("socket_inet", outcome(::socket(AF_INET, SOCK_STREAM, 0)));
  say("socket_unix", outcome(::socket(AF_UNIX, SOCK_STREAM, 0)));
  say("ptrace", outcome(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)));
  say("unshare", outcome(::unshare(CLONE_NEWUSER)));
  say("mount", outcome(::mount("x", "/tmp", "tmpfs", 0, nullptr)));
  say("memfd_create", outcome(::memfd_create("x", 0)));
  say("bpf", outcome(::syscall(SYS_bpf, 0, nullptr, 0)));
  say("keyctl", outcome(::syscall(SYS_keyctl, 0, 0)));
  say("clone_user", outcome(::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)));
  const rlimit zero{.rlim_cur = 0, .rlim_max = 0};
  say("set_core", outcome(::setrlimit(RLIMIT_CORE, &zero)));
  // Octets that the kernel does not look at.
  say("set_core_wide", outcome(::syscall(SYS_setrlimit, 0x100000000L + RLIMIT_CORE, &zero)));
  say("prlimit_core", outcome(::syscall(SYS_prlimit64, 0, RLIMIT_CORE, &zero, nullptr)));
  rlimit files{};
  say("get_files", outcome(::getrlimit(RLIMIT_NOFILE, &files)));
  say("set_files", outcome(::setrlimit(RLIMIT_NOFILE, &files)));
  say("shmget", outcome(::shmget(IPC_PRIVATE, 4096, 0600)));
  const int script = ::open("/tmp/x", O_WRONLY | O_CREAT, 0700);
  if (script >= 0) {
    (void)!::write(script, "#!/app/probe\n", 13);
    ::close(script);
  }
  say("exec_tmp", try_exec("/tmp/x"));
  say("mprotect_exec_tmp", outcome(::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE,
                                          ::open("/tmp/x", O_RDONLY), 0) == MAP_FAILED
                                       ? -1
                                       : 0));
  say("signal_first", outcome(::kill(1, 0)));
  say("kill_host", outcome(::kill(static_cast<pid_t>(::getppid() == 0 ? 4000000 : 1), SIGKILL)));
}

void descriptors() {
  std::string out;
  for (int fd = 0; fd < 256; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) out += (out.empty() ? "" : " ") + std::to_string(fd);
  }
  say("descriptors", out);
}

[[noreturn]] void fork_bomb() {
  std::int64_t made = 0;
  for (int i = 0; i < 100000; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) {
        ::pause();
      }
    }
    if (child < 0) break;
    ++made;
  }
  say("forked", made);
  ::_exit(0);
}

[[noreturn]] void fill_memory(int kind) {
  constexpr std::size_t kBlock = std::size_t{16} << 20U;
  std::int64_t blocks = 0;
  for (; blocks < 4096; ++blocks) {
    void* at = ::mmap(nullptr, kBlock, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) break;
    std::memset(at, 1, kBlock);
  }
  say("blocks", blocks);
  ::_exit(blocks == 4096 ? 4 : 0);
}

[[noreturn]] void fill_disk() {
  const int fd = ::open("/tmp/full", O_WRONLY | O_CREAT, 0600);
  std::vector<char> block(std::size_t{1} << 20U, 'x');
  std::int64_t written = 0;
  for (int i = 0; i < 4096; ++i) {
    const ssize_t n = ::write(fd, block.data(), block.size());
    if (n < 0) break;
    written += n;
  }
  say("written", written);
  ::_exit(written >= (4096L << 20U) ? 4 : 0);
}

// fill_with_files makes files of `size` octets each, until that fails.
[[noreturn]] void fill_with_files(std::size_t size) {
  const std::vector<char> block(size, 'x');
  std::int64_t made = 0;
  std::int64_t written = 0;
  for (; made < 1000000; ++made) {
    const int fd = ::open(("/tmp/" + std::to_string(made)).c_str(), O_WRONLY | O_CREAT, 0600);
    const ssize_t n = fd < 0 ? -1 : ::write(fd, block.data(), block.size());
    ::close(fd);
    if (n > 0) written += n;
    if (n < static_cast<ssize_t>(size)) break;
  }
  say("made", made);
  say("written", written);
  ::_exit(0);
}

[[noreturn]] void ignore_signals() {
  for (int number = 1; number < 64; ++number) {
    (void)::signal(number, SIG_IGN);
  }
  say("ignoring", 1);
  for (;;) {
    ::pause();
  }
}

[[noreturn]] void leave_children() {
  for (int i = 0; i < 3; ++i) {
    if (::fork() == 0) {
      ::setsid();
      if (::fork() == 0) (void)::signal(SIGTERM, SIG_IGN);
      for (;;) {
        ::pause();
      }
    }
  }
  say("left", 3);
  ::_exit(0);
}

void copy_file(const char* from, const char* to) {
  const std::string content = read_text(from);
  const int fd = ::open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd < 0 || ::write(fd, content.data(), content.size()) < 0) ::_exit(5);
  ::close(fd);
}

// enter goes in through the door, descriptor 3, and returns a stream to the device.
int enter() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) ::_exit(10);
  char knock[] = "d";
  iovec part{knock, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &ends[1], sizeof(int));
  if (::sendmsg(3, &message, 0) != 1) ::_exit(11);
  ::close(ends[1]);
  return ends[0];
}

// ask puts one question and returns the answer's octets; another code than 0 ends the program.
std::string ask(int device, char kind, const std::string& octets) {
  const auto size = static_cast<unsigned>(octets.size());
  std::string request(1, kind);
  for (int shift = 0; shift < 32; shift += 8) {
    request += static_cast<char>(size >> shift & 0xffU);
  }
  request += octets;
  if (::write(device, request.data(), request.size()) != static_cast<ssize_t>(request.size())) {
    ::_exit(12);
  }
  unsigned char head[5] = {};
  if (::recv(device, head, sizeof head, MSG_WAITALL) != sizeof head) ::_exit(13);
  const std::size_t size_of_answer = head[1] + 256UL * head[2] + 65536UL * head[3];
  std::string answer(size_of_answer, '\0');
  if (!answer.empty() && ::recv(device, answer.data(), answer.size(), MSG_WAITALL) !=
                             static_cast<ssize_t>(answer.size())) {
    ::_exit(14);
  }
  if (head[0] != 0) {
    say("refused", answer);
    ::_exit(15);
  }
  return answer;
}

int ask_device() {
  say("tee", ask(enter(), 't', ""));
  return 0;
}

// make_quotes asks for evidence `count` times, each over other report data, which must be in it.
int make_quotes(int count) {
  const int device = enter();
  for (int i = 0; i < count; ++i) {
    std::string data = std::to_string(i) + " ";
    data.resize(64, static_cast<char>(i));
    if (ask(device, 'q', data).find(data) == std::string::npos) return 16;
  }
  say("quotes", count);
  return 0;
}

// knock_wildly holds more streams than are answered at a time, half of them with half a question,
// and sends what is no question; one that behaves is answered all the same.
int knock_wildly() {
  std::vector<int> streams;
  for (int i = 0; i < 60; ++i) {
    streams.push_back(enter());
    if (i % 2 == 0) (void)!::write(streams.back(), "e@", 2);
    if (i % 3 == 0) (void)!::write(streams.back(), "\xff\xff\xff\xff\xff\xff", 6);
  }
  for (const int stream : streams) {
    ::close(stream);
  }
  say("tee", ask(enter(), 't', ""));
  return 0;
}

// work says that it does, waits, copies a file and says that it is done.
int work(int milliseconds, const std::string& from, const std::string& to) {
  say("works", 1);
  (void)::poll(nullptr, 0, milliseconds);
  copy_file(from.c_str(), to.c_str());
  say("worked", 1);
  return 0;
}

volatile sig_atomic_t told_to_end = 0;

void note_end(int /*number*/) { told_to_end = 1; }

// tidy works until it is told to end, leaves a file and returns 0.
int tidy(const std::string& from, const std::string& to) {
  sigset_t term;
  sigset_t before;
  ::sigemptyset(&term);
  ::sigaddset(&term, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &term, &before);
  ::signal(SIGTERM, note_end);
  say("works", 1);
  while (told_to_end == 0) {
    ::sigsuspend(&before);
  }
  copy_file(from.c_str(), to.c_str());
  say("tidied", 1);
  return 0;
}

int number_of(const std::string& text) {
  int out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

int run(const std::string& command, const std::vector<std::string>& rest) {
  if (command == "probe") {
    descriptors();
    identity();
    files();
    calls();
    return 0;
  }
  if (command == "fork-bomb") fork_bomb();
  if (command == "fill-memory") fill_memory(MAP_PRIVATE);
  if (command == "fill-shared-memory") fill_memory(MAP_SHARED);
  if (command == "fill-disk") fill_disk();
  if (command == "fill-with-files") fill_with_files(std::size_t{1} << 20U);
  if (command == "fill-with-empty-files") fill_with_files(0);
  if (command == "ignore-signals") ignore_signals();
  if (command == "leave-children") leave_children();
  if (command == "pause") ignore_signals();
  if (command == "device") return ask_device();
  if (command == "hold") {
    (void)enter();  // stays open
    (void)ask_device();
    for (;;) {
      ::pause();
    }
  }
  if (command == "wild") return knock_wildly();
  if (command == "quotes" && rest.size() == 1) return make_quotes(number_of(rest[0]));
  if (command == "ward-folder") {
    say("execute_keep", try_exec("/ward/keep"));
    say("open_keep", outcome(::open("/ward/keep", O_RDONLY)));
    say("open_manifest", outcome(::open("/ward/manifest.cbor", O_RDONLY)));
    return 0;
  }
  if (command == "copy" && rest.size() == 2) {
    copy_file(rest[0].c_str(), rest[1].c_str());
    return 0;
  }
  if (command == "work" && rest.size() == 3) return work(number_of(rest[0]), rest[1], rest[2]);
  if (command == "tidy" && rest.size() == 2) return tidy(rest[0], rest[1]);
  if (command == "exit" && rest.size() == 1) return number_of(rest[0]);
  return 64;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) return run(argv[1], std::vector<std::string>(argv + 2, argv + argc));
  char command[64] = {};
  if (::read(3, command, sizeof command - 1) <= 0) return 64;
  return run(command, {});
}
