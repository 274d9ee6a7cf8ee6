#include "broker/webhooks.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "broker/records.h"
#include "broker/webhook_rows.h"
#include "crypto/digest.h"
#include "ledger/ledger.h"

namespace ward::broker {
namespace {

constexpr std::string_view kType = "WebhookError";
constexpr std::string_view kSubject = "webhooks";
constexpr std::size_t kIdRandom = 8;

bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host == "::1" || host == "localhost";
}

Refusal none() { return refuse(404, "ResourceNotFound", CheckId::kWebhookExists); }

Result<void> full_after(store::View& view, bool& full) {
  WARD_TRY(const auto rows, view.list_keys(kWebhookTable, "", "", kMaxWebhooks));
  full = rows.size() == kMaxWebhooks;
  return {};
}

std::string joined(const Kinds& kinds) {
  std::string out;
  for (const std::string& one : kinds) {
    out += (out.empty() ? "" : ",") + one;
  }
  return out;
}

Result<void> split_host(std::string_view& text, WebhookUrl& url) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return Error(Errc::kMalformed, "webhook.url: bracket");
    url.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
  } else {
    url.host = text.substr(0, text.find_first_of(":/?"));
    text.remove_prefix(url.host.size());
  }
  if (url.host.empty() || url.host.size() > 255 ||
      url.host.find_first_of("/?#@[]%\\") != std::string::npos) {
    return Error(Errc::kMalformed, "webhook.url: host");
  }
  if (!text.starts_with(':')) return {};
  text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), url.port);
  if (error != std::errc{} || url.port == 0) return Error(Errc::kMalformed, "webhook.url: port");
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return {};
}

}  // namespace

std::int64_t retry_pause_s(std::uint32_t failures) {
  constexpr std::int64_t kFirst_s = 5;
  constexpr std::uint32_t kDoublings = 10;  // enough to come to the most
  return std::min(kMaxRetryPause_s,
                  kFirst_s << std::min(failures == 0 ? 0 : failures - 1, kDoublings));
}

Result<WebhookUrl> parse_webhook_url(std::string_view text) {
  constexpr std::string_view kHttps = "https://";
  constexpr std::string_view kHttp = "http://";
  if (text.size() > kMaxWebhookUrl) return Error(Errc::kLimit, "webhook.url: length");
  const bool plain = std::ranges::all_of(
      text, [](char c) { return c > ' ' && c < 0x7f && c != '#' && c != '"' && c != '\\'; });
  if (!plain) return Error(Errc::kMalformed, "webhook.url: a character that no URL has");
  WebhookUrl url;
  url.tls = text.starts_with(kHttps);
  if (!url.tls && !text.starts_with(kHttp)) {
    return Error(Errc::kUnsupported, "webhook.url: it begins with https://");
  }
  text.remove_prefix(url.tls ? kHttps.size() : kHttp.size());
  url.port = url.tls ? 443 : 80;
  WARD_CHECK_OK(split_host(text, url));
  if (!url.tls && !is_loopback(url.host)) {
    return Error(Errc::kUnsupported, "webhook.url: without TLS to the own machine alone");
  }
  if (text.starts_with('?')) {
    url.target = "/" + std::string(text);
  } else if (text.starts_with('/')) {
    url.target = text;
  } else if (!text.empty()) {
    return Error(Errc::kMalformed, "webhook.url: port");
  }
  return url;
}

