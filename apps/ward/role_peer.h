#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "net/socket.h"
#include "net/tls/context.h"
#include "protocol/exchange.h"

// Whom a role talks to (`ward role`).
namespace ward::cli {

// PeerOptions name a server: "https://host:port" with one of the others, or "http://host:port" of
// one whose answers are signed or public.
struct PeerOptions {
  std::string url;
  std::string server_key;
  std::string ca;
};

// Peer is such a server. Immutable: safe from several threads.
class Peer {
 public:
  // of reads the options; the exit code after the line for people was written.
  [[nodiscard]] static Result<Peer, int> of(const PeerOptions& options);

  // ask connects, and brings the body of a reply with status 200. kDenied: another status, and
  // `why` holds what the server said; kUnavailable, kUntrusted and what else net/http/client.h has.
  [[nodiscard]] Result<Buffer> ask(const protocol::HttpRequest& request, std::string& why) const;

  [[nodiscard]] Result<Buffer> get(std::string target, std::string& why) const;
  [[nodiscard]] Result<Buffer> post(std::string target, std::string_view body,
                                    std::string& why) const;

  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  Peer(std::string url, net::Url address, std::optional<net::ServerTrust> trust)
      : url_(std::move(url)), address_(std::move(address)), trust_(std::move(trust)) {}

  std::string url_;
  net::Url address_;
  std::optional<net::ServerTrust> trust_;  // nullopt: without TLS
};

// peer_failure says why a peer gave nothing, and returns the exit code.
int peer_failure(const Peer& peer, const Error& error, const std::string& why);

}  // namespace ward::cli
