#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

#include "tee/soft/platform.h"

namespace ward::softd {

// How long a peer may take, in all, to say which keep it wants.
inline constexpr int kDemandLimitMs = 30'000;

// What is said at every start, and of every keep that starts.
inline constexpr const char* kMark =
    "software TEE for development: the administrator of this machine can read everything";

// Peer is who asks for a keep: the sources are opened under these rights where softd is root.
struct Peer {
  uid_t uid = 0;
  gid_t gid = 0;
};

// ConnectionRequest is one connection, in a process of its own.
struct ConnectionRequest {
  int socket = -1;    // borrowed
  int lifeline = -1;  // borrowed; a pipe's end that hangs up when softd is gone. -1: none
  Peer peer;
  std::uint32_t number = 0;  // keep::LaunchRequest::number
  std::string agent;
  int demand_limit_ms = kDemandLimitMs;
};

// serve_connection reads one demand, starts the keep, vouches for it while it runs, and says how it
// ended. When the peer or softd is gone or a signal comes, the keep ends, or is given up while it
// is being built; before that signals end the process. Nothing is kept.
void serve_connection(const ConnectionRequest& request, const soft::Platform& platform);

}  // namespace ward::softd
