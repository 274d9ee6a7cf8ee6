#include "server/event_routes.h"

#include <memory>
#include <optional>
#include <utility>

#include "codec/json.h"
#include "codec/json_write.h"
#include "pki/certificate.h"
#include "server/query.h"
#include "server/responses.h"

namespace ward::server {
namespace {

using broker::Answer;
using broker::CheckId;
using broker::Kinds;
using codec::JsonWriter;
using protocol::HttpRequest;
using protocol::HttpResponse;

constexpr std::string_view kEvents = "events";
constexpr std::string_view kWebhooks = "webhooks";
constexpr std::string_view kWebhook = "webhooks/";
constexpr std::string_view kTest = "/test";
constexpr std::string_view kEventStream = "text/event-stream";
constexpr std::string_view kType = "EventError";
constexpr codec::JsonLimits kLimits{.max_bytes = 128U << 10U, .max_depth = 3};

// Asked is what a page and a stream are asked for.
struct Asked {
  broker::EventPlace place;
  Kinds kinds;
};

std::optional<std::uint64_t> index_of(std::string_view text) {
  constexpr std::size_t kMostDigits = 18;
  if (text.empty() || text.size() > kMostDigits) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return out;
}

Answer<broker::EventPlace> place_of(const Query& query, std::optional<std::string_view> last) {
  using At = broker::EventPlace::At;
  broker::EventPlace out;
  const auto since = query.find("since");
  const auto after = last && !last->empty() ? last : query.find("after");
  if (after && !after->empty()) {
    if (since && !last) return wrong_parameter("since", "none beside `after`");
    if (*after == "newest") {
      out.at = At::kNewest;
      return out;
    }
    const auto index = index_of(*after);
    if (!index) return wrong_parameter("after", "an event's index, or newest");
    out.at = At::kBehind;
    out.index = *index;
    return out;
  }
  if (!since) return out;
  const auto time = parse_rfc3339(*since);
  if (!time) return wrong_parameter("since", "a time, as 2026-11-30T00:00:00Z");
  out.at = At::kSince;
  out.since = *time;
  return out;
}

Answer<Asked> asked_for(const Query& query, std::optional<std::string_view> last) {
  Asked out;
  WARD_TRY(out.place, place_of(query, last));
  if (const auto text = query.find("kinds")) {
    auto kinds = broker::parse_kinds(*text);
    if (!kinds) {
      return wrong_parameter("kinds", "at most 16 kinds with a comma between: release,policy.set");
    }
    out.kinds = *std::move(kinds);
  }
  return out;
}

static_assert(broker::kMaxEventKinds == 16);

// position is the `after` of what stands at `next`.
std::string position(std::uint64_t next) { return next == 0 ? "" : std::to_string(next - 1); }

// EventSource is one stream. It owns its place in the room.
class EventSource final : public net::Source {
 public:
  struct Reader {
    const broker::Events& events;
    const EventRoutes::Ticks& ticks;
    StreamRoom& room;
    broker::Actor actor;
    Kinds kinds;
    std::uint64_t next = 0;
  };

  explicit EventSource(Reader reader)
      : reader_(std::move(reader)), opened_(reader_.ticks()), spoke_(opened_) {}

  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;

  ~EventSource() override { reader_.room.leave(reader_.actor.name); }

  std::optional<Buffer> more() override {
    const auto now = reader_.ticks();
    if (now - opened_ >= std::chrono::seconds(kStreamLife_s)) return std::nullopt;
    const auto page = reader_.events.read(reader_.actor, reader_.next, reader_.kinds, kMaxPage);
    if (!page) return std::nullopt;
    std::string out = begun_ ? "" : "retry: 1000\n\n";
    for (const broker::Event& event : page->events) {
      JsonWriter w;
      w.begin_object();
      if (!broker::write_event(w, event)) return std::nullopt;
      const auto text = w.end_object().take();
      if (!text) return std::nullopt;
      out += "id: " + std::to_string(event.index) + "\ndata: " + *text + "\n\n";
    }
    reader_.next = page->next;
    const bool quiet = now - spoke_ >= std::chrono::seconds(kHeartbeat_s);
    if (page->events.empty() && (quiet || !begun_)) out += heartbeat();
    if (!out.empty()) spoke_ = now;
    begun_ = true;
    return to_buffer(as_bytes(out));
  }

