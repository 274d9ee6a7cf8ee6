#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/vector_body.hpp>

#include "net/http/body_room.h"
#include "net/http/server.h"

// Internal to the server; heavy. Included by server.cc and session.cc only.
namespace ward::net::http_server {

class Session;

// Shared is what all sessions of one server use. It outlives them.
class Shared {
 public:
  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  virtual ~Shared() = default;

  [[nodiscard]] virtual const ServerOptions& options() const = 0;
  [[nodiscard]] virtual const Handler& handler() const = 0;
  [[nodiscard]] virtual const StreamHandler& streams() const = 0;
  virtual boost::asio::io_context& handlers() = 0;  // where requests are answered
  virtual BodyRoom& bodies() = 0;
  [[nodiscard]] virtual bool stopping() const = 0;
  virtual void gone(Session* session) = 0;
  virtual std::uint64_t tick() = 0;  // a counter: who has waited longest
};

// Session is one connection: handshake where there is TLS, then request and reply in turn, or at
// last a stream.
// Everything but `close`, `evict` and the readings runs on its own strand. Kept alive by its
// pending operations.
class Session : public std::enable_shared_from_this<Session> {
 public:
  // `tls` is null for HTTP without TLS.
  Session(Shared& shared, boost::asio::ip::tcp::socket socket, const Peer& peer,
          boost::asio::ssl::context* tls);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  void start();

  // close ends the connection from any thread, unless a request is at work: then after its reply.
  void close();

  // evict ends it at once, without a word, unless a request is at work: then after its reply. From
  // any thread.
  void evict();

  // evictable is true while only the peer is waited for: for its request, or to take its reply.
  [[nodiscard]] bool evictable() const { return stage_ != Stage::kAtWork && !evicted_; }

  [[nodiscard]] std::uint64_t waiting_since() const { return waiting_since_; }

  [[nodiscard]] const Peer& peer() const { return peer_; }

 private:
  using Code = boost::beast::error_code;
  enum class Stage : std::uint8_t { kWaiting, kAtWork, kReplying, kStreaming };

  void wait_for_request();
  void on_header(Code code);
  void on_request(Code code);
  void answer(protocol::HttpResponse reply, bool keep);
  void begin(Stream stream);
  void watch_peer();
  void on_peer(Code code, std::size_t octets);
  void ask_source();
  void send_piece(std::optional<Buffer> piece);
  void on_written(Code code);
  void pause();
  void refuse(unsigned status, std::string_view detail);
  void refuse_unread(protocol::HttpResponse reply, std::size_t body);
  void forget_body();
  void read_unread();
  void end();
  void close_socket();

  Shared& shared_;
  boost::beast::tcp_stream stream_;
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;  // over it
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::vector_body<std::uint8_t>>>
      parser_;
  std::optional<BodyRoom::Place> room_;  // of the request's body, until it is answered
  // What may still come of a body that was refused; read and forgotten behind the reply.
  std::size_t unread_ = 0;
  std::unique_ptr<Source> source_;                  // of a stream that was begun
  std::optional<Buffer> piece_;                     // of it, while it is written
  std::optional<boost::asio::steady_timer> timer_;  // the pause before it is asked again
  // Of a stream, on the strand: a read is pending, which tells when the peer goes; a write is; the
  // peer went; the connection ends as soon as the read has.
  bool reading_ = false;
  bool writing_ = false;
  bool gone_ = false;
  bool ending_ = false;
  std::array<std::uint8_t, 512> unasked_{};  // what the peer says during a stream
  std::size_t unasked_octets_ = 0;
  const Peer peer_;
  std::vector<Buffer> certificates_;  // the client's, since the handshake
  std::atomic<Stage> stage_{Stage::kWaiting};
  std::atomic<bool> closing_{false};
  std::atomic<bool> evicted_{false};
  std::atomic<std::uint64_t> waiting_since_{0};
};

}  // namespace ward::net::http_server
