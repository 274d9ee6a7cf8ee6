#include <array>
#include <ctime>
#include <latch>
#include <semaphore>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls/stream.h"
#include "test/support/https_fixture.h"

// What a peer that means harm can take of the server, and that others are served meanwhile.
namespace ward::net {
namespace {

using Transport = std::unique_ptr<protocol::Transport>;

constexpr std::chrono::hours kNever{1};

UnixTime now() { return {std::time(nullptr)}; }

constexpr const char* kRequest = "GET / HTTP/1.1\r\n\r\n";
constexpr const char* kSilent = "net.socket: the peer is silent";

Transport connect_to(const HttpServer& server) {
  auto out = tcp_connect("127.0.0.1", server.port(), kTimeoutMs);
  EXPECT_TRUE(out);
  return out ? *std::move(out) : nullptr;
}

// connect_from has a source address of its own: every address of 127/8 is this machine's.
Transport connect_from(const char* source, const HttpServer& server) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in own{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
  sockaddr_in other{
      .sin_family = AF_INET, .sin_port = htons(server.port()), .sin_addr = {}, .sin_zero = {}};
  EXPECT_EQ(::inet_pton(AF_INET, source, &own.sin_addr), 1);
  EXPECT_EQ(::inet_pton(AF_INET, "127.0.0.1", &other.sin_addr), 1);
  const auto plain = [](sockaddr_in& address) {
    return static_cast<sockaddr*>(static_cast<void*>(&address));
  };
  EXPECT_EQ(::bind(fd, plain(own), sizeof own), 0);
  EXPECT_EQ(::connect(fd, plain(other), sizeof other), 0);
  return socket_transport(fd, kTimeoutMs);
}

std::unique_ptr<TlsStream> secured(Transport below) {
  const auto context = client_context(pin(), now());
  EXPECT_TRUE(context);
  auto stream = tls_connect(std::move(below), *context, "localhost");
  EXPECT_TRUE(stream);
  return stream ? *std::move(stream) : nullptr;
}

// ended is true where the server ends the connection, not where it stays silent.
bool ended(protocol::Transport& stream) {
  std::array<std::uint8_t, 4096> into{};
  for (;;) {
    const auto n = stream.read(into);
    if (n && *n > 0) continue;
    return n || std::string_view(n.error().what()) != kSilent;
  }
}

TEST(HttpsBounds, while_all_requests_are_at_work_a_newcomer_is_closed_at_once) {
  constexpr unsigned kMost = 4;
  ServerOptions options;
  options.max_connections = kMost;
  options.handler_threads = kMost;
  options.request_timeout = kNever;
  std::latch at_work(kMost);
  std::latch go(1);
  const auto server = serve(options, [&](const HttpRequest& request) {
    at_work.count_down();
    go.wait();
    return echo(request);
  });
  std::vector<std::unique_ptr<TlsStream>> working;
  for (unsigned i = 0; i < kMost; ++i) {
    working.push_back(secured(connect_to(*server)));
    ASSERT_TRUE(working.back()->write(as_bytes(kRequest)));
  }
  at_work.wait();
  const auto newcomer = https_connect(url_of(*server), pin(), now(), kTimeoutMs);
  EXPECT_FALSE(newcomer);
  if (!newcomer) {
    EXPECT_EQ(newcomer.error().code(), Errc::kUnavailable);
    EXPECT_STRNE(newcomer.error().what(), kSilent);
  }
  go.count_down();
  for (const auto& one : working) {
    std::array<std::uint8_t, 4096> into{};
    const auto n = one->read(into);
    ASSERT_TRUE(n);
    EXPECT_TRUE(as_text(Bytes(into).first(*n)).starts_with("HTTP/1.1 200 "));
  }
}

TEST(HttpsBounds, who_opens_many_connections_pushes_out_his_own) {
  ServerOptions options;
  options.max_connections = 4;
  options.request_timeout = kNever;
  const auto server = serve(options);
  const auto honest = http_over(secured(connect_from("127.0.0.2", *server)), "localhost");
  ASSERT_TRUE(honest->exchange(get("/one")));
  std::vector<Transport> silent;
  for (int i = 0; i < 12; ++i)
    silent.push_back(connect_to(*server));
  for (std::size_t i = 0; i < 9; ++i)
    EXPECT_TRUE(ended(*silent[i])) << i;
  EXPECT_TRUE(honest->exchange(get("/two")));  // though it has waited longest
}

TEST(HttpsBounds, who_does_not_take_his_replies_keeps_nobody_out) {
  constexpr unsigned kMost = 2;
  ServerOptions options;
  options.max_connections = kMost;
  options.reply_timeout = kNever;
  std::latch answered(kMost);
  const auto server = serve(options, [&](const HttpRequest& request) {
    if (request.target != "/large") return echo(request);
    answered.count_down();
    return HttpResponse{.status = 200, .headers = {}, .body = Buffer(64U << 20U)};
  });
  std::vector<std::unique_ptr<TlsStream>> slow;
  for (unsigned i = 0; i < kMost; ++i) {
    slow.push_back(secured(connect_to(*server)));
    ASSERT_TRUE(slow.back()->write(as_bytes("GET /large HTTP/1.1\r\n\r\n")));
  }
  answered.wait();
  // The reply is on its way between handler and socket for a moment: then nobody is pushed out.
  bool served = false;
  for (int i = 0; i < 1000 && !served; ++i) {
    auto connection = https_connect(url_of(*server), pin(), now(), kTimeoutMs);
    served = connection && connection->exchange->exchange(get("/"));
  }
  EXPECT_TRUE(served);
}

TEST(HttpsBounds, a_handshake_that_drips_is_ended) {
  ServerOptions options;
  options.request_timeout = std::chrono::milliseconds(300);
  const auto server = serve(options);
  const auto fd = tcp_connect_fd("127.0.0.1", server->port(), kTimeoutMs);
  ASSERT_TRUE(fd);
  const auto stream = socket_transport(*fd, 10);  // so long it waits for an answer to each octet
  ASSERT_TRUE(stream->write(std::array<std::uint8_t, 5>{0x16, 3, 1, 0x40, 0}));  // 16384 follow
  bool done = false;
  for (int i = 0; i < 10000 && !done; ++i)
    done = !stream->write(std::array<std::uint8_t, 1>{}) || ended(*stream);
  EXPECT_TRUE(done);
}

TEST(HttpsBounds, half_a_request_and_no_request_are_ended) {
  ServerOptions options;
  options.request_timeout = std::chrono::milliseconds(300);
  const auto server = serve(options);
  const auto half = secured(connect_to(*server));
  ASSERT_TRUE(half->write(as_bytes("GET / HTTP/1.1\r\nHost: ")));
  EXPECT_TRUE(ended(*half));
  const auto idle = secured(connect_to(*server));
  ASSERT_TRUE(idle->write(as_bytes(kRequest)));  // answered, then nothing more comes
  EXPECT_TRUE(ended(*idle));
}

// Three bodies of the longest have room, two of one address; 100 octets are small.
ServerOptions room_for_three() {
  ServerOptions options;
  options.max_body_bytes = 1000;
  options.max_bodies_bytes = 3000;
  options.max_bodies_bytes_of_peer = 2000;
  options.small_body_bytes = 100;
  options.request_timeout = kNever;
  options.reply_timeout = kNever;
  return options;
}

HttpRequest post(std::string target, std::size_t body) {
  return {.method = "POST", .target = std::move(target), .headers = {}, .body = Buffer(body, 'x')};
}

std::unique_ptr<protocol::Exchange> exchange_from(const char* source, const HttpServer& server) {
  return http_over(secured(connect_from(source, server)), "localhost");
}

unsigned status_of(const char* source, const HttpServer& server, std::size_t body) {
  const auto reply = exchange_from(source, server)->exchange(post("/", body));
  EXPECT_TRUE(reply) << reply.error().what();
  return reply ? reply->status : 0;
}

TEST(HttpsBounds, bodies_have_a_room_of_which_one_address_has_a_part) {
  std::counting_semaphore<3> at_work(0);
  std::latch go(1);
  const auto server = serve(room_for_three(), [&](const HttpRequest& request) {
    if (request.target != "/held") return echo(request);
    at_work.release();
    go.wait();
    return echo(request);
  });
  std::vector<std::jthread> held;
  const auto hold = [&](const char* source) {
    held.emplace_back([&server, source] {
      const auto reply = exchange_from(source, *server)->exchange(post("/held", 1000));
      EXPECT_TRUE(reply && reply->status == 200);
    });
  };
  hold("127.0.0.1");
  hold("127.0.0.1");
  at_work.acquire();
  at_work.acquire();
  const auto refused = exchange_from("127.0.0.1", *server)->exchange(post("/", 101));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503U);
  EXPECT_EQ(refused->header("Retry-After"), "1");
  EXPECT_EQ(status_of("127.0.0.1", *server, 100), 200U);
  EXPECT_EQ(status_of("127.0.0.2", *server, 1000), 200U);
  hold("127.0.0.2");
  at_work.acquire();
  EXPECT_EQ(status_of("127.0.0.3", *server, 101), 503U);
  EXPECT_EQ(status_of("127.0.0.3", *server, 100), 200U);
  go.count_down();
  held.clear();
  EXPECT_EQ(status_of("127.0.0.1", *server, 1000), 200U);
}

// A body counts from its header on, as long as it says; and no longer when its peer has left.
TEST(HttpsBounds, what_is_on_its_way_has_its_place_until_its_peer_leaves) {
  const auto server = serve(room_for_three());
  const auto comes_to = [&](unsigned wanted) {
    for (int i = 0; i < 1000; ++i) {
      if (status_of("127.0.0.1", *server, 101) == wanted) return true;
    }
    return false;
  };
  for (const char* head : {"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n",
                           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    std::vector<std::unique_ptr<TlsStream>> slow;
    for (int i = 0; i < 2; ++i) {
      slow.push_back(secured(connect_to(*server)));
      ASSERT_TRUE(slow.back()->write(as_bytes(head)));
    }
    EXPECT_TRUE(comes_to(503)) << head;
    slow.clear();
    EXPECT_TRUE(comes_to(200)) << head;
  }
}

// Its client sends the whole body before it reads: a reset would take the reply away.
TEST(HttpsBounds, who_finds_no_room_gets_to_know_it) {
  constexpr std::size_t kLongest = 4U << 20U;
  ServerOptions options;
  options.max_body_bytes = kLongest;
  options.max_bodies_bytes = kLongest;
  options.max_bodies_bytes_of_peer = kLongest;
  std::latch at_work(1);
  std::latch go(1);
  const auto server = serve(options, [&](const HttpRequest& request) {
    at_work.count_down();
    go.wait();
    return HttpResponse{.status = 200, .headers = {}, .body = Buffer(request.body.size() % 7)};
  });
  std::jthread first([&server] { EXPECT_EQ(status_of("127.0.0.1", *server, kLongest), 200U); });
  at_work.wait();
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(status_of("127.0.0.2", *server, kLongest), 503U);
  go.count_down();
}

}  // namespace
}  // namespace ward::net
