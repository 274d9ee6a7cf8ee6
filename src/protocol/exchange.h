#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::protocol {

using Header = std::pair<std::string, std::string>;

// HttpRequest is a request without its connection: `Host`, `Content-Length` and the like are the
// carrier's.
struct HttpRequest {
  std::string method;  // "GET", "POST", "DELETE"
  std::string target;  // path and query, "/kbs/v0/auth"
  std::vector<Header> headers;
  Buffer body;
  // What the client of the connection showed in TLS and has the key of, as DER, its own first; not
  // judged. Empty: none. A server's carrier fills it in, and no client sends it.
  std::vector<Buffer> client_certificates{};

  // header returns the first value of `name` (any case), nullopt where absent.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

// HttpResponse is a reply without its connection.
struct HttpResponse {
  unsigned status = 0;
  std::vector<Header> headers;
  Buffer body;

  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

// Exchange carries one request to the peer and brings its reply. net/http/client.h has one over any
// Transport; tests use a function. One thread at a time.
class Exchange {
 public:
  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  // exchange returns the peer's reply, whatever its status. kUnavailable: no reply came;
  // kMalformed, kTruncated, kLimit: what came is no HTTP reply within the bounds.
  [[nodiscard]] virtual Result<HttpResponse> exchange(const HttpRequest& request) = 0;
};

}  // namespace ward::protocol
