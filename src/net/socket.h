#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "net/address.h"
#include "net/lookup.h"
#include "protocol/transport.h"

namespace ward::net {

// socket_transport owns `fd`, a connected stream socket, and puts a bound of `timeout_ms` on each
// wait for the peer (kUnavailable after it). A peer that is gone is an error, never a signal.
[[nodiscard]] std::unique_ptr<protocol::Transport> socket_transport(int fd, int timeout_ms);

// The same where one bound holds for all waits together: `left_ms` says before each of them how
// many milliseconds it may last.
[[nodiscard]] std::unique_ptr<protocol::Transport> socket_transport(int fd,
                                                                    std::function<int()> left_ms);

// At most so many of a host's addresses are tried.
inline constexpr std::size_t kMaxAddressesTried = 4;

// tcp_connect connects to `host` (a name, or an address without brackets), trying its addresses in
// order, the first kMaxAddressesTried, for at most `timeout_ms` together: each has its share of
// what is left. kUnavailable: the name is not known, or nothing answers.
[[nodiscard]] Result<std::unique_ptr<protocol::Transport>> tcp_connect(const std::string& host,
                                                                       std::uint16_t port,
                                                                       int timeout_ms);

// tcp_connect_fd is tcp_connect for a caller that needs the descriptor itself, which it then owns;
// the socket is nonblocking.
[[nodiscard]] Result<int> tcp_connect_fd(const std::string& host, std::uint16_t port,
                                         int timeout_ms);

// ConnectOptions are for a caller who does not choose the host himself.
struct ConnectOptions {
  int timeout_ms = 0;                        // for the name and all addresses together
  Lookups& lookups;                          // borrowed
  std::function<bool(AddressKind)> allowed;  // which addresses are connected to
  std::function<void(int)> connecting;       // told of each socket before it is waited for
  std::stop_token stop;                      // ends the wait for the name
};

// The same to those of the host's addresses alone that are allowed: what was looked at is what is
// connected to, whatever the name means a moment later. kDenied: it has others only; errors of
// Lookups::find.
[[nodiscard]] Result<int> tcp_connect_fd(const std::string& host, std::uint16_t port,
                                         const ConnectOptions& options);

// Url is a server's address, "https://host:port", and the path below which it answers.
struct Url {
  std::string host;
  std::uint16_t port = 443;
  std::string path{};  // "/t/acme": no `/` at its end; empty: the root
};

inline constexpr std::size_t kMaxBasePath = 255;  // octets

// parse_https_url reads `https://host[:port][/path]`, with or without a `/` at its end. A path's
// segments are of A-Z a-z 0-9 . _ ~ - and none is empty, `.` or `..`. kMalformed; kUnsupported for
// another scheme.
[[nodiscard]] Result<Url> parse_https_url(std::string_view text);

}  // namespace ward::net
