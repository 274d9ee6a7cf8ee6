#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "broker/events.h"
#include "store/store.h"

// Webhooks: receivers that events are sent to (docs/protocols/events.md). What is kept of one, who
// delivers to it, and how far it has come. The sockets are apps/wardd's.
namespace ward::broker {

inline constexpr std::string_view kWebhookTable = "event.webhook";             // id, sealed
inline constexpr std::string_view kWebhookStateTable = "event.webhook.state";  // id

inline constexpr std::size_t kMaxWebhooks = 16;  // of the service
inline constexpr std::size_t kMaxWebhookUrl = 1024;
inline constexpr std::size_t kMaxWebhookCa = 64U << 10U;  // octets of PEM

// The leaf of `ward webhook test`: it is sent to the webhook that its subject names, whatever kinds
// that asked for, and to no other.
inline constexpr std::string_view kWebhookTestKind = "webhook.test";

// How long one replica delivers to a webhook before another may: longer than an attempt takes.
inline constexpr std::int64_t kDeliveryHold_s = 60;

// A pause that is longer was written by a clock that was wrong.
inline constexpr std::int64_t kMaxRetryPause_s = 3600;

// retry_pause_s is how long after its `failures`-th failure in a row (1 or more) a webhook is tried
// again: 5 s, then twice as long each time, at most an hour. For ever: nothing is dropped.
[[nodiscard]] std::int64_t retry_pause_s(std::uint32_t failures);

// WebhookUrl is where a webhook goes.
struct WebhookUrl {
  bool tls = true;
  std::string host;  // an IPv6 address without brackets
  std::uint16_t port = 443;
  std::string target = "/";  // path and query
};

// parse_webhook_url reads `https://host[:port][/path][?query]` without user and fragment, and
// `http://` where the host is an address that begins with 127., [::1] or localhost. kMalformed,
// kUnsupported (another scheme), kLimit.
[[nodiscard]] Result<WebhookUrl> parse_webhook_url(std::string_view text);

// Webhook is one receiver.
struct Webhook {
  std::string id;  // sixteen hex digits
  std::string url;
  Kinds kinds;
  std::string ca;  // PEM; empty: the system's
  std::string by;  // an administrator
  UnixTime created;
};

// WebhookState is how far its delivery has come.
struct WebhookState {
  std::uint64_t next = 0;                  // the first index that it was not asked about
  std::optional<std::uint64_t> delivered;  // the newest event that it took, and when
  UnixTime delivered_at;
  std::uint32_t failures = 0;  // in a row
  std::string error;           // of the newest; our own words. Empty: it took the newest
  UnixTime failed_at;
  UnixTime retry_at;    // not before
  std::string held_by;  // a replica
  UnixTime held_until;
};

// WebhookLine is one of the list.
struct WebhookLine {
  Webhook webhook;
  WebhookState state;
};

// NewWebhook is what an administrator gives.
struct NewWebhook {
  std::string url;
  Kinds kinds;
  std::string ca;
};

// Webhooks is their administration, an administrator's alone. Every act is a leaf of the ledger.
// Safe from several threads.
class Webhooks {
 public:
  explicit Webhooks(const Service& service) : service_(service) {}

  // add makes one, which is told of what comes after it. 400: the URL, or a CA that is none; 409:
  // there are kMaxWebhooks.
  [[nodiscard]] Answer<Webhook> add(const Actor& actor, NewWebhook asked, UnixTime now) const;

  [[nodiscard]] Answer<std::vector<WebhookLine>> list(const Actor& actor, UnixTime now) const;

  // remove stops it: what it did not get yet, it gets no more.
  [[nodiscard]] Answer<void> remove(const Actor& actor, std::string_view id, UnixTime now) const;

  // test writes a leaf that goes to this webhook, which is tried at once; the leaf's index.
  [[nodiscard]] Answer<std::uint64_t> test(const Actor& actor, std::string_view id,
                                           UnixTime now) const;

 private:
  const Service& service_;
};

// Outbox is one replica's side of delivery. Every step is a transaction that finds the webhook held
// by this replica, or does nothing: kDenied, where another has it now or it was removed. Safe from
// several threads.
class Outbox {
 public:
  // `replica` differs from those of all others.
  Outbox(const Service& service, std::string replica)
      : service_(service), replica_(std::move(replica)) {}

  // due lists the webhooks that somebody should look after now: they have something before them,
  // their pause is over, and no other replica holds them. A pause or a hold that lies farther ahead
  // than any may be is over: a wrong clock wrote it.
  [[nodiscard]] Result<std::vector<std::string>> due(UnixTime now) const;

  // claim holds one for kDeliveryHold_s; nullopt where it is not due any more.
  [[nodiscard]] Result<std::optional<Webhook>> claim(const std::string& id, UnixTime now) const;

  // next is the first event for it; nullopt where there is none among the next leaves, of which it
  // looks at no more than kMaxEventsScanned. It moves the position over what is not for it, and
  // prolongs the hold.
  [[nodiscard]] Result<std::optional<Event>> next(const Webhook& webhook, UnixTime now) const;

  // delivered moves the position behind an event.
  [[nodiscard]] Result<void> delivered(const std::string& id, std::uint64_t index,
                                       UnixTime now) const;

  // failed writes down why, sets the pause and lets go. `error` holds nothing of the peer's.
  [[nodiscard]] Result<void> failed(const std::string& id, std::string_view error,
                                    UnixTime now) const;

  // release lets go.
  [[nodiscard]] Result<void> release(const std::string& id) const;

 private:
  const Service& service_;
  std::string replica_;
};

}  // namespace ward::broker
