#include "apps/ward/role_peer.h"

#include <memory>

#include "apps/ward/cli.h"
#include "apps/ward/input.h"
#include "apps/ward/server_trust.h"
#include "net/http/client.h"
#include "protocol/kbs/message.h"

namespace ward::cli {
namespace {

constexpr int kTimeoutMs = 20000;
constexpr std::string_view kPlain = "http://";
constexpr std::uint16_t kPlainPort = 80;

// What a server's refusal says, by the members that errors have.
std::string said(const protocol::HttpResponse& reply) {
  const std::string status = "status " + std::to_string(reply.status);
  const auto body = protocol::kbs::parse_error(reply.body);
  return body ? status + ": " + body->detail : status;
}

std::string host_of(const net::Url& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  return (v6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

}  // namespace

Result<Peer, int> Peer::of(const PeerOptions& options) {
  const bool plain = options.url.starts_with(kPlain);
  auto url =
      net::parse_https_url(plain ? "https://" + options.url.substr(kPlain.size()) : options.url);
  if (!url) {
    return fail(kUsage, options.url + ": " + error_text(url.error()),
                "as in https://host:port, or http://host:port");
  }
  if (!plain) {
    WARD_TRY(net::ServerTrust trust, server_trust(options.server_key, options.ca, *url));
    return Peer(options.url, *std::move(url), std::move(trust));
  }
  if (!options.server_key.empty() || !options.ca.empty()) {
    return fail(kUsage, options.url + ": a server without TLS has no key to compare");
  }
  if (options.url.find(':', kPlain.size()) == std::string::npos) url->port = kPlainPort;
  return Peer(options.url, *std::move(url), std::nullopt);
}

Result<Buffer> Peer::ask(const protocol::HttpRequest& request, std::string& why) const {
  std::unique_ptr<protocol::Exchange> exchange;
  if (trust_) {
    WARD_TRY(auto connection, net::https_connect(address_, *trust_, system_now(), kTimeoutMs));
    exchange = std::move(connection.exchange);
  } else {
    WARD_TRY(auto stream, net::tcp_connect(address_.host, address_.port, kTimeoutMs));
    exchange = net::http_over(std::move(stream), host_of(address_), address_.path);
  }
  WARD_TRY(protocol::HttpResponse reply, exchange->exchange(request));
  if (reply.status == 200) return std::move(reply.body);
  why = said(reply);
  constexpr unsigned kServerFaults = 500;
  if (reply.status >= kServerFaults) return Error(Errc::kUnavailable, "the server cannot");
  return Error(Errc::kDenied, "the server refuses");
}

Result<Buffer> Peer::get(std::string target, std::string& why) const {
  return ask({.method = "GET", .target = std::move(target), .headers = {}, .body = {}}, why);
}

Result<Buffer> Peer::post(std::string target, std::string_view body, std::string& why) const {
  return ask({.method = "POST",
              .target = std::move(target),
              .headers = {{"Content-Type", "application/json"}},
              .body = to_buffer(as_bytes(body))},
             why);
}

int peer_failure(const Peer& peer, const Error& error, const std::string& why) {
  const bool refused = error.code() == Errc::kDenied || error.code() == Errc::kUntrusted ||
                       error.code() == Errc::kStale;
  return fail(refused ? kRefused : kCouldNotTell,
              peer.url() + ": " + (why.empty() ? error_text(error) : why));
}

}  // namespace ward::cli
