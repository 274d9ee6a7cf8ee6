#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "net/tls/context.h"
#include "protocol/exchange.h"

namespace ward::net {

// Bounds of one server. Whoever exceeds one gets 413, 431 or 503, or loses the connection.
struct ServerOptions {
  std::string address = "127.0.0.1";  // an IP address
  std::uint16_t port = 0;             // 0: the system chooses
  std::size_t max_body_bytes = 2U << 20U;
  // Of all bodies together, and of those from one address, that are on their way or at work: who
  // comes beyond them gets 503 with Retry-After. Each is at least max_body_bytes. A body counts as
  // long as it says that it is, one that does not say it as the longest; a small one does not
  // count.
  std::size_t max_bodies_bytes = 64U << 20U;
  std::size_t max_bodies_bytes_of_peer = 32U << 20U;
  std::size_t small_body_bytes = 64U << 10U;
  std::uint32_t max_header_bytes = 32U << 10U;
  // Beyond it one goes that waits for its peer, or where all requests are at work the newcomer is
  // closed.
  std::size_t max_connections = 256;
  unsigned io_threads = 1;       // sockets and TLS: each has its own connections
  unsigned handler_threads = 4;  // requests at work at the same time
  // For the handshake, and for each request to arrive whole, from the end of what was before: so it
  // bounds idle time too.
  std::chrono::milliseconds request_timeout{20000};
  std::chrono::milliseconds reply_timeout{20000};  // for a whole reply to be taken
  std::chrono::milliseconds stream_pause{500};     // between two questions to a Source
};

// Handler answers one request. It is called from several threads at once and must not throw; what
// it throws is answered with 500.
using Handler = std::function<protocol::HttpResponse(const protocol::HttpRequest&)>;

// Source is what a reply without an end goes on with. One thread at a time.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // more returns the next octets; empty: there are none now, it is asked again after a pause;
  // nullopt: the reply ends here. It is called by the threads that answer requests, must not wait
  // and must not throw, and not before the peer has taken what it returned last: so a slow peer
  // costs one piece of memory, and after reply_timeout its connection.
  [[nodiscard]] virtual std::optional<Buffer> more() = 0;
};

// Stream is a reply that begins one, and what it goes on with. Without a source it is a reply as
// any other.
struct Stream {
  protocol::HttpResponse begin;
  std::unique_ptr<Source> source;
};

// StreamHandler is asked before the Handler, in the same manner; nullopt: this request is not for
// it.
using StreamHandler = std::function<std::optional<Stream>(const protocol::HttpRequest&)>;

// HttpServer serves HTTP/1.1, over TLS 1.3 or without, until it is stopped. Slow peers cost a
// connection, never a thread, and never somebody else's connection while they have more of them.
class HttpServer {
 public:
  HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // The destructor is stop().
  virtual ~HttpServer() = default;

  [[nodiscard]] virtual std::uint16_t port() const = 0;

  // stop takes no new connection, lets requests at work end, and returns when all threads have.
  virtual void stop() = 0;
};

// serve_https binds and starts. kUnavailable: the address cannot be bound; kMalformed: no address.
// Without `streams` there are none.
[[nodiscard]] Result<std::unique_ptr<HttpServer>> serve_https(const ServerOptions& options,
                                                              const TlsContext& context,
                                                              Handler handler,
                                                              StreamHandler streams = {});

// serve_http is the same without TLS: for what is public and whose signatures are verified by
// whoever takes it. Errors as serve_https.
[[nodiscard]] Result<std::unique_ptr<HttpServer>> serve_http(const ServerOptions& options,
                                                             Handler handler,
                                                             StreamHandler streams = {});

}  // namespace ward::net
