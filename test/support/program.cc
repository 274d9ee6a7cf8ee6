#include "test/support/program.h"

#include <array>
#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ward::test {
namespace {

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return {};
  return {fds[0], fds[1]};
}

[[noreturn]] void become(const std::vector<std::string>& argv, int in, int out, int err) {
  std::vector<char*> pointers;
  for (const std::string& one : argv) {
    pointers.push_back(
        const_cast<char*>(one.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  }
  pointers.push_back(nullptr);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execvp(pointers[0], pointers.data());
  ::_exit(127);
}

// drain reads what is there; false at the end.
bool drain(int fd, std::string& into) {
  std::array<char, 4096> chunk{};
  const ssize_t n = ::read(fd, chunk.data(), chunk.size());
  if (n > 0) into.append(chunk.data(), static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && errno == EINTR);
}

void read_both(int out, int err, ProgramResult& result) {
  bool out_open = true;
  bool err_open = true;
  while (out_open || err_open) {
    std::array<pollfd, 2> fds = {{{.fd = out_open ? out : -1, .events = POLLIN, .revents = 0},
                                  {.fd = err_open ? err : -1, .events = POLLIN, .revents = 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0) continue;
    if (fds[0].revents != 0) out_open = drain(out, result.out);
    if (fds[1].revents != 0) err_open = drain(err, result.err);
  }
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& argv, const std::string& input) {
  ProgramResult result;
  const Pipe in = make_pipe();
  const Pipe out = make_pipe();
  const Pipe err = make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) become(argv, in.read, out.write, err.write);
  for (const int fd : {in.read, out.write, err.write}) {
    ::close(fd);
  }
  // Inputs of tests fit a pipe's buffer; a program that does not read them is no error.
  if (!input.empty() && ::write(in.write, input.data(), input.size()) < 0) result.err = "";
  ::close(in.write);
  read_both(out.read, err.read, result);
  ::close(out.read);
  ::close(err.read);
  int status = 0;
  if (pid > 0 && ::waitpid(pid, &status, 0) == pid) {
    result.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return result;
}

}  // namespace ward::test
