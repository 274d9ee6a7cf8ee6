#include "net/tls/stream.h"

#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "net/http/client.h"
#include "net/http/server.h"
#include "net/socket.h"
#include "net/tls/context.h"
#include "test/support/https_fixture.h"

// Replies without an end, over loopback.
namespace ward::net {
namespace {

// Counted says what is alive and how often it was asked.
struct Counted {
  std::atomic<int> alive{0};
  std::atomic<int> asked{0};
};

// Numbers sends "0\n", "1\n", ... each after one question without an answer, `most` of them.
class Numbers final : public Source {
 public:
  Numbers(Counted& counted, int most) : counted_(counted), most_(most) { ++counted_.alive; }

  ~Numbers() override { --counted_.alive; }

  std::optional<Buffer> more() override {
    ++counted_.asked;
    quiet_ = !quiet_;
    if (quiet_) return Buffer();
    if (sent_ == most_) return std::nullopt;
    return to_buffer(as_bytes(std::to_string(sent_++) + "\n"));
  }

 private:
  Counted& counted_;
  int most_;
  int sent_ = 0;
  bool quiet_ = false;
};

// Flood sends without an end, as fast as it is taken.
class Flood final : public Source {
 public:
  explicit Flood(Counted& counted) : counted_(counted) { ++counted_.alive; }

  ~Flood() override { --counted_.alive; }

  std::optional<Buffer> more() override {
    ++counted_.asked;
    return Buffer(1U << 20U, 'x');
  }

 private:
  Counted& counted_;
};

// Quiet has nothing to say.
class Quiet final : public Source {
 public:
  explicit Quiet(Counted& counted) : counted_(counted) { ++counted_.alive; }

  ~Quiet() override { --counted_.alive; }

  std::optional<Buffer> more() override {
    ++counted_.asked;
    return Buffer();
  }

 private:
  Counted& counted_;
};

struct Times {
  std::chrono::milliseconds reply_timeout{20000};
  std::chrono::milliseconds pause{5};
};

class StreamTest : public testing::Test {
 protected:
  void serve(const Times& times = {}, bool tls = false) {
    ServerOptions options;
    options.stream_pause = times.pause;
    options.reply_timeout = times.reply_timeout;
    const Handler answer = [](const protocol::HttpRequest&) {
      return protocol::HttpResponse{.status = 200, .headers = {}, .body = {}};
    };
    const StreamHandler streams =
        [this](const protocol::HttpRequest& request) -> std::optional<Stream> {
      if (request.target == "/flood") return Stream{ok(), std::make_unique<Flood>(counted_)};
      if (request.target == "/quiet") return Stream{ok(), std::make_unique<Quiet>(counted_)};
      if (request.target == "/refused") {
        return Stream{{.status = 429, .headers = {}, .body = to_buffer(as_bytes("no"))}, nullptr};
      }
      if (request.target == "/throws") throw std::runtime_error("x");
      if (!request.target.starts_with("/numbers")) return std::nullopt;
      const int most = request.target == "/numbers" ? 3 : 1'000'000;
      return Stream{ok(), std::make_unique<Numbers>(counted_, most)};
    };
    tls_ = tls;
    auto context = server_context(identity().certificate_pem, identity().key_pem);
    ASSERT_TRUE(context);
    auto made = tls ? serve_https(options, *context, answer, streams)
                    : serve_http(options, answer, streams);
    ASSERT_TRUE(made);
    server_ = *std::move(made);
  }

  static protocol::HttpResponse ok() {
    return {.status = 200, .headers = {{"Content-Type", "text/event-stream"}}, .body = {}};
  }

  std::unique_ptr<protocol::Transport> connect() {
    auto out = tcp_connect("127.0.0.1", server_->port(), kTimeoutMs);
    EXPECT_TRUE(out);
    if (!out || !tls_) return out ? *std::move(out) : nullptr;
    const auto context = client_context(pin(), {std::time(nullptr)});
    EXPECT_TRUE(context);
    auto secured = tls_connect(*std::move(out), *context, "localhost");
    EXPECT_TRUE(secured);
    return secured ? *std::move(secured) : nullptr;
  }

  std::unique_ptr<protocol::Transport> ask(const std::string& target) {
    auto stream = connect();
    if (stream) {
      EXPECT_TRUE(stream->write(as_bytes("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n")));
    }
    return stream;
  }

  // read_to reads until `end` stands in what came, or the stream has ended.
  static std::string read_to(protocol::Transport& stream, std::string_view end) {
    std::string out;
    std::array<std::uint8_t, 4096> chunk{};
    while (out.find(end) == std::string::npos) {
      const auto n = stream.read(chunk);
      if (!n || *n == 0) break;
      out += as_text(Bytes(chunk).first(*n));
    }
    return out;
  }

  // gone waits for the sources to die: each poll is one request that the server answers.
  bool gone() {
    for (int i = 0; i < 5000 && counted_.alive != 0; ++i) {
      auto exchange = http_over(connect(), "x");
      if (!exchange->exchange({.method = "GET", .target = "/", .headers = {}, .body = {}})) break;
    }
    return counted_.alive == 0;
  }

