#include <atomic>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "net/http/client.h"
#include "net/http/fetch.h"
#include "net/http/server.h"
#include "net/socket.h"
#include "net/tls/stream.h"
#include "pki/certificate.h"
#include "test/support/https_fixture.h"
#include "test/support/program.h"

// Server and client over loopback: TLS and HTTP together.
namespace ward::net {
namespace {

using Identity = test::TlsIdentity;

constexpr std::int64_t kDay = 86400;

UnixTime now() { return {std::time(nullptr)}; }

HttpRequest post(std::size_t size) {
  return {.method = "POST", .target = "/", .headers = {}, .body = Buffer(size, 'a')};
}

std::string text(const HttpResponse& reply) { return std::string(as_text(reply.body)); }

Errc refusal(const Url& url, const ServerTrust& trust, UnixTime at) {
  const auto refused = https_connect(url, trust, at, kTimeoutMs);
  EXPECT_FALSE(refused);
  return refused ? Errc::kInternal : refused.error().code();
}

TEST(Https, a_pinned_client_talks_over_one_connection) {
  const auto server = serve();
  auto connection = https_connect(url_of(*server), pin(), now(), kTimeoutMs);
  ASSERT_TRUE(connection) << connection.error().what();
  EXPECT_EQ(connection->spki_sha256, crypto::sha256(identity().spki));
  for (const char* target : {"/one", "/two", "/three"}) {
    const auto reply = connection->exchange->exchange(get(target));
    ASSERT_TRUE(reply) << reply.error().what();
    EXPECT_EQ(reply->status, 200U);
    EXPECT_EQ(text(*reply), std::string(target) + "|");
    EXPECT_EQ(reply->header("content-type"), "text/plain");
  }
}

// What the client shows stands in each of its requests; who shows nothing is served all the same.
TEST(Https, a_server_that_asks_hands_on_the_clients_certificate) {
  const auto context =
      server_context(identity().certificate_pem, identity().key_pem, ClientCertificates::kAsked);
  ASSERT_TRUE(context);
  const auto tell = [](const HttpRequest& request) {
    std::string all;
    for (const Buffer& one : request.client_certificates) {
      all += to_hex(crypto::sha256(one)) + "\n";
    }
    return HttpResponse{.status = 200, .headers = {}, .body = to_buffer(as_bytes(all))};
  };
  const auto server = serve_https({}, *context, tell);
  ASSERT_TRUE(server);
  const Identity client = test::make_tls_identity();
  const ClientIdentity shown{client.certificate_pem, client.key_pem};
  auto certified = https_connect(url_of(**server), pin(), now(), kTimeoutMs, &shown);
  ASSERT_TRUE(certified) << certified.error().what();
  const auto parsed = pki::parse_certificates(client.certificate_pem);
  ASSERT_TRUE(parsed);
  const std::string digest = to_hex(parsed->front().fingerprint) + "\n";
  for (int i = 0; i < 2; ++i) {
    const auto reply = certified->exchange->exchange(get("/"));
    ASSERT_TRUE(reply) << reply.error().what();
    EXPECT_EQ(text(*reply), digest);
  }
  auto nameless = https_connect(url_of(**server), pin(), now(), kTimeoutMs);
  ASSERT_TRUE(nameless);
  EXPECT_EQ(text(*nameless->exchange->exchange(get("/"))), "");
}

TEST(Https, a_server_that_does_not_ask_sees_no_certificate) {
  const auto server = serve({}, [](const HttpRequest& request) {
    return HttpResponse{
        .status = request.client_certificates.empty() ? 200U : 500U, .headers = {}, .body = {}};
  });
  const ClientIdentity shown{identity().certificate_pem, identity().key_pem};
  auto connection = https_connect(url_of(*server), pin(), now(), kTimeoutMs, &shown);
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->exchange->exchange(get("/"))->status, 200U);
}

TEST(Https, a_client_needs_the_key_of_its_certificate) {
  const Identity other = test::make_tls_identity();
  const ClientIdentity mixed{identity().certificate_pem, other.key_pem};
  const auto context = client_context(pin(), now(), &mixed);
  ASSERT_FALSE(context);
  EXPECT_EQ(context.error().code(), Errc::kUntrusted);
}

TEST(HttpsFetch, takes_a_url_with_path_and_query_to_a_server_of_the_ca) {
  const auto server = serve();
  const std::string url = "https://localhost:" + std::to_string(server->port());
  const FetchOptions options{.ca_pem = identity().certificate_pem, .now = now()};
  const auto reply = https_fetch(url + "/a/b?c=d", get("/"), options);
  ASSERT_TRUE(reply) << reply.error().what();
  EXPECT_EQ(text(*reply), "/a/b?c=d|");
  const auto bare = https_fetch(url, get(""), options);
  ASSERT_TRUE(bare) << bare.error().what();
  EXPECT_EQ(text(*bare), "/|");
  const auto other = https_fetch(
      url, get(""), {.ca_pem = test::make_tls_identity().certificate_pem, .now = now()});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Errc::kUntrusted);
  const auto small = https_fetch(
      url + "/long", get(""), {.ca_pem = identity().certificate_pem, .now = now(), .max_bytes = 5});
  ASSERT_FALSE(small);
  EXPECT_EQ(small.error().code(), Errc::kLimit);
}

