#pragma once

#include <string>

#include <sys/types.h>

#include "base/result.h"
#include "keep/fd.h"
#include "keep/launch_channel.h"

namespace ward::cli {

// KeepService is a connection to who starts keeps: a softd that listens, or one that was started
// for this run. The destructor hangs up, which ends the keep, and waits for a softd of its own.
class KeepService {
 public:
  // at connects to a listening softd. kUnavailable where nobody listens, or this user may not
  // connect (service_hint).
  [[nodiscard]] static Result<KeepService, keep::Failure> at(const std::string& socket_path);

  // of connects as a command's options say: `device_dir` where it is given, else `socket_path`,
  // else the default socket.
  [[nodiscard]] static Result<KeepService, keep::Failure> of(const std::string& device_dir,
                                                             const std::string& agent,
                                                             const std::string& socket_path);

  // start runs the softd beside this program for the development platform in `device_dir`.
  [[nodiscard]] static Result<KeepService, keep::Failure> start(const std::string& device_dir,
                                                                const std::string& agent);

  KeepService(const KeepService&) = delete;
  KeepService& operator=(const KeepService&) = delete;
  KeepService(KeepService&& other) noexcept;
  KeepService& operator=(KeepService&&) = delete;
  ~KeepService();

  [[nodiscard]] int fd() const { return fd_.get(); }

  // await_start is what the service says of the demand that was sent. Its failure; kDenied
  // where a softd of this run's own ended with a refusal, kUnavailable where it went away.
  [[nodiscard]] Result<keep::LaunchStarted, keep::Failure> await_start() const;

  // await_end is how a keep ended that said nothing: a failure in any case.
  [[nodiscard]] keep::Failure await_end() const;

 private:
  KeepService(keep::UniqueFd fd, pid_t pid) : fd_(std::move(fd)), pid_(pid) {}

  keep::UniqueFd fd_;
  pid_t pid_;  // of a softd of its own; 0: none
};

// stream_pair makes the two ends of a unix stream.
[[nodiscard]] Result<void, keep::Failure> stream_pair(keep::UniqueFd& here, keep::UniqueFd& there);

// service_hint is what to do where no softd answers: "" for one that a run starts itself.
[[nodiscard]] std::string service_hint(const std::string& device_dir,
                                       const std::string& socket_path);

// default_socket is where softd listens unless told otherwise: /run/ward/softd.sock for root, else
// below XDG_RUNTIME_DIR.
[[nodiscard]] std::string default_socket();

}  // namespace ward::cli
