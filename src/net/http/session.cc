#include "net/http/session.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "net/tls/x509.h"

namespace ward::net::http_server {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

// A peer that says more than this during a stream goes.
constexpr std::size_t kMaxUnasked = 16U << 10U;

// What is left of a body that was refused is read for so long.
constexpr std::chrono::seconds kLinger{2};

using Parser = http::request_parser<http::vector_body<std::uint8_t>>;
using Reply = http::response<http::vector_body<std::uint8_t>>;

protocol::HttpRequest to_request(Parser& parser, const std::vector<Buffer>& certificates) {
  auto& message = parser.get();
  protocol::HttpRequest out;
  out.method = std::string(message.method_string());
  out.target = std::string(message.target());
  for (const auto& field : message) {
    out.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  out.body = std::move(message.body());
  out.client_certificates = certificates;
  return out;
}

template <class Message>
void set_head(Message& out, const protocol::HttpResponse& from, bool keep) {
  out.result(from.status);
  out.version(11);
  out.set(http::field::content_type, "application/json");
  out.set(http::field::cache_control, "no-store");
  out.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : from.headers) {
    out.set(name, value);
  }
  out.keep_alive(keep);
}

std::shared_ptr<Reply> to_reply(protocol::HttpResponse from, bool keep) {
  auto out = std::make_shared<Reply>();
  set_head(*out, from, keep);
  out->body() = std::move(from.body);
  out->prepare_payload();
  return out;
}

// problem is what the carrier itself has to say (RFC 9457).
protocol::HttpResponse problem(unsigned status, std::string_view detail) {
  const std::string body = R"({"type":"about:blank","title":")" +
                           std::string(http::obsolete_reason(http::int_to_status(status))) +
                           R"(","status":)" + std::to_string(status) + R"(,"detail":")" +
                           std::string(detail) + "\"}";
  return {.status = status,
          .headers = {{"Content-Type", "application/problem+json"}},
          .body = to_buffer(as_bytes(body))};
}

Stream call(const Shared& shared, const protocol::HttpRequest& request) {
  try {
    if (shared.streams()) {
      if (auto stream = shared.streams()(request)) return *std::move(stream);
    }
    return {shared.handler()(request), nullptr};
  } catch (const std::exception&) {  // out of memory, a library's own bug
    return {problem(500, "the service could not complete this"), nullptr};
  }
}

std::optional<Buffer> next_of(Source& source) {
  try {
    return source.more();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

Session::Session(Shared& shared, asio::ip::tcp::socket socket, const Peer& peer,
                 asio::ssl::context* tls)
    : shared_(shared),
      stream_(std::move(socket)),
      buffer_(shared.options().max_header_bytes + shared.options().max_body_bytes),
      peer_(peer),
      waiting_since_(shared.tick()) {
  if (tls != nullptr) tls_.emplace(stream_, *tls);
}

Session::~Session() { shared_.gone(this); }

void Session::start() {
  asio::dispatch(stream_.get_executor(), [self = shared_from_this()] {
    if (self->closing_) return self->stream_.close();
    if (!self->tls_) return self->wait_for_request();
    self->stream_.expires_after(self->shared_.options().request_timeout);
    self->tls_->async_handshake(asio::ssl::stream_base::server, [self](const Code& code) {
      if (code) return self->end();
      self->certificates_ = peer_certificates(self->tls_->native_handle());
      self->wait_for_request();
    });
  });
}

void Session::close() {
  closing_ = true;
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    // What is pending is cancelled, and its own completion ends the connection: a second operation
    // beside it (a TLS shutdown during a read) is what neither library allows.
    // A stream that is cut goes on elsewhere: its piece is not waited for.
    if (self->stage_ == Stage::kWaiting || self->writing_) self->stream_.cancel();
    if (self->timer_) self->timer_->cancel();
  });
}

void Session::evict() {
  closing_ = true;
  evicted_ = true;
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    if (self->stage_ != Stage::kAtWork) self->stream_.close();
    if (self->timer_) self->timer_->cancel();
  });
}