TEST(HttpsFetch, reads_urls_strictly) {
  const auto place = parse_https_place("https://a.example?x");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->server.host, "a.example");
  EXPECT_EQ(place->server.port, 443);
  EXPECT_EQ(place->target, "/?x");

  const struct {
    std::string url;
    Errc want;
  } kCases[] = {
      {"http://a/", Errc::kUnsupported},   {"a/b", Errc::kUnsupported},
      {"https:///b", Errc::kMalformed},    {"https://a/b#c", Errc::kMalformed},
      {"https://a/b c", Errc::kMalformed}, {"https://u@a/b", Errc::kMalformed},
      {"https://a:0/b", Errc::kMalformed}, {"https://a/" + std::string(2039, 'b'), Errc::kLimit}};

  for (const auto& row : kCases) {
    const auto wrong = parse_https_place(row.url);
    ASSERT_FALSE(wrong) << row.url;
    EXPECT_EQ(wrong.error().code(), row.want) << row.url;
  }
  EXPECT_TRUE(parse_https_place("https://a/" + std::string(2038, 'b')));
}

TEST(Https, a_client_with_a_ca_checks_the_name) {
  const auto server = serve();
  const Url url = url_of(*server);
  EXPECT_TRUE(
      https_connect(url, CaTrust{identity().certificate_pem, "127.0.0.1"}, now(), kTimeoutMs));
  EXPECT_TRUE(
      https_connect(url, CaTrust{identity().certificate_pem, "localhost"}, now(), kTimeoutMs));
  EXPECT_EQ(refusal(url, CaTrust{identity().certificate_pem, "127.0.0.2"}, now()),
            Errc::kUntrusted);
  EXPECT_EQ(refusal(url, CaTrust{identity().certificate_pem, "example.org"}, now()),
            Errc::kUntrusted);
  EXPECT_EQ(refusal(url, CaTrust{"no certificate", "127.0.0.1"}, now()), Errc::kMalformed);
}

