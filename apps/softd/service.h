#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "keep/fd.h"
#include "keep/launcher.h"
#include "tee/soft/platform.h"

namespace ward::softd {

// At most as many keeps run at a time; who asks for one more waits in the listen queue.
inline constexpr std::size_t kMaxKeeps = 64;

// Of which one user, other than softd's own, has at most so many; one more is refused.
inline constexpr std::size_t kMaxKeepsOfOther = 16;

struct ServiceOptions {
  std::string socket_path;
  std::vector<uid_t> users;  // who may ask beside softd's own user
  std::string agent;
};

// listen_at makes the socket, mode 0600, or 0666 where other users may ask (each is then judged by
// its uid). A socket that nobody listens to any more is replaced; anything else at that path is
// kDenied. kUnavailable.
[[nodiscard]] Result<keep::UniqueFd, keep::Failure> listen_at(const ServiceOptions& options);

// serve answers connections, each in a process of its own, until SIGTERM, SIGINT, SIGHUP or
// SIGQUIT; then it ends every keep, waits for them and removes the socket. The caller has one
// thread and lets these signals at their default.
[[nodiscard]] Result<void, keep::Failure> serve(keep::UniqueFd listener,
                                                const ServiceOptions& options,
                                                const soft::Platform& platform);

// serve_one answers a connection that the caller was started with, and returns when its keep ended.
[[nodiscard]] Result<void, keep::Failure> serve_one(int socket, const std::string& agent,
                                                    const soft::Platform& platform);

}  // namespace ward::softd
