#include "apps/ward/wardd_child.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include <sys/wait.h>

#include "apps/ward/child.h"
#include "apps/ward/cli.h"
#include "server/files.h"

namespace ward::cli {
namespace {

constexpr std::size_t kMaxFile = 1U << 20U;
constexpr auto kPoll = std::chrono::milliseconds(20);
constexpr int kPolls = 1500;  // 30 s

sigset_t held() {
  sigset_t out;
  sigemptyset(&out);
  for (const int one : {SIGINT, SIGTERM, SIGCHLD}) {
    sigaddset(&out, one);
  }
  return out;
}

}  // namespace

void WarddChild::hold_signals() {
  const sigset_t signals = held();
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
}

Result<WarddChild, int> WarddChild::start(const std::string& config, const std::string& address) {
  std::error_code ignored;
  std::filesystem::remove(address, ignored);
  auto child = start_child({sibling("wardd"), "--config", config});
  if (!child) return fail(kCouldNotTell, "wardd: " + error_text(child.error()));
  WarddChild out(*child);
  for (int i = 0; i < kPolls; ++i) {
    const auto text = server::read_file(address, kMaxFile);
    if (text && !text->empty() && text->back() == '\n') {
      out.address_ = std::string(as_text(*text).substr(0, text->size() - 1));
      return out;
    }
    int status = 0;
    if (::waitpid(out.child_, &status, WNOHANG) == out.child_) {
      out.child_ = 0;
      return WIFEXITED(status) ? WEXITSTATUS(status) : kCouldNotTell;  // wardd said why
    }
    std::this_thread::sleep_for(kPoll);
  }
  return fail(kCouldNotTell, "wardd does not listen after 30 s");
}

WarddChild::WarddChild(WarddChild&& other) noexcept
    : child_(std::exchange(other.child_, 0)), address_(std::move(other.address_)) {}

WarddChild::~WarddChild() { (void)end(); }

int WarddChild::end() {
  if (child_ == 0) return kAccepted;
  ::kill(child_, SIGTERM);
  return end_of(std::exchange(child_, 0));
}

int WarddChild::serve() {
  const sigset_t signals = held();
  for (;;) {
    int which = 0;
    if (sigwait(&signals, &which) != 0) continue;
    if (which != SIGCHLD) return end();
    int status = 0;
    if (::waitpid(child_, &status, WNOHANG) != child_) continue;
    child_ = 0;
    return fail(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : kCouldNotTell,
                "wardd ended");
  }
}

std::string value_in(const std::string& text, std::string_view name) {
  const std::string start = std::string(name) + " ";
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (line.starts_with(start)) return line.substr(line.find_first_not_of(' ', start.size()));
    at = end + 1;
  }
  return {};
}

}  // namespace ward::cli
