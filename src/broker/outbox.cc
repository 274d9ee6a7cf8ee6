#include <limits>
#include <utility>

#include "broker/webhook_rows.h"
#include "broker/webhooks.h"
#include "ledger/ledger.h"

namespace ward::broker {
namespace {

// So much may replicas' clocks differ.
constexpr std::int64_t kClockSlack_s = 60;

// over is true where a time that was set for at most `most_s` has come, or lies farther ahead than
// that: then a clock set it that was wrong.
bool over(UnixTime until, std::int64_t most_s, UnixTime now) {
  return until <= now || now.seconds + most_s + kClockSlack_s < until.seconds;
}

// free_for is true where a replica may take a webhook, or has it.
bool free_for(const WebhookState& state, const std::string& replica, UnixTime now) {
  return state.held_by.empty() || state.held_by == replica ||
         over(state.held_until, kDeliveryHold_s, now);
}

bool is_due(const WebhookState& state, const std::string& replica, std::uint64_t size,
            UnixTime now) {
  return state.next < size && over(state.retry_at, kMaxRetryPause_s, now) &&
         free_for(state, replica, now);
}

// held reads a state that this replica holds; kDenied where it does not.
Result<LoadedState> held(store::View& view, const std::string& id, const std::string& replica) {
  WARD_TRY(auto loaded, load_state(view, id));
  if (!loaded || loaded->state.held_by != replica) {
    return Error(Errc::kDenied, "broker.outbox: another replica has it, or it is gone");
  }
  return *std::move(loaded);
}

// is_for is true where an event is a webhook's.
bool is_for(const Webhook& webhook, const Event& event) {
  if (event.entry.kind == kWebhookTestKind) return event.entry.subject == webhook.id;
  return names(webhook.kinds, event.entry.kind);
}

void let_go(WebhookState& state) {
  state.held_by.clear();
  state.held_until = {};
}

}  // namespace

Result<std::vector<std::string>> Outbox::due(UnixTime now) const {
  std::vector<std::string> out;
  WARD_CHECK_OK(service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto rows, view.list_keys(kWebhookStateTable, "", "", kMaxWebhooks));
    if (rows.empty()) return {};
    WARD_TRY(const ledger::Head head, ledger::read_head(view));
    for (const store::ListedKey& row : rows) {
      WARD_TRY(const auto loaded, load_state(view, row.key));
      if (loaded && is_due(loaded->state, replica_, head.size, now)) out.push_back(row.key);
    }
    return {};
  }));
  return out;
}

Result<std::optional<Webhook>> Outbox::claim(const std::string& id, UnixTime now) const {
  std::optional<Webhook> out;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    out.reset();
    WARD_TRY(auto loaded, load_state(tx, id));
    WARD_TRY(const ledger::Head head, ledger::read_head(tx));
    if (!loaded || !is_due(loaded->state, replica_, head.size, now)) return {};
    loaded->state.held_by = replica_;
    loaded->state.held_until = {now.seconds + kDeliveryHold_s};
    WARD_CHECK_OK(save_state(tx, id, loaded->state, loaded->version));
    WARD_TRY(out, load_webhook(tx, service_.keys, id));
    return {};
  });
  if (!done) return done.error();
  return out;
}

Result<std::optional<Event>> Outbox::next(const Webhook& webhook, UnixTime now) const {
  std::optional<Event> out;
  WARD_CHECK_OK(service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    out.reset();
    WARD_TRY(LoadedState loaded, held(tx, webhook.id, replica_));
    const Kinds all;
    // One transaction looks at so many leaves: it keeps writers out.
    std::size_t seen = 0;
    for (bool more = true; more && !out && seen < kMaxEventsScanned; ++seen) {
      WARD_TRY(EventPage page,
               read_events(tx, {.from = loaded.state.next, .kinds = all, .actor = nullptr}, 1));
      more = page.more;
      if (page.events.empty()) break;
      if (is_for(webhook, page.events.front())) {
        out = std::move(page.events.front());
      } else {
        loaded.state.next = page.next;
      }
    }
    loaded.state.held_until = {now.seconds + kDeliveryHold_s};
    return save_state(tx, webhook.id, loaded.state, loaded.version);
  }));
  return out;
}

Result<void> Outbox::delivered(const std::string& id, std::uint64_t index, UnixTime now) const {
  return service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(LoadedState loaded, held(tx, id, replica_));
    loaded.state.next = index + 1;
    loaded.state.delivered = index;
    loaded.state.delivered_at = now;
    loaded.state.failures = 0;
    loaded.state.error.clear();
    return save_state(tx, id, loaded.state, loaded.version);
  });
}

Result<void> Outbox::failed(const std::string& id, std::string_view error, UnixTime now) const {
  return service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(LoadedState loaded, held(tx, id, replica_));
    if (loaded.state.failures < std::numeric_limits<std::uint32_t>::max()) ++loaded.state.failures;
    loaded.state.error = error;
    loaded.state.failed_at = now;
    loaded.state.retry_at = {now.seconds + retry_pause_s(loaded.state.failures)};
    let_go(loaded.state);
    return save_state(tx, id, loaded.state, loaded.version);
  });
}

Result<void> Outbox::release(const std::string& id) const {
  return service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(LoadedState loaded, held(tx, id, replica_));
    let_go(loaded.state);
    return save_state(tx, id, loaded.state, loaded.version);
  });
}

}  // namespace ward::broker