TEST(Https, an_address_with_a_path_comes_before_every_request) {
  const auto server = serve();
  Url url = url_of(*server);
  url.path = "/t/acme";
  auto connection = https_connect(url, pin(), now(), kTimeoutMs);
  ASSERT_TRUE(connection);
  const auto reply = connection->exchange->exchange(get("/one"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(text(*reply), "/t/acme/one|");
}

TEST(Https, another_key_is_refused) {
  const auto server = serve();
  const Identity other = test::make_tls_identity();
  EXPECT_EQ(refusal(url_of(*server), SpkiPin{crypto::sha256(other.spki)}, now()), Errc::kUntrusted);
  EXPECT_EQ(refusal(url_of(*server), SpkiPin{}, now()), Errc::kUntrusted);
  EXPECT_EQ(refusal(url_of(*server), CaTrust{other.certificate_pem, "127.0.0.1"}, now()),
            Errc::kUntrusted);
}

TEST(Https, a_certificate_out_of_its_time_is_stale) {
  const auto server = serve();
  const Url url = url_of(*server);
  const UnixTime late{now().seconds + 2 * kDay};
  const UnixTime early{now().seconds - 2 * kDay};
  for (const ServerTrust& trust :
       {pin(), ServerTrust(CaTrust{identity().certificate_pem, "127.0.0.1"})}) {
    EXPECT_EQ(refusal(url, trust, late), Errc::kStale);
    EXPECT_EQ(refusal(url, trust, early), Errc::kStale);
  }
}

TEST(Https, both_ends_export_the_same_secret_and_another_connection_does_not) {
  const auto server = serve();
  const auto context = client_context(pin(), now());
  ASSERT_TRUE(context);
  std::vector<Buffer> exported;
  for (int i = 0; i < 2; ++i) {
    auto below = tcp_connect("127.0.0.1", server->port(), kTimeoutMs);
    ASSERT_TRUE(below);
    const auto stream = tls_connect(*std::move(below), *context, "localhost");
    ASSERT_TRUE(stream);
    for (int n = 0; n < 2; ++n) {
      const auto one = (*stream)->exporter("EXPORTER-ward", as_bytes("context"), 32);
      ASSERT_TRUE(one);
      exported.push_back(*one);
    }
    EXPECT_FALSE((*stream)->exporter("EXPORTER-ward", {}, 256));
  }
  EXPECT_EQ(exported[0], exported[1]);
  EXPECT_NE(exported[0], exported[2]);
}

TEST(Https, bounds_body_and_header) {
  ServerOptions options;
  options.max_body_bytes = 1000;
  options.max_header_bytes = 1024;
  const auto server = serve(options);
  const auto status = [&](const HttpRequest& request) -> unsigned {
    auto connection = https_connect(url_of(*server), pin(), now(), kTimeoutMs);
    if (!connection) return 0;
    const auto reply = connection->exchange->exchange(request);
    return reply ? reply->status : 1;
  };
  EXPECT_EQ(status(post(1000)), 200U);
  EXPECT_EQ(status(post(1001)), 413U);
  HttpRequest request = get("/");
  request.headers = {{"X-Long", std::string(600, 'a')}};
  EXPECT_EQ(status(request), 200U);
  request.headers = {{"X-Long", std::string(1024, 'a')}};
  EXPECT_EQ(status(request), 431U);
}

TEST(Https, refuses_what_is_no_request) {
  const auto server = serve();
  const auto context = client_context(pin(), now());
  ASSERT_TRUE(context);
  auto below = tcp_connect("127.0.0.1", server->port(), kTimeoutMs);
  ASSERT_TRUE(below);
  const auto stream = tls_connect(*std::move(below), *context, "localhost");
  ASSERT_TRUE(stream);
  ASSERT_TRUE((*stream)->write(as_bytes("nonsense\r\n\r\n")));
  std::array<std::uint8_t, 4096> into{};
  const auto n = (*stream)->read(into);
  ASSERT_TRUE(n);
  EXPECT_TRUE(as_text(Bytes(into).first(*n)).starts_with("HTTP/1.1 400 ")) << as_text(into);
}

TEST(Https, a_request_that_would_split_its_header_is_not_sent) {
  const auto server = serve();
  auto connection = https_connect(url_of(*server), pin(), now(), kTimeoutMs);
  ASSERT_TRUE(connection);
  HttpRequest request = get("/");
  request.headers = {{"X", "a\r\nY: b"}};
  const auto refused = connection->exchange->exchange(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kMalformed);
  EXPECT_FALSE(connection->exchange->exchange(get("/a b")));
}

TEST(Https, a_peer_that_speaks_no_tls_is_malformed_and_costs_the_server_nothing) {
  const auto server = serve();
  auto below = tcp_connect("127.0.0.1", server->port(), kTimeoutMs);
  ASSERT_TRUE(below);
  ASSERT_TRUE((*below)->write(as_bytes("GET / HTTP/1.1\r\n\r\n")));
  auto connection = https_connect(url_of(*server), pin(), now(), kTimeoutMs);
  ASSERT_TRUE(connection);
  EXPECT_TRUE(connection->exchange->exchange(get("/")));
}

TEST(Https, silent_connections_do_not_keep_others_out) {
  ServerOptions options;
  options.max_connections = 4;
  const auto server = serve(options);
  std::vector<std::unique_ptr<protocol::Transport>> silent;
  for (int i = 0; i < 12; ++i) {
    auto one = tcp_connect("127.0.0.1", server->port(), kTimeoutMs);
    ASSERT_TRUE(one);
    silent.push_back(*std::move(one));
    auto connection = https_connect(url_of(*server), pin(), now(), kTimeoutMs);
    ASSERT_TRUE(connection) << connection.error().what();
    EXPECT_TRUE(connection->exchange->exchange(get("/")));
  }
}

TEST(Https, slow_handlers_leave_the_sockets_to_others) {
  ServerOptions options;
  options.handler_threads = 2;
  std::latch at_work(1);
  std::latch go(1);
  const auto server = serve(options, [&](const HttpRequest& request) {
    if (request.target == "/slow") {
      at_work.count_down();
      go.wait();
    }
    return echo(request);
  });
  std::jthread slow([&] {
    auto connection = https_connect(url_of(*server), pin(), now(), kTimeoutMs);
    ASSERT_TRUE(connection);
    EXPECT_TRUE(connection->exchange->exchange(get("/slow")));
  });
  at_work.wait();
  auto connection = https_connect(url_of(*server), pin(), now(), kTimeoutMs);
  ASSERT_TRUE(connection);
  EXPECT_TRUE(connection->exchange->exchange(get("/fast")));
  go.count_down();
}

TEST(Https, stopping_lets_a_request_at_work_end) {
  std::latch at_work(1);
  std::latch go(1);
  const auto server = serve({}, [&](const HttpRequest& request) {
    at_work.count_down();
    go.wait();
    return echo(request);
  });
  std::atomic<unsigned> status{0};
  std::jthread client([&] {
    auto connection = https_connect(url_of(*server), pin(), now(), kTimeoutMs);
    if (!connection) return;
    const auto reply = connection->exchange->exchange(get("/"));
    status = reply ? reply->status : 1;
  });
  at_work.wait();
  std::jthread stopper([&] { server->stop(); });
  go.count_down();
  stopper.join();
  client.join();
  EXPECT_EQ(status, 200U);
  EXPECT_FALSE(https_connect(url_of(*server), pin(), now(), kTimeoutMs));
}

TEST(Https, a_handler_that_throws_is_answered_with_500) {
  const auto server = serve({}, [](const HttpRequest&) -> HttpResponse { throw std::bad_alloc(); });
  auto connection = https_connect(url_of(*server), pin(), now(), kTimeoutMs);
  ASSERT_TRUE(connection);
  const auto reply = connection->exchange->exchange(get("/"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 500U);
}

TEST(Https, openssl_speaks_to_it_in_tls_1_3_only) {
  const auto server = serve();
  const std::string at = "127.0.0.1:" + std::to_string(server->port());
  const auto modern =
      test::run_program({"openssl", "s_client", "-connect", at, "-tls1_3", "-ign_eof"},
                        "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(modern.exit, 0) << modern.err;
  EXPECT_NE(modern.out.find("HTTP/1.1 200 OK"), std::string::npos) << modern.out;
  EXPECT_NE(modern.out.find("/hello|"), std::string::npos);
  EXPECT_NE(modern.out.find("New, TLSv1.3"), std::string::npos);
  const auto old = test::run_program({"openssl", "s_client", "-connect", at, "-tls1_2"});
  EXPECT_NE(old.exit, 0);
}

// The same server without TLS.
struct Plain {
  explicit Plain(const ServerOptions& options = {}) : server(*serve_http(options, echo)) {}

  std::unique_ptr<protocol::Exchange> connect() const {
    auto below = tcp_connect("127.0.0.1", server->port(), kTimeoutMs);
    EXPECT_TRUE(below);
    return http_over(*std::move(below), "127.0.0.1");
  }

  std::unique_ptr<HttpServer> server;
};

TEST(Http, talks_over_one_connection_and_ends) {
  const Plain plain;
  const auto connection = plain.connect();
  for (const char* target : {"/one", "/two", "/three"}) {
    const auto reply = connection->exchange(get(target));
    ASSERT_TRUE(reply) << reply.error().what();
    EXPECT_EQ(text(*reply), std::string(target) + "|");
  }
  plain.server->stop();
  const auto late = connection->exchange(get("/"));
  ASSERT_FALSE(late) << late->status;
  EXPECT_EQ(late.error().code(), Errc::kUnavailable);
}

TEST(Http, has_the_same_bounds) {
  ServerOptions options;
  options.max_body_bytes = 1000;
  options.max_connections = 4;
  const Plain plain(options);
  std::vector<std::unique_ptr<protocol::Transport>> silent;
  for (int i = 0; i < 12; ++i) {
    auto one = tcp_connect("127.0.0.1", plain.server->port(), kTimeoutMs);
    ASSERT_TRUE(one);
    silent.push_back(*std::move(one));
    EXPECT_EQ(plain.connect()->exchange(post(1000))->status, 200U);
    EXPECT_EQ(plain.connect()->exchange(post(1001))->status, 413U);
  }
}

TEST(Http, no_tls_is_spoken_where_none_is_served) {
  const Plain plain;
  EXPECT_FALSE(https_connect(url_of(*plain.server), pin(), now(), kTimeoutMs));
  EXPECT_TRUE(plain.connect()->exchange(get("/")));
}

TEST(TlsContext, refuses_what_is_no_identity) {
  const Identity other = test::make_tls_identity();
  const auto code = [](std::string_view certificate, std::string_view key) {
    const auto made = server_context(certificate, key);
    return made ? Errc::kInternal : made.error().code();
  };
  EXPECT_EQ(code("", identity().key_pem), Errc::kMalformed);
  EXPECT_EQ(code(identity().certificate_pem, ""), Errc::kMalformed);
  EXPECT_EQ(code(identity().certificate_pem, identity().certificate_pem), Errc::kMalformed);
  EXPECT_EQ(code(identity().certificate_pem, other.key_pem), Errc::kUntrusted);
  const std::string cut = identity().certificate_pem.substr(0, 200);
  EXPECT_EQ(code(identity().certificate_pem + cut, identity().key_pem), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::net