 private:
  // An id without data: a reader that comes again begins there, though there was nothing for him.
  [[nodiscard]] std::string heartbeat() const {
    return reader_.next == 0 ? ":\n\n" : "id: " + position(reader_.next) + "\n\n";
  }

  Reader reader_;
  std::chrono::steady_clock::time_point opened_;
  std::chrono::steady_clock::time_point spoke_;
  bool begun_ = false;
};

void write_webhook(JsonWriter& w, const broker::Webhook& one) {
  w.member("id", one.id).member("url", one.url).name("kinds").begin_array();
  for (const std::string& kind : one.kinds) {
    w.string(kind);
  }
  w.end_array().member("ca", !one.ca.empty()).member("by", one.by);
  w.member("created", format_rfc3339(one.created));
}

void write_time(JsonWriter& w, std::string_view name, UnixTime time) {
  w.name(name);
  if (time.seconds == 0) {
    w.null();
  } else {
    w.string(format_rfc3339(time));
  }
}

void write_state(JsonWriter& w, const broker::WebhookState& state) {
  w.member("next", state.next).name("delivered");
  if (state.delivered) {
    w.unsigned_integer(*state.delivered);
  } else {
    w.null();
  }
  write_time(w, "delivered_at", state.delivered_at);
  w.member("failures", std::uint64_t{state.failures}).member("error", state.error);
  write_time(w, "failed_at", state.failed_at);
  write_time(w, "retry_at", state.retry_at);
}

Answer<broker::NewWebhook> new_webhook(Bytes body) {
  const auto wrong = [](std::string_view what) {
    return broker::refuse(400, kType, CheckId::kMessageForm, what);
  };
  const auto json = codec::parse_json(body, kLimits);
  if (!json) return broker::refuse_document(kType, CheckId::kMessageForm, json.error());
  if (!json->is_object()) return wrong("A webhook is an object.");
  broker::NewWebhook out;
  for (const auto& [name, value] : json->members()) {
    const bool text = name == "url" || name == "ca";
    if (text && value.as_string()) {
      (name == "url" ? out.url : out.ca) = std::string(*value.as_string());
    } else if (name == "kinds" && value.is_array()) {
      for (const codec::JsonValue& one : value.items()) {
        const auto kind = broker::parse_kinds(one.as_string().value_or(""));
        if (!kind || kind->size() != 1) return wrong("kinds: each is a kind of event.");
        out.kinds.push_back(kind->front());
      }
    } else {
      return wrong("It has the members url, kinds (a list of texts) and ca (PEM), and no others.");
    }
  }
  if (out.kinds.size() > broker::kMaxEventKinds) return wrong("kinds: at most 16.");
  return out;
}

}  // namespace

bool StreamRoom::enter(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::size_t& mine = of_one_[name];
  if (all_ == kMaxStreams || mine == kMaxStreamsOfOne) {
    if (mine == 0) of_one_.erase(name);
    return false;
  }
  ++mine;
  ++all_;
  return true;
}

void StreamRoom::leave(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto mine = of_one_.find(name);
  if (mine == of_one_.end()) return;
  --all_;
  if (--mine->second == 0) of_one_.erase(mine);
}

bool EventRoutes::takes(std::string_view path) {
  return path == kEvents || path == kWebhooks || path.starts_with(kWebhook);
}

bool EventRoutes::streams(const HttpRequest& request, std::string_view target) {
  const std::string_view accept = request.header("Accept").value_or("");
  return request.method == "GET" && path_of(target) == "/v1/events" &&
         accept.find(kEventStream) != std::string_view::npos;
}

HttpResponse EventRoutes::answer(const OwnRequest& asked, std::string_view path) const {
  if (path == kEvents) return page(asked);
  if (path == kWebhooks) return webhooks(asked);
  return webhook(asked, path.substr(kWebhook.size()));
}

net::Stream EventRoutes::stream(const OwnRequest& asked) const {
  const auto refused = [](const broker::Refusal& refusal) {
    return net::Stream{to_response(refusal), nullptr};
  };
  auto what = asked_for(asked.query, asked.request.header("Last-Event-ID"));
  if (!what) return refused(what.error());
  const auto from = events_.begin(asked.actor, what->place, asked.now);
  if (!from) return refused(from.error());
  if (!room_.enter(asked.actor.name)) {
    return refused(
        broker::refuse(429, kType, CheckId::kEventRoom,
                       "One administrator has at most 4 streams, those of a tenant 32."));
  }
  return {typed(kEventStream, {}),
          std::make_unique<EventSource>(EventSource::Reader{.events = events_,
                                                            .ticks = ticks_,
                                                            .room = room_,
                                                            .actor = asked.actor,
                                                            .kinds = std::move(what->kinds),
                                                            .next = *from})};
}

static_assert(kMaxStreamsOfOne == 4 && kMaxStreams == 32);

HttpResponse EventRoutes::page(const OwnRequest& asked) const {
  const auto limit = asked.query.number("limit", 1, kMaxPage);
  if (!limit) return to_response(limit.error());
  const auto what = asked_for(asked.query, std::nullopt);
  if (!what) return to_response(what.error());
  const auto from = events_.begin(asked.actor, what->place, asked.now);
  if (!from) return to_response(from.error());
  const auto page = events_.read(asked.actor, *from, what->kinds, limit->value_or(kMaxPage));
  if (!page) return to_response(page.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.events/1").name("events").begin_array();
  for (const broker::Event& event : page->events) {
    w.begin_object();
    if (const auto done = broker::write_event(w, event); !done) {
      return to_response(broker::unavailable(done.error()));
    }
    w.end_object();
  }
  w.end_array().member("next", position(page->next)).member("more", page->more).end_object();
  return json_response(w);
}

HttpResponse EventRoutes::webhooks(const OwnRequest& asked) const {
  if (asked.request.method == "POST") return add(asked);
  const auto list = webhooks_.list(asked.actor, asked.now);
  if (!list) return to_response(list.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.webhooks/1").name("webhooks").begin_array();
  for (const broker::WebhookLine& line : *list) {
    w.begin_object();
    write_webhook(w, line.webhook);
    write_state(w, line.state);
    w.end_object();
  }
  w.end_array().end_object();
  return json_response(w);
}

HttpResponse EventRoutes::add(const OwnRequest& asked) const {
  auto what = new_webhook(asked.request.body);
  if (!what) return to_response(what.error());
  if (!what->ca.empty() && !pki::parse_certificates(what->ca)) {
    return to_response(broker::refuse(400, kType, CheckId::kWebhookUrl,
                                      "ca: it is not a text of certificates in PEM."));
  }
  const auto made = webhooks_.add(asked.actor, *std::move(what), asked.now);
  if (!made) return to_response(made.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.webhook/1");
  write_webhook(w, *made);
  w.end_object();
  return json_response(w);
}

HttpResponse EventRoutes::webhook(const OwnRequest& asked, std::string_view rest) const {
  if (rest.ends_with(kTest)) {
    const auto index =
        webhooks_.test(asked.actor, rest.substr(0, rest.size() - kTest.size()), asked.now);
    if (!index) return to_response(index.error());
    JsonWriter w;
    w.begin_object().member("index", *index).end_object();
    return json_response(w);
  }
  const auto removed = webhooks_.remove(asked.actor, rest, asked.now);
  return removed ? ok() : to_response(removed.error());
}

}  // namespace ward::server