  Counted counted_;
  bool tls_ = false;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(StreamTest, goes_on_until_its_source_ends) {
  serve();
  const auto stream = ask("/numbers");
  const std::string all = read_to(*stream, "never");
  EXPECT_TRUE(all.starts_with("HTTP/1.1 200 OK\r\n")) << all;
  EXPECT_NE(all.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_NE(all.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(all.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(all.ends_with("\r\n\r\n0\n1\n2\n")) << all;
  EXPECT_TRUE(gone());
}

TEST_F(StreamTest, that_is_refused_is_a_reply_as_any_other) {
  serve();
  auto exchange = http_over(connect(), "x");
  for (int i = 0; i < 2; ++i) {  // the connection stays
    const auto reply =
        exchange->exchange({.method = "GET", .target = "/refused", .headers = {}, .body = {}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 429U);
  }
  const auto thrown =
      exchange->exchange({.method = "GET", .target = "/throws", .headers = {}, .body = {}});
  ASSERT_TRUE(thrown);
  EXPECT_EQ(thrown->status, 500U);
  EXPECT_EQ(exchange->exchange({.method = "GET", .target = "/", .headers = {}, .body = {}})->status,
            200U);
}

TEST_F(StreamTest, many_of_them_hold_no_thread) {
  serve();
  std::vector<std::unique_ptr<protocol::Transport>> streams;
  for (int i = 0; i < 32; ++i) {
    streams.push_back(ask("/numbers/more"));
    EXPECT_NE(read_to(*streams.back(), "\n0\n").find("200 OK"), std::string::npos);
  }
  auto exchange = http_over(connect(), "x");
  EXPECT_TRUE(exchange->exchange({.method = "GET", .target = "/", .headers = {}, .body = {}}));
  EXPECT_EQ(counted_.alive, 32);
  streams.clear();
  EXPECT_TRUE(gone());
}

TEST_F(StreamTest, a_reader_who_takes_nothing_costs_one_piece_and_loses_the_connection) {
  serve({.reply_timeout = std::chrono::milliseconds(200)});
  const auto stream = ask("/flood");
  EXPECT_TRUE(gone());
  // What lies between is the kernel's: a few pieces of a megabyte, not what it could have sent.
  EXPECT_LT(counted_.asked, 64);
}

// Nothing is ever sent, and the source would be asked again in an hour.
TEST_F(StreamTest, a_reader_who_leaves_holds_no_place) {
  for (const bool tls : {false, true}) {
    serve({.pause = std::chrono::hours(1)}, tls);
    auto stream = ask("/quiet");
    EXPECT_NE(read_to(*stream, "\r\n\r\n").find("200 OK"), std::string::npos);
    EXPECT_EQ(counted_.alive, 1);
    stream.reset();
    EXPECT_TRUE(gone()) << tls;
  }
}

TEST_F(StreamTest, a_reader_who_leaves_while_it_is_written_to_holds_no_place) {
  for (const bool tls : {false, true}) {
    serve({}, tls);
    auto stream = ask("/flood");
    EXPECT_NE(read_to(*stream, "xxx").find("200 OK"), std::string::npos);
    stream.reset();
    EXPECT_TRUE(gone()) << tls;
  }
}

TEST_F(StreamTest, what_a_reader_says_is_not_heard_and_bounded) {
  for (const bool tls : {false, true}) {
    serve({}, tls);
    auto stream = ask("/numbers/more");
    EXPECT_NE(read_to(*stream, "\n0\n").find("200 OK"), std::string::npos);
    ASSERT_TRUE(stream->write(Buffer(1000, 'x')));
    EXPECT_NE(read_to(*stream, "\n").find('\n'), std::string::npos);
    EXPECT_EQ(counted_.alive, 1);
    (void)stream->write(Buffer(64U << 10U, 'x'));
    EXPECT_TRUE(gone()) << tls;
  }
}

TEST_F(StreamTest, a_reader_who_takes_nothing_holds_no_stop_up) {
  for (const bool tls : {false, true}) {
    serve({}, tls);
    const auto stream = ask("/flood");
    EXPECT_NE(read_to(*stream, "xxx").find("200 OK"), std::string::npos);
    const auto begin = std::chrono::steady_clock::now();
    server_->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10)) << tls;
    EXPECT_EQ(counted_.alive, 0);
  }
}

TEST_F(StreamTest, over_tls_goes_on_until_its_source_ends) {
  serve({}, true);
  const auto stream = ask("/numbers");
  EXPECT_TRUE(read_to(*stream, "never").ends_with("\r\n\r\n0\n1\n2\n"));
  EXPECT_TRUE(gone());
}

TEST_F(StreamTest, ends_when_the_server_stops) {
  serve();
  const auto stream = ask("/numbers/more");
  EXPECT_NE(read_to(*stream, "\n0\n").find("200 OK"), std::string::npos);
  server_->stop();
  EXPECT_EQ(counted_.alive, 0);
  (void)read_to(*stream, "never");
}

}  // namespace
}  // namespace ward::net
