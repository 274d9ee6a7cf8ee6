// Moves the content of a file by one named system call: the control for test/support's syscall
// observer. usage: mover WAY FILE MASK. The file's octets are read by an unobserved child where the
// way is about giving, and XORed with MASK, so that the call under test alone shows them.
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr std::size_t kSize = 4096;

char buffer[kSize];

int file_of(const char* path) { return ::open(path, O_RDONLY | O_CLOEXEC); }

// unmask fills the buffer; the masked octets that it reads show nothing.
void unmask(const char* path, int mask) {
  if (::read(file_of(path), buffer, kSize) != static_cast<ssize_t>(kSize)) ::_exit(2);
  for (char& octet : buffer) {
    octet = static_cast<char>(octet ^ mask);
  }
}

// sent_by_child returns a socket to which a child has sent the unmasked content.
int sent_by_child(const char* path, int mask) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) ::_exit(3);
  const pid_t child = ::fork();
  if (child == 0) {
    unmask(path, mask);
    ::_exit(::write(ends[1], buffer, kSize) == static_cast<ssize_t>(kSize) ? 0 : 4);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return ends[0];
}

iovec halves[2] = {{.iov_base = buffer, .iov_len = 100},
                   {.iov_base = buffer + 100, .iov_len = kSize - 100}};

msghdr whole() {
  msghdr message{};
  message.msg_iov = halves;
  message.msg_iovlen = 2;
  return message;
}

std::int64_t take(const std::string& way, const char* path, int mask) {
  const int socket = sent_by_child(path, mask);
  msghdr message = whole();
  mmsghdr messages[1] = {{.msg_hdr = message, .msg_len = 0}};
  if (way == "read") return ::read(socket, buffer, kSize);
  if (way == "readv") return ::readv(socket, halves, 2);
  if (way == "recvfrom") return ::recv(socket, buffer, kSize, 0);
  if (way == "recvmsg") return ::recvmsg(socket, &message, 0);
  if (way == "recvmmsg") {
    return ::recvmmsg(socket, messages, 1, 0, nullptr) == 1 ? std::int64_t{messages[0].msg_len}
                                                            : -1;
  }
  if (way == "thread") {
    std::int64_t n = -1;
    std::thread([&] { n = ::read(socket, buffer, kSize); }).join();
    return n;
  }
  return way == "nothing" ? static_cast<std::int64_t>(kSize) : -1;
}

// These take from the file itself, whose content is not masked.
std::int64_t take_from_file(const std::string& way, const char* path) {
  const int file = file_of(path);
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  if (way == "pread64") return ::pread(file, buffer, kSize, 0);
  if (way == "preadv") return ::preadv(file, halves, 2, 0);
  if (way == "preadv2") return ::preadv2(file, halves, 2, 0, 0);
  if (way == "sendfile") return ::sendfile(ends[1], file, nullptr, kSize);
  if (way == "splice") return ::splice(file, nullptr, ends[1], nullptr, kSize, 0);
  if (way == "copy_file_range") {
    const int to = ::open((std::string(path) + ".copy").c_str(), O_RDWR | O_CREAT, 0600);
    return ::copy_file_range(file, nullptr, to, nullptr, kSize, 0);
  }
  if (way == "mmap") {
    const void* at = ::mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE, file, 0);
    return at == MAP_FAILED ? -1 : static_cast<std::int64_t>(kSize);
  }
  return -1;
}

std::int64_t give(const std::string& way, const char* path, int mask) {
  unmask(path, mask);
  const int file = ::open((std::string(path) + ".out").c_str(), O_RDWR | O_CREAT, 0600);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -1;
  msghdr message = whole();
  mmsghdr messages[1] = {{.msg_hdr = message, .msg_len = 0}};
  if (way == "write") return ::write(file, buffer, kSize);
  if (way == "pwrite64") return ::pwrite(file, buffer, kSize, 0);
  if (way == "writev") return ::writev(file, halves, 2);
  if (way == "pwritev") return ::pwritev(file, halves, 2, 0);
  if (way == "pwritev2") return ::pwritev2(file, halves, 2, 0, 0);
  if (way == "sendto") return ::send(ends[0], buffer, kSize, 0);
  if (way == "sendmsg") return ::sendmsg(ends[0], &message, 0);
  if (way == "sendmmsg") {
    return ::sendmmsg(ends[0], messages, 1, 0) == 1 ? std::int64_t{messages[0].msg_len} : -1;
  }
  if (way == "mapped-write" || way == "mapped-to-the-end") {
    if (::ftruncate(file, kSize) != 0) return -1;
    void* at = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED) return -1;
    std::memcpy(at, buffer, kSize);
    if (way == "mapped-write") ::munmap(at, kSize);
    return static_cast<std::int64_t>(kSize);
  }
  if (way == "vmsplice") {
    int pipe[2];
    return ::pipe(pipe) == 0 ? ::vmsplice(pipe[1], halves, 2, 0) : -1;
  }
  return -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 64;
  const std::string kind = argv[1];
  const std::string digits = argv[4];
  int mask = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), mask);
  std::int64_t moved = -1;
  if (kind == "take") moved = take(argv[2], argv[3], mask);
  if (kind == "file") moved = take_from_file(argv[2], argv[3]);
  if (kind == "give") moved = give(argv[2], argv[3], mask);
  return moved == static_cast<std::int64_t>(kSize) ? 0 : 1;
}
