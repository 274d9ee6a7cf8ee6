#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/socket.h"
#include "net/tls/context.h"
#include "net/tls/stream.h"
#include "protocol/exchange.h"

namespace ward::net {

inline constexpr std::size_t kMaxReplyBytes = 32U << 20U;  // of a body
inline constexpr std::uint32_t kMaxReplyHeaderBytes = 64U << 10U;

// http_over speaks HTTP/1.1 over `stream`, which it owns, one request after another. `host` is the
// Host header; `base` (Url::path) comes before the path of every request. After an error of
// exchange(), or a reply that ends the connection, every further call is kUnavailable. A reply's
// body has at most `max_reply_bytes` (kLimit).
[[nodiscard]] std::unique_ptr<protocol::Exchange> http_over(
    std::unique_ptr<protocol::Transport> stream, std::string host, std::string base = {},
    std::size_t max_reply_bytes = kMaxReplyBytes);

// authority is the Host header of a server: "localhost:8443" (RFC 9110 section 7.2).
[[nodiscard]] std::string authority(const Url& url);

// HttpsConnection is a server that has proved its key.
struct HttpsConnection {
  std::unique_ptr<protocol::Exchange> exchange;
  crypto::Sha256Digest spki_sha256{};
};

// https_connect connects, does the handshake and returns the connection. `identity` is null for a
// client without a certificate. Errors of tcp_connect, client_context and tls_connect.
[[nodiscard]] Result<HttpsConnection> https_connect(const Url& url, const ServerTrust& trust,
                                                    UnixTime now, int timeout_ms,
                                                    const ClientIdentity* identity = nullptr);

}  // namespace ward::net
