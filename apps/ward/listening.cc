#include "apps/ward/listening.h"

#include <csignal>
#include <cstdio>

#include <unistd.h>

#include "apps/ward/cli.h"

namespace ward::cli {
namespace {

sigset_t ends() {
  sigset_t out;
  sigemptyset(&out);
  sigaddset(&out, SIGINT);
  sigaddset(&out, SIGTERM);
  return out;
}

bool read_listen(std::string_view text, net::ServerOptions& out) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  } else if (address.find(':') != std::string_view::npos) {
    return false;
  }
  unsigned port = 0;
  const std::string_view digits = text.substr(colon + 1);
  if (digits.empty() || digits.size() > 5) return false;
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port > 65535 || address.empty()) return false;
  out.address = std::string(address);
  out.port = static_cast<std::uint16_t>(port);
  return true;
}

std::string url_of(const net::ServerOptions& options, std::uint16_t port) {
  const bool v6 = options.address.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + options.address + "]" : options.address) + ":" +
         std::to_string(port);
}

}  // namespace

net::ServerOptions small_bounds() {
  net::ServerOptions out;
  out.max_body_bytes = 1024;
  out.max_header_bytes = 16U << 10U;
  out.max_connections = 64;
  out.io_threads = 1;
  out.handler_threads = 1;
  return out;
}

bool block_ends() {
  const sigset_t signals = ends();
  return ::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0;
}

int serve_until_end(const Listening& listening,
                    const std::function<int(const std::string&)>& tell) {
  net::ServerOptions options = listening.bounds;
  if (!read_listen(listening.listen, options)) {
    return fail(kUsage, "--listen: not ADDRESS:PORT",
                "as in 127.0.0.1:8081; port 0 takes a free one");
  }
  // The server's threads inherit it, and the signal waits for sigwait.
  if (!block_ends()) return fail(kCouldNotTell, "signals cannot be blocked");
  const auto server = net::serve_http(options, listening.handler);
  if (!server && server.error().code() == Errc::kMalformed) {
    return fail(kUsage, "--listen: not an IP address", "as in 127.0.0.1:8081");
  }
  if (!server) return fail(kCouldNotTell, listening.listen + ": cannot be listened on");
  if (const int code = tell(url_of(options, (*server)->port())); code != kAccepted) return code;
  if (std::fflush(stdout) != 0) return fail(kCouldNotTell, "standard output cannot be written");
  const sigset_t signals = ends();
  int which = 0;
  while (::sigwait(&signals, &which) != 0) {
  }
  (*server)->stop();
  return kAccepted;
}

}  // namespace ward::cli