// NOLINTBEGIN(misc-no-recursion): what seems to call itself is a handler, which the loop calls
// later
void Session::wait_for_request() {
  waiting_since_ = shared_.tick();
  stage_ = Stage::kWaiting;
  if (closing_ || shared_.stopping()) return end();
  parser_.emplace();
  parser_->header_limit(shared_.options().max_header_bytes);
  parser_->body_limit(shared_.options().max_body_bytes);
  stream_.expires_after(shared_.options().request_timeout);
  const auto done = [self = shared_from_this()](const Code& code, std::size_t) {
    self->on_header(code);
  };
  if (tls_) return http::async_read_header(*tls_, buffer_, *parser_, done);
  http::async_read_header(stream_, buffer_, *parser_, done);
}

// The library takes the memory of a body that states its length before a single octet of it came.
void Session::on_header(Code code) {
  if (code || parser_->is_done()) return on_request(code);
  const auto& options = shared_.options();
  const auto stated = parser_->content_length();
  const std::size_t size = stated ? *stated : options.max_body_bytes;
  if (size > options.small_body_bytes && !shared_.bodies().take(peer_, size, room_)) {
    auto reply = problem(503, "too many large bodies are on their way");
    reply.headers.emplace_back("Retry-After", "1");
    return refuse_unread(std::move(reply), size);
  }
  const auto done = [self = shared_from_this()](const Code& failed, std::size_t) {
    self->on_request(failed);
  };
  if (tls_) return http::async_read(*tls_, buffer_, *parser_, done);
  http::async_read(stream_, buffer_, *parser_, done);
}

void Session::on_request(Code code) {
  if (code == http::error::body_limit) {
    return refuse_unread(problem(413, "the body is too long"), shared_.options().max_body_bytes);
  }
  if (code == http::error::header_limit || code == http::error::buffer_overflow) {
    return refuse(431, "the header is too long");
  }
  const bool http_fault =
      code.category() == http::make_error_code(http::error::bad_method).category();
  if (code && http_fault && code != http::error::end_of_stream &&
      code != http::error::partial_message) {
    return refuse(400, "this is not a request of HTTP/1.1");
  }
  if (code) return end();
  stage_ = Stage::kAtWork;
  stream_.expires_never();
  const bool keep = parser_->get().keep_alive();
  // The guard keeps the sockets' context running while the request is elsewhere.
  asio::post(shared_.handlers(),
             [self = shared_from_this(), guard = asio::make_work_guard(stream_.get_executor()),
              request = to_request(*parser_, certificates_), keep] {
               auto reply = call(self->shared_, request);
               asio::post(guard.get_executor(), [self, reply = std::move(reply), keep]() mutable {
                 if (reply.source) return self->begin(std::move(reply));
                 self->answer(std::move(reply.begin), keep);
               });
             });
}

void Session::refuse(unsigned status, std::string_view detail) {
  answer(problem(status, detail), false);
}

// A connection that is closed while its peer's octets are unread is reset, and that may overtake
// the reply: so the rest is read, for as long as kLinger.
void Session::refuse_unread(protocol::HttpResponse reply, std::size_t body) {
  unread_ = body - std::min(body, buffer_.size());
  answer(std::move(reply), false);
}

void Session::read_unread() {
  stage_ = Stage::kWaiting;
  const auto done = [self = shared_from_this()](const Code& code, std::size_t octets) {
    self->unread_ -= std::min(self->unread_, octets);
    if (code || self->unread_ == 0 || self->closing_) return self->end();
    self->read_unread();
  };
  if (tls_) return tls_->async_read_some(asio::buffer(unasked_), done);
  stream_.async_read_some(asio::buffer(unasked_), done);
}

// What was read of a request makes room as soon as it is answered, or will not be.
void Session::forget_body() {
  parser_.reset();
  room_.reset();
}

void Session::answer(protocol::HttpResponse reply, bool keep) {
  const bool stay = keep && !closing_ && !shared_.stopping();
  forget_body();
  auto message = to_reply(std::move(reply), stay);
  waiting_since_ = shared_.tick();
  stage_ = Stage::kReplying;
  stream_.expires_after(shared_.options().reply_timeout);
  const auto done = [self = shared_from_this(), message, stay](const Code& code, std::size_t) {
    if (!code && self->unread_ > 0 && !self->closing_ && !self->shared_.stopping()) {
      self->stream_.expires_after(kLinger);
      return self->read_unread();
    }
    if (code || !stay) return self->end();
    self->wait_for_request();
  };
  if (tls_) return http::async_write(*tls_, *message, done);
  http::async_write(stream_, *message, done);
}

