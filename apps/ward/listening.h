#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "net/http/server.h"

// Commands that serve until somebody ends them.
namespace ward::cli {

// Listening is what such a command serves, and where.
struct Listening {
  std::string listen;  // "ADDRESS:PORT", an IPv6 address in brackets; port 0: the system chooses
  net::ServerOptions bounds;
  net::Handler handler;
};

// small_bounds fit what is asked seldom and in few words.
[[nodiscard]] net::ServerOptions small_bounds();

// block_ends keeps SIGINT and SIGTERM for serve_until_end: before any thread begins.
[[nodiscard]] bool block_ends();

// serve_until_end serves HTTP without TLS; `tell` prints where, by its URL, and what it returns but
// kAccepted ends it. Returns the command's exit code.
int serve_until_end(const Listening& listening, const std::function<int(const std::string&)>& tell);

}  // namespace ward::cli
