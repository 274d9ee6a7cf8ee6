#pragma once

#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "broker/events.h"
#include "broker/webhooks.h"
#include "crypto/sign.h"
#include "net/lookup.h"

namespace ward::wardd {

// One attempt has so long to find the receiver's name and to connect to one of its addresses, and
// so long in all; a receiver's reply has so many octets.
inline constexpr int kWebhookConnectMs = 5000;
inline constexpr int kWebhookAttemptMs = 10000;
inline constexpr std::size_t kMaxWebhookReply = 64U << 10U;

// kSystemCas is where Debian's CAs are, for webhooks without their own.
inline constexpr const char* kSystemCas = "/etc/ssl/certs/ca-certificates.crt";

// SenderOptions are what all attempts share; borrowed.
struct SenderOptions {
  const crypto::PrivateKey& key;  // Ed25519
  std::string service;            // its name
  net::Lookups& lookups;          // of the receivers' names
  bool private_addresses = false;
};

// webhook_body is what a receiver gets: {"type":...,"timestamp":...,"service":...,"data":{...}},
// the form that Standard Webhooks recommends; `data` is the ledger's entry.
[[nodiscard]] Result<std::string> webhook_body(const std::string& service,
                                               const broker::Event& event);

// webhook_signature is the value of the header webhook-signature: "v1a," and, in base64, Ed25519
// over "<id>.<timestamp>.<body>" (Standard Webhooks 1.0.0, asymmetric).
[[nodiscard]] Result<std::string> webhook_signature(const crypto::PrivateKey& key,
                                                    std::string_view id, UnixTime timestamp,
                                                    std::string_view body);

// Abort ends an attempt at once from another thread.
class Abort {
 public:
  Abort() = default;
  Abort(const Abort&) = delete;
  Abort& operator=(const Abort&) = delete;
  ~Abort();

  // watch keeps a copy of the socket; abort shuts it down, and any that comes after, and ends what
  // waits with the token.
  void watch(int fd);
  void abort();

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

 private:
  std::mutex mutex_;
  int fd_ = -1;
  std::stop_source stop_;
};

// send makes one attempt: it connects to an address that the policy allows, sends the event and
// returns the reply's status. Redirects are a status as any other. kDenied: no address that is
// connected to; kUnavailable, kUntrusted, kStale, kMalformed, kLimit: of the connection, its
// certificate, the reply; kLimit also where too many names are being looked up.
[[nodiscard]] Result<unsigned> send_webhook(const SenderOptions& options,
                                            const broker::Webhook& webhook,
                                            const broker::Event& event, UnixTime now, Abort& abort);

}  // namespace ward::wardd
