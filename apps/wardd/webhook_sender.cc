#include "apps/wardd/webhook_sender.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "codec/json_write.h"
#include "net/http/client.h"
#include "net/socket.h"
#include "net/tls/stream.h"
#include "server/files.h"

namespace ward::wardd {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMaxCaBytes = 4U << 20U;

std::string host_header(const broker::WebhookUrl& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + url.host + "]" : url.host;
  const bool usual = url.port == (url.tls ? 443 : 80);
  return usual ? host : host + ":" + std::to_string(url.port);
}

// may_connect is the policy: what is public, over TLS; the own machine and private networks where
// the configuration says so; nothing else ever.
bool may_connect(net::AddressKind kind, bool tls, bool private_addresses) {
  switch (kind) {
    case net::AddressKind::kPublic:
      return tls;
    case net::AddressKind::kPrivate:
      return tls && private_addresses;
    case net::AddressKind::kLoopback:
      return private_addresses;
    case net::AddressKind::kForbidden:
      return false;
  }
  return false;
}

Result<net::TlsContext> context_for(const broker::Webhook& webhook, const std::string& host,
                                    UnixTime now) {
  std::string pem = webhook.ca;
  if (pem.empty()) {
    WARD_TRY(const Buffer system, server::read_file(kSystemCas, kMaxCaBytes));
    pem = as_text(system);
  }
  return net::client_context(net::CaTrust{std::move(pem), host}, now);
}

}  // namespace

Result<std::string> webhook_body(const std::string& service, const broker::Event& event) {
  codec::JsonWriter w;
  w.begin_object().member("type", event.entry.kind);
  w.member("timestamp", format_rfc3339(event.entry.time)).member("service", service);
  w.name("data").begin_object();
  WARD_CHECK_OK(broker::write_event(w, event));
  return w.end_object().end_object().take();
}

Result<std::string> webhook_signature(const crypto::PrivateKey& key, std::string_view id,
                                      UnixTime timestamp, std::string_view body) {
  const std::string content =
      std::string(id) + "." + std::to_string(timestamp.seconds) + "." + std::string(body);
  WARD_TRY(const Buffer signature,
           key.sign(crypto::SignatureAlgorithm::kEd25519, as_bytes(content)));
  return "v1a," + to_base64(signature, Base64::kStandard);
}

Abort::~Abort() {
  if (fd_ >= 0) ::close(fd_);
}

void Abort::watch(int fd) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::dup(fd);
  if (stop_.stop_requested() && fd_ >= 0) (void)::shutdown(fd_, SHUT_RDWR);
}

void Abort::abort() {
  stop_.request_stop();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (fd_ >= 0) (void)::shutdown(fd_, SHUT_RDWR);
}

Result<unsigned> send_webhook(const SenderOptions& options, const broker::Webhook& webhook,
                              const broker::Event& event, UnixTime now, Abort& abort) {
  const auto end = Steady::now() + std::chrono::milliseconds(kWebhookAttemptMs);
  WARD_TRY(const broker::WebhookUrl url, broker::parse_webhook_url(webhook.url));
  WARD_TRY(const std::string body, webhook_body(options.service, event));
  const std::string id = broker::event_id(event);
  WARD_TRY(std::string signature, webhook_signature(options.key, id, now, body));
  WARD_TRY(const int fd,
           net::tcp_connect_fd(url.host, url.port,
                               {.timeout_ms = kWebhookConnectMs,
                                .lookups = options.lookups,
                                .allowed =
                                    [&](net::AddressKind kind) {
                                      return may_connect(kind, url.tls, options.private_addresses);
                                    },
                                .connecting = [&abort](int connecting) { abort.watch(connecting); },
                                .stop = abort.token()}));
  std::unique_ptr<protocol::Transport> stream = net::socket_transport(fd, [end] {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Steady::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  });
  if (url.tls) {
    WARD_TRY(const net::TlsContext context, context_for(webhook, url.host, now));
    WARD_TRY(stream, net::tls_connect(std::move(stream), context, url.host));
  }
  const auto exchange = net::http_over(std::move(stream), host_header(url), {}, kMaxWebhookReply);
  WARD_TRY(const protocol::HttpResponse reply,
           exchange->exchange({.method = "POST",
                               .target = url.target,
                               .headers = {{"Content-Type", "application/json"},
                                           {"User-Agent", "wardd"},
                                           {"Connection", "close"},
                                           {"webhook-id", id},
                                           {"webhook-timestamp", std::to_string(now.seconds)},
                                           {"webhook-signature", std::move(signature)}},
                               .body = to_buffer(as_bytes(body))}));
  return reply.status;
}

}  // namespace ward::wardd