Answer<Webhook> Webhooks::add(const Actor& actor, NewWebhook asked, UnixTime now) const {
  WARD_CHECK_OK(allow(service_, actor, actor.role == Role::kAdministrator, kSubject, now));
  if (const auto url = parse_webhook_url(asked.url); !url) {
    return refuse(400, kType, CheckId::kWebhookUrl, url.error().what());
  }
  if (asked.ca.size() > kMaxWebhookCa) {
    return refuse(400, kType, CheckId::kWebhookUrl, "Its CA certificates have over 65536 octets.");
  }
  Webhook made{.id = to_hex(crypto::random_array<kIdRandom>(service_.rng)),
               .url = std::move(asked.url),
               .kinds = std::move(asked.kinds),
               .ca = std::move(asked.ca),
               .by = actor.name,
               .created = now};
  bool full = false;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(full_after(tx, full));
    if (full) return Error(Errc::kLimit, "broker.webhooks: number");
    WARD_TRY(const ledger::Head head, ledger::read_head(tx));
    WARD_CHECK_OK(save_webhook(tx, service_, made));
    WebhookState state;
    state.next = head.size;
    WARD_CHECK_OK(save_state(tx, made.id, state, 0));
    return record(tx, service_.keys,
                  act_of(actor, now, "webhook.add", made.id,
                         {{"kinds", joined(made.kinds)},
                          {"before", ""},
                          {"after", audit_digest(service_.keys, as_bytes(made.url))}}));
  });
  if (full) {
    return refuse(409, kType, CheckId::kWebhookRoom, "There are 16, the most there may be.");
  }
  if (!done) return unavailable(done.error());
  return made;
}

static_assert(kMaxWebhooks == 16 && kMaxWebhookCa == 65536);

Answer<std::vector<WebhookLine>> Webhooks::list(const Actor& actor, UnixTime now) const {
  WARD_CHECK_OK(allow(service_, actor, actor.role == Role::kAdministrator, kSubject, now));
  std::vector<WebhookLine> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto rows, view.list_keys(kWebhookTable, "", "", kMaxWebhooks));
    for (const store::ListedKey& row : rows) {
      WARD_TRY(auto webhook, load_webhook(view, service_.keys, row.key));
      WARD_TRY(auto state, load_state(view, row.key));
      if (!webhook || !state) return Error(Errc::kMalformed, "broker.webhooks: a row is damaged");
      out.push_back({*std::move(webhook), std::move(state->state)});
    }
    return {};
  });
  if (!done) return unavailable(done.error());
  return out;
}

Answer<void> Webhooks::remove(const Actor& actor, std::string_view id, UnixTime now) const {
  WARD_CHECK_OK(allow(service_, actor, actor.role == Role::kAdministrator, kSubject, now));
  if (!is_webhook_id(id)) return none();
  bool absent = false;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const auto webhook, load_webhook(tx, service_.keys, id));
    absent = !webhook;
    if (absent) return Error(Errc::kUnavailable, "broker.webhooks: no such webhook");
    // An id is random, so none of these keys is written again.
    WARD_CHECK_OK(tx.forget(kWebhookTable, id));
    WARD_CHECK_OK(tx.forget(kWebhookStateTable, id));
    return record(
        tx, service_.keys,
        act_of(actor, now, "webhook.remove", id,
               {{"before", audit_digest(service_.keys, as_bytes(webhook->url))}, {"after", ""}}));
  });
  if (absent) return none();
  if (!done) return unavailable(done.error());
  return {};
}

Answer<std::uint64_t> Webhooks::test(const Actor& actor, std::string_view id, UnixTime now) const {
  WARD_CHECK_OK(allow(service_, actor, actor.role == Role::kAdministrator, kSubject, now));
  if (!is_webhook_id(id)) return none();
  bool absent = false;
  std::uint64_t index = 0;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(auto state, load_state(tx, id));
    absent = !state;
    if (absent) return Error(Errc::kUnavailable, "broker.webhooks: no such webhook");
    state->state.retry_at = {};
    WARD_CHECK_OK(save_state(tx, id, state->state, state->version));
    WARD_CHECK_OK(record(tx, service_.keys, act_of(actor, now, kWebhookTestKind, id)));
    WARD_TRY(const ledger::Head head, ledger::read_head(tx));
    index = head.size - 1;
    return {};
  });
  if (absent) return none();
  if (!done) return unavailable(done.error());
  return index;
}

}  // namespace ward::broker
