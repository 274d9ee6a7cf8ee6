#include "net/http/server.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "net/http/session.h"

namespace ward::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using http_server::Peer;
using http_server::Session;

// The library's context shares ours: it counts its references.
asio::ssl::context share(const TlsContext& context) { return asio::ssl::context(up_ref(context)); }

Peer peer_of(const tcp::endpoint& endpoint) {
  Peer out{};
  const auto keep = [&](const auto& octets) {
    std::copy_n(octets.begin(), std::min(octets.size(), out.size()), out.begin());
  };
  const auto address = endpoint.address();
  if (address.is_v4()) {
    keep(address.to_v4().to_bytes());
  } else if (address.to_v6().is_v4_mapped()) {
    keep(asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_bytes());
  } else {
    keep(address.to_v6().to_bytes());
  }
  return out;
}

class Server final : public HttpServer, public http_server::Shared {
 public:
  // `context` is null for HTTP without TLS.
  Server(ServerOptions options, const TlsContext* context, Handler handler, StreamHandler streams)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        streams_(std::move(streams)),
        bodies_(options_.max_bodies_bytes, options_.max_bodies_bytes_of_peer),
        io_(std::max(options_.io_threads, 1U)),
        acceptor_(io_.front().context) {
    if (context != nullptr) tls_.emplace(share(*context));
  }

  ~Server() override { stop(); }

  Result<void> start() {
    boost::system::error_code code;
    const auto address = asio::ip::make_address(options_.address, code);
    if (code) return Error(Errc::kMalformed, "net.server: address");
    const tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), code);
    if (!code) acceptor_.set_option(asio::socket_base::reuse_address(true), code);
    if (!code) acceptor_.bind(endpoint, code);
    if (!code) acceptor_.listen(asio::socket_base::max_listen_connections, code);
    if (code) return Error(Errc::kUnavailable, "net.server: bind", as_number(code));
    port_ = acceptor_.local_endpoint(code).port();
    accept();
    for (Io& io : io_) {
      io.thread = std::jthread([&io] { io.context.run(); });
    }
    for (unsigned i = 0; i < options_.handler_threads; ++i) {
      threads_.emplace_back([this] { handlers_.run(); });
    }
    return {};
  }

  std::uint16_t port() const override { return port_; }

  void stop() override {
    if (stop_.stop_requested()) return;
    stop_.request_stop();
    asio::post(acceptor_.get_executor(), [this] {
      boost::system::error_code ignored;
      acceptor_.close(ignored);
    });
    for (const auto& session : alive()) {
      session->close();
    }
    // A sockets' context runs dry when every session of it has ended, and no request is left then.
    // The acceptor's goes first: until then it may begin a session of another.
    for (Io& io : io_) {
      io.guard.reset();
      if (io.thread.joinable()) io.thread.join();
    }
    guard_.reset();
    threads_.clear();
  }

  const ServerOptions& options() const override { return options_; }

  const Handler& handler() const override { return handler_; }

  const StreamHandler& streams() const override { return streams_; }

  asio::io_context& handlers() override { return handlers_; }

  http_server::BodyRoom& bodies() override { return bodies_; }

  bool stopping() const override { return stop_.stop_requested(); }

  void gone(Session* session) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    sessions_.erase(session);
  }

  std::uint64_t tick() override { return ++ticks_; }

 private:
  // Io is a thread with the sockets that it alone serves, so that they need no strand. Threads that
  // share a context wake one another at every event.
  struct Io {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
    std::jthread thread;
  };

  static std::uint64_t as_number(const boost::system::error_code& code) {
    return static_cast<std::uint64_t>(code.value());
  }

  void accept() {
    next_ = (next_ + 1) % io_.size();
    acceptor_.async_accept(io_[next_].context,
                           [this](const boost::system::error_code& code, tcp::socket socket) {
                             if (stopping()) return;
                             if (!code) admit(std::move(socket));
                             if (acceptor_.is_open()) accept();
                           });
  }

  void admit(tcp::socket socket) {
    boost::system::error_code code;
    const Peer peer = peer_of(socket.remote_endpoint(code));
    if (code || !make_room()) return;  // it is closed
    socket.set_option(tcp::no_delay(true), code);
    auto session =
        std::make_shared<Session>(*this, std::move(socket), peer, tls_ ? &*tls_ : nullptr);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      sessions_.insert(session.get());
    }
    session->start();
  }

  // make_room is true where one more may come. Where there are too many, one goes whose peer keeps
  // us waiting: of the peer that has most, the one that has waited longest. So who opens many
  // connections pushes out his own. Twice the bound is reached only while those are still going.
  bool make_room() {
    const auto sessions = alive();
    if (sessions.size() < options_.max_connections) return true;
    std::map<Peer, std::size_t> of_peer;
    for (const auto& one : sessions) {
      ++of_peer[one->peer()];
    }
    Session* victim = nullptr;
    const auto before = [&](const Session& a, const Session& b) {
      const auto mine = of_peer[a.peer()];
      const auto other = of_peer[b.peer()];
      return mine != other ? mine > other : a.waiting_since() < b.waiting_since();
    };
    for (const auto& one : sessions) {
      if (one->evictable() && (victim == nullptr || before(*one, *victim))) victim = one.get();
    }
    if (victim == nullptr || sessions.size() >= 2 * options_.max_connections) return false;
    victim->evict();
    return true;
  }

  // alive lists the sessions. The last reference may be ours, and a session's end takes the mutex:
  // so none is dropped while it is held.
  std::vector<std::shared_ptr<Session>> alive() {
    std::vector<std::shared_ptr<Session>> out;
    const std::lock_guard<std::mutex> lock(mutex_);
    for (Session* one : sessions_) {
      if (auto session = one->weak_from_this().lock()) out.push_back(std::move(session));
    }
    return out;
  }

  ServerOptions options_;
  Handler handler_;
  StreamHandler streams_;
  http_server::BodyRoom bodies_;
  std::uint16_t port_ = 0;
  std::stop_source stop_;
  std::atomic<std::uint64_t> ticks_{0};
  std::mutex mutex_;
  std::set<Session*> sessions_;  // alive while in it: a session takes itself out
  std::vector<Io> io_;
  std::size_t next_ = 0;  // whose turn it is to take a connection
  asio::io_context handlers_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_{handlers_.get_executor()};
  std::optional<asio::ssl::context> tls_;
  tcp::acceptor acceptor_;
  std::vector<std::jthread> threads_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> serve_https(const ServerOptions& options,
                                                const TlsContext& context, Handler handler,
                                                StreamHandler streams) {
  auto server = std::make_unique<Server>(options, &context, std::move(handler), std::move(streams));
  WARD_CHECK_OK(server->start());
  return std::unique_ptr<HttpServer>(std::move(server));
}

Result<std::unique_ptr<HttpServer>> serve_http(const ServerOptions& options, Handler handler,
                                               StreamHandler streams) {
  auto server = std::make_unique<Server>(options, nullptr, std::move(handler), std::move(streams));
  WARD_CHECK_OK(server->start());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace ward::net
