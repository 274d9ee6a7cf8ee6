#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/socket.h"
#include "protocol/exchange.h"

namespace ward::net {

// Place is what an https URL names: a server, and the path and query there ("/" where it has none).
struct Place {
  Url server;
  std::string target;
};

// parse_https_place reads `https://host[:port][/path][?query]`, printable ASCII without a fragment,
// at most 2048 octets. kMalformed, kLimit, kUnsupported: another scheme.
[[nodiscard]] Result<Place> parse_https_place(std::string_view url);

// FetchOptions bound one exchange with a server that is known by its CA.
struct FetchOptions {
  std::string_view ca_pem;  // what the server's certificate must lead to; borrowed
  UnixTime now;
  int timeout_ms = 5000;  // for all of it, but for what the system takes to look a name up
  std::size_t max_bytes = 256U << 10U;  // of the reply's body
};

// https_fetch sends one request to the place and brings the reply, whatever its status; no
// redirection is followed. The request's own target is not used. Errors of parse_https_place,
// tcp_connect, client_context, tls_connect and Exchange::exchange.
[[nodiscard]] Result<protocol::HttpResponse> https_fetch(std::string_view url,
                                                         protocol::HttpRequest request,
                                                         const FetchOptions& options);

}  // namespace ward::net
