#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "broker/broker.h"
#include "broker/events.h"
#include "broker/webhooks.h"
#include "net/http/server.h"
#include "protocol/exchange.h"
#include "server/own_request.h"

namespace ward::server {

// Bounds on streams that are open at the same time, and the life of one: as long as the token that
// opened it may live, so that who lost his role reads no longer than that.
inline constexpr std::size_t kMaxStreams = 32;      // of one tenant
inline constexpr std::size_t kMaxStreamsOfOne = 4;  // of one administrator
inline constexpr std::int64_t kStreamLife_s = 300;
inline constexpr std::int64_t kHeartbeat_s = 15;

// StreamRoom counts the streams that are open. Safe from several threads.
class StreamRoom {
 public:
  // enter is true where one more may be opened for `name`; leave says that it is closed.
  [[nodiscard]] bool enter(const std::string& name);
  void leave(const std::string& name);

 private:
  std::mutex mutex_;
  std::size_t all_ = 0;
  std::map<std::string, std::size_t> of_one_;
};

// EventRoutes answers (docs/protocols/events.md):
//   GET /v1/events?after=N&since=T&kinds=K&limit=N  a page, or a stream (text/event-stream)
//   GET, POST /v1/webhooks; DELETE /v1/webhooks/ID; POST /v1/webhooks/ID/test
// Safe from several threads.
class EventRoutes {
 public:
  // Ticks is a steady clock: what the wall's clock does is nothing to the age of a stream.
  using Ticks = std::function<std::chrono::steady_clock::time_point()>;

  // `service` is borrowed and outlives the routes; the routes outlive the streams.
  explicit EventRoutes(const broker::Service& service, Ticks ticks = std::chrono::steady_clock::now)
      : events_(service), webhooks_(service), ticks_(std::move(ticks)) {}

  // takes is true for a path behind /v1/ that is one of these.
  [[nodiscard]] static bool takes(std::string_view path);

  // streams is true for a request that stream() is to answer, if it were for `target`.
  [[nodiscard]] static bool streams(const protocol::HttpRequest& request, std::string_view target);

  [[nodiscard]] protocol::HttpResponse answer(const OwnRequest& asked, std::string_view path) const;
  [[nodiscard]] net::Stream stream(const OwnRequest& asked) const;

 private:
  [[nodiscard]] protocol::HttpResponse page(const OwnRequest& asked) const;
  [[nodiscard]] protocol::HttpResponse webhooks(const OwnRequest& asked) const;
  [[nodiscard]] protocol::HttpResponse add(const OwnRequest& asked) const;
  [[nodiscard]] protocol::HttpResponse webhook(const OwnRequest& asked,
                                               std::string_view rest) const;

  broker::Events events_;
  broker::Webhooks webhooks_;
  Ticks ticks_;
  mutable StreamRoom room_;
};

}  // namespace ward::server
