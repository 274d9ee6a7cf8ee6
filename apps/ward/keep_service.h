#pragma once

#include <string>

#include <sys/types.h>

#include "base/result.h"
#include "keep/fd.h"
#include "keep/launcher.h"

namespace ward::cli {

// KeepService is a connection to who starts keeps: a softd that listens, or one that was started
// for this run. The destructor hangs up, which ends the keep, and waits for a softd of its own.
class KeepService {
 public:
  // at connects to a listening softd. kUnavailable where nobody listens, kDenied where this user
  // may not.
  [[nodiscard]] static Result<KeepService, keep::Failure> at(const std::string& socket_path);

  // start runs the softd beside this program for the development platform in `device_dir`.
  [[nodiscard]] static Result<KeepService, keep::Failure> start(const std::string& device_dir,
                                                                const std::string& agent);

  KeepService(const KeepService&) = delete;
  KeepService& operator=(const KeepService&) = delete;
  KeepService(KeepService&& other) noexcept;
  KeepService& operator=(KeepService&&) = delete;
  ~KeepService();

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  KeepService(keep::UniqueFd fd, pid_t pid) : fd_(std::move(fd)), pid_(pid) {}

  keep::UniqueFd fd_;
  pid_t pid_;  // of a softd of its own; 0: none
};

// default_socket is where softd listens unless told otherwise: /run/ward/softd.sock for root, else
// below XDG_RUNTIME_DIR.
[[nodiscard]] std::string default_socket();

}  // namespace ward::cli
