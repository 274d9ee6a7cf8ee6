#pragma once

#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/result.h"

// A wardd that a command starts and ends.
namespace ward::cli {

// WarddChild is one that runs; it ends with this.
class WarddChild {
 public:
  // hold_signals keeps SIGINT, SIGTERM and SIGCHLD for serve(): before start().
  static void hold_signals();

  // start waits until it listens, at most 30 s. `address` is the file that it writes its address
  // to. The exit code after the line for people was written.
  [[nodiscard]] static Result<WarddChild, int> start(const std::string& config,
                                                     const std::string& address);

  WarddChild(const WarddChild&) = delete;
  WarddChild& operator=(const WarddChild&) = delete;
  WarddChild(WarddChild&& other) noexcept;
  WarddChild& operator=(WarddChild&&) = delete;
  ~WarddChild();

  // address is where it listens, "127.0.0.1:8443".
  [[nodiscard]] const std::string& address() const { return address_; }

  // end asks it to end, and gives its exit code.
  int end();

  // serve waits until somebody asks for the end, or the service ends by itself.
  int serve();

 private:
  explicit WarddChild(pid_t child) : child_(child) {}

  pid_t child_;
  std::string address_;
};

// value_in is what `wardd init` printed behind a line's first word; empty where there is none.
[[nodiscard]] std::string value_in(const std::string& text, std::string_view name);

}  // namespace ward::cli