// A stream ends with its connection (RFC 9112 section 6.3, the last case): it has no length.
void Session::begin(Stream stream) {
  forget_body();
  source_ = std::move(stream.source);
  timer_.emplace(stream_.get_executor());
  auto head = std::make_shared<http::response<http::empty_body>>();
  set_head(*head, stream.begin, false);
  waiting_since_ = shared_.tick();
  stage_ = Stage::kStreaming;
  stream_.expires_never();
  watch_peer();
  stream_.expires_after(shared_.options().reply_timeout);  // of the write alone: a read is pending
  writing_ = true;
  const auto done = [self = shared_from_this(), head](const Code& code, std::size_t) {
    self->on_written(code);
  };
  if (tls_) return http::async_write(*tls_, *head, done);
  http::async_write(stream_, *head, done);
}

// One read beside one write on one strand is what both libraries allow. Nothing is expected: the
// read ends when the peer goes, so that who left holds no place.
void Session::watch_peer() {
  reading_ = true;
  const auto done = [self = shared_from_this()](const Code& code, std::size_t octets) {
    self->on_peer(code, octets);
  };
  if (tls_) return tls_->async_read_some(asio::buffer(unasked_), done);
  stream_.async_read_some(asio::buffer(unasked_), done);
}

void Session::on_peer(Code code, std::size_t octets) {
  reading_ = false;
  if (ending_) return end();
  unasked_octets_ += octets;
  if (!code && unasked_octets_ <= kMaxUnasked) return watch_peer();
  gone_ = true;
  // Whatever is pending ends the connection: the write, the pause, or the source's answer.
  if (writing_) stream_.cancel();
  timer_->cancel();
}

void Session::ask_source() {
  if (closing_ || gone_ || shared_.stopping()) return end();
  asio::post(shared_.handlers(),
             [self = shared_from_this(), guard = asio::make_work_guard(stream_.get_executor())] {
               auto piece = next_of(*self->source_);
               asio::post(guard.get_executor(), [self, piece = std::move(piece)]() mutable {
                 self->send_piece(std::move(piece));
               });
             });
}

void Session::send_piece(std::optional<Buffer> piece) {
  if (!piece || closing_ || gone_) return end();
  if (piece->empty()) return pause();
  piece_ = std::move(piece);
  waiting_since_ = shared_.tick();
  stream_.expires_after(shared_.options().reply_timeout);
  writing_ = true;
  const auto done = [self = shared_from_this()](const Code& code, std::size_t) {
    self->piece_.reset();
    self->on_written(code);
  };
  if (tls_) return asio::async_write(*tls_, asio::buffer(*piece_), done);
  asio::async_write(stream_, asio::buffer(*piece_), done);
}

// Where a write failed nothing can be said any more, a goodbye included.
void Session::on_written(Code code) {
  writing_ = false;
  if (!code) return ask_source();
  source_.reset();
  close_socket();
}

void Session::pause() {
  timer_->expires_after(shared_.options().stream_pause);
  timer_->async_wait([self = shared_from_this()](const Code&) { self->ask_source(); });
}

void Session::end() {
  source_.reset();  // it is not at work: whoever asks it comes back first
  forget_body();
  if (!stream_.socket().is_open()) return;
  if (reading_) {  // a goodbye beside a read is what neither library allows
    ending_ = true;
    stream_.cancel();
    return;
  }
  waiting_since_ = 0;  // whoever only says goodbye makes room first
  if (!tls_) return close_socket();
  stream_.expires_after(std::chrono::seconds(2));
  tls_->async_shutdown([self = shared_from_this()](const Code&) { self->close_socket(); });
}

void Session::close_socket() {
  Code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

// NOLINTEND(misc-no-recursion)

}  // namespace ward::net::http_server
