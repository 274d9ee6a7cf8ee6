#include "broker/webhook_rows.h"

#include <string>
#include <utility>

#include "codec/json.h"
#include "codec/json_write.h"

namespace ward::broker {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::size_t kIdDigits = 16;
constexpr codec::JsonLimits kLimits{.max_bytes = 256U << 10U, .max_depth = 3};

Error damaged() { return {Errc::kMalformed, "broker.webhooks: a row is damaged"}; }

// Members reads an object whose members all must be there.
class Members {
 public:
  explicit Members(const JsonValue& object) : object_(object), right_(object.is_object()) {}

  std::string text(std::string_view name) {
    const JsonValue* value = find(name);
    const auto out = value != nullptr ? value->as_string() : std::nullopt;
    right_ = right_ && out.has_value();
    return std::string(out.value_or(""));
  }

  std::uint64_t number(std::string_view name) {
    const JsonValue* value = find(name);
    const auto out = value != nullptr ? value->as_uint() : std::nullopt;
    right_ = right_ && out.has_value();
    return out.value_or(0);
  }

  UnixTime time(std::string_view name) { return {static_cast<std::int64_t>(number(name))}; }

  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    const JsonValue* list = find(name);
    right_ = right_ && list != nullptr && list->is_array();
    if (!right_) return out;
    for (const JsonValue& one : list->items()) {
      right_ = right_ && one.as_string().has_value();
      out.emplace_back(one.as_string().value_or(""));
    }
    return out;
  }

  [[nodiscard]] bool right() const { return right_; }

 private:
  [[nodiscard]] const JsonValue* find(std::string_view name) const {
    return right_ ? object_.find(name) : nullptr;
  }

  const JsonValue& object_;
  bool right_;
};

std::uint64_t seconds(UnixTime time) {
  return time.seconds < 0 ? 0 : static_cast<std::uint64_t>(time.seconds);
}

}  // namespace

bool is_webhook_id(std::string_view id) {
  return id.size() == kIdDigits &&
         id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::optional<Webhook>> load_webhook(store::View& view, const Keys& keys,
                                            std::string_view id) {
  WARD_TRY(const SealedRow row, keys.rows.get(view, kWebhookTable, id));
  if (!row.value) return std::optional<Webhook>();
  const auto json = codec::parse_json(row.value->expose(), kLimits);
  if (!json) return damaged();
  Members members(*json);
  Webhook out{.id = std::string(id),
              .url = members.text("url"),
              .kinds = members.texts("kinds"),
              .ca = members.text("ca"),
              .by = members.text("by"),
              .created = members.time("created")};
  if (!members.right()) return damaged();
  return std::optional(std::move(out));
}

Result<void> save_webhook(store::Transaction& tx, const Service& service, const Webhook& webhook) {
  JsonWriter w;
  w.begin_object().member("url", webhook.url).name("kinds").begin_array();
  for (const std::string& one : webhook.kinds) {
    w.string(one);
  }
  w.end_array().member("ca", webhook.ca).member("by", webhook.by);
  w.member("created", seconds(webhook.created));
  WARD_TRY(const std::string text, w.end_object().take());
  const auto written =
      service.keys.rows.put(tx, kWebhookTable, webhook.id, as_bytes(text), 0, service.rng);
  if (!written) return written.error();
  return {};
}

Result<std::optional<LoadedState>> load_state(store::View& view, std::string_view id) {
  WARD_TRY(const store::Row row, view.get(kWebhookStateTable, id));
  if (!row.value) return std::optional<LoadedState>();
  const auto json = codec::parse_json(*row.value, kLimits);
  if (!json) return damaged();
  Members members(*json);
  WebhookState out;
  out.next = members.number("next");
  if (json->find("delivered") != nullptr) out.delivered = members.number("delivered");
  out.delivered_at = members.time("delivered_at");
  out.failures = static_cast<std::uint32_t>(members.number("failures"));
  out.error = members.text("error");
  out.failed_at = members.time("failed_at");
  out.retry_at = members.time("retry_at");
  out.held_by = members.text("held_by");
  out.held_until = members.time("held_until");
  if (!members.right()) return damaged();
  return std::optional(LoadedState{std::move(out), row.version});
}

Result<void> save_state(store::Transaction& tx, std::string_view id, const WebhookState& state,
                        std::uint64_t version) {
  JsonWriter w;
  w.begin_object().member("next", state.next);
  if (state.delivered) w.member("delivered", *state.delivered);
  w.member("delivered_at", seconds(state.delivered_at));
  w.member("failures", std::uint64_t{state.failures}).member("error", state.error);
  w.member("failed_at", seconds(state.failed_at)).member("retry_at", seconds(state.retry_at));
  w.member("held_by", state.held_by).member("held_until", seconds(state.held_until));
  WARD_TRY(const std::string text, w.end_object().take());
  const auto written = tx.put(kWebhookStateTable, id, as_bytes(text), version);
  if (!written) return written.error();
  return {};
}

}  // namespace ward::broker
