#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "apps/ward/admin_client.h"
#include "base/result.h"
#include "net/tls/stream.h"

namespace ward::cli {

// Bounds on what a server may send: the head of its reply, and one line of the stream.
inline constexpr std::size_t kMaxStreamHead = 64U << 10U;
inline constexpr std::size_t kMaxStreamLine = 256U << 10U;

// StreamedEvent is one block of a stream of server-sent events (WHATWG HTML, 9.2).
struct StreamedEvent {
  std::string id;    // the newest that was given; the place to go on from
  std::string data;  // empty: a place alone
};

// EventStream is a service's stream of events.
class EventStream {
 public:
  // open asks for `target` behind the event `last_id` (empty: as the target says). Exit codes after
  // the line for people was written, as administer().
  static Result<EventStream, int> open(const AdminOptions& options, const std::string& target,
                                       const std::string& last_id);

  // next waits for a block with data, or with a new place; nullopt: the stream has ended in order.
  // kUnavailable, kTruncated: the connection is gone; kLimit: a line is too long.
  Result<std::optional<StreamedEvent>> next();

 private:
  explicit EventStream(std::unique_ptr<net::TlsStream> stream) : stream_(std::move(stream)) {}

  Result<bool> fill();
  Result<std::optional<std::string>> line();
  Result<unsigned> head();

  std::unique_ptr<net::TlsStream> stream_;
  std::string buffer_;
};

}  // namespace ward::cli
