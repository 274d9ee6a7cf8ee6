#include "apps/ward/terminal.h"

#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace ward::cli {
namespace {

constexpr std::size_t kMaxPassphraseBytes = 1024;
constexpr std::uint8_t kControlC = 3;

// Terminal shows nothing of what is typed while it lives. Signals of the keyboard come as octets,
// so that none of them leaves the terminal silent.
class Terminal {
 public:
  Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    usable_ = ::tcsetattr(fd_, TCSADRAIN, &silent) == 0;
  }

  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  ~Terminal() {
    if (usable_) (void)::tcsetattr(fd_, TCSADRAIN, &before_);
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] bool usable() const { return usable_; }

  void say(std::string_view text) const { (void)!::write(fd_, text.data(), text.size()); }

  [[nodiscard]] Result<SecretBytes> line() const {
    SecretBytes out(kMaxPassphraseBytes + 1);
    std::size_t size = 0;
    SecretBytes octet(1);
    while (size <= kMaxPassphraseBytes) {
      const ssize_t n = ::read(fd_, octet.expose_mut().data(), 1);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Error(Errc::kUnavailable, "passphrase: the terminal cannot be read");
      const std::uint8_t c = n == 0 ? kControlC : octet.expose()[0];
      if (c == kControlC) return Error(Errc::kDenied, "passphrase: given up");
      if (c == '\n') break;
      out.expose_mut()[size++] = c;
    }
    if (size > kMaxPassphraseBytes) {
      return Error(Errc::kMalformed, "passphrase: longer than", kMaxPassphraseBytes);
    }
    if (size == 0) return Error(Errc::kDenied, "passphrase: nothing was typed");
    out.shrink(size);
    return out;
  }

 private:
  int fd_;
  termios before_{};
  bool usable_ = false;
};

}  // namespace

Result<SecretBytes> ask_passphrase(bool twice) {
  const Terminal terminal;
  if (!terminal.usable()) {
    return Error(Errc::kUnavailable, "passphrase: there is no terminal to ask at");
  }
  terminal.say("passphrase: ");
  auto first = terminal.line();
  terminal.say("\n");
  if (!first || !twice) return first;
  terminal.say("once more: ");
  const auto second = terminal.line();
  terminal.say("\n");
  if (!second) return second.error();
  if (!ct_equal(first->expose(), second->expose())) {
    return Error(Errc::kMalformed, "passphrase: the two differ");
  }
  return first;
}

}  // namespace ward::cli
