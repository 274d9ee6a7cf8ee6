#include "net/relay.h"

#include <array>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ward::net {
namespace {

sockaddr* generic(sockaddr_in& address) {
  return static_cast<sockaddr*>(static_cast<void*>(&address));
}

// Listener is a TCP server on loopback, on a port that the system picks.
struct Listener {
  Listener() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd, generic(address), size), 0);
    EXPECT_EQ(::listen(fd, 1), 0);
    EXPECT_EQ(::getsockname(fd, generic(address), &size), 0);
    url = {.host = "127.0.0.1", .port = ntohs(address.sin_port)};
  }

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  ~Listener() { ::close(fd); }

  int fd;
  Url url;
};

class Relay : public testing::Test {
 protected:
  Relay() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair_), 0); }

  ~Relay() override {
    if (thread_.joinable()) {
      thread_.request_stop();
      thread_.join();  // it uses the sockets
    }
    ::close(pair_[0]);
    ::close(pair_[1]);
  }

  void start(const Url& url) {
    thread_ = std::jthread(
        [this, url](const std::stop_token& stop) { result_ = relay(pair_[1], url, 5000, stop); });
  }

  static std::string read_all(int fd) {
    std::string out;
    std::array<char, 4096> block{};
    for (ssize_t n = 0; (n = ::read(fd, block.data(), block.size())) > 0;)
      out.append(block.data(), static_cast<std::size_t>(n));
    return out;
  }

  int pair_[2] = {-1, -1};
  Result<Relayed> result_ = Relayed{};
  std::jthread thread_;
};

TEST_F(Relay, carries_many_octets_both_ways_and_counts_them) {
  const Listener listener;
  start(listener.url);
  const std::string question(300000, 'q');
  const std::string answer(500000, 'a');
  std::jthread asking([&] {
    for (std::size_t at = 0; at < question.size();)
      at += static_cast<std::size_t>(::write(pair_[0], question.data() + at, question.size() - at));
  });
  const int server = ::accept(listener.fd, nullptr, nullptr);
  std::string got(question.size(), 0);
  ASSERT_EQ(::recv(server, got.data(), got.size(), MSG_WAITALL),
            static_cast<ssize_t>(question.size()));
  EXPECT_EQ(got, question);
  std::jthread answering([&] {
    for (std::size_t at = 0; at < answer.size();)
      at += static_cast<std::size_t>(::write(server, answer.data() + at, answer.size() - at));
    ::close(server);
  });
  EXPECT_EQ(read_all(pair_[0]), answer);
  thread_.join();
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->to_server, question.size());
  EXPECT_EQ(result_->from_server, answer.size());
}

TEST_F(Relay, the_server_sees_the_end_of_who_asks) {
  const Listener listener;
  start(listener.url);
  ASSERT_EQ(::write(pair_[0], "x", 1), 1);
  const int server = ::accept(listener.fd, nullptr, nullptr);
  ASSERT_EQ(::shutdown(pair_[0], SHUT_RDWR), 0);
  EXPECT_EQ(read_all(server), "x");
  ::close(server);
}

TEST_F(Relay, nothing_at_the_address_is_unavailable_and_ends_the_stream_inside) {
  Url url;
  {
    const Listener gone;
    url = gone.url;
  }
  start(url);
  ASSERT_EQ(::write(pair_[0], "x", 1), 1);
  thread_.join();
  ASSERT_FALSE(result_);
  EXPECT_EQ(result_.error().code(), Errc::kUnavailable);
  char octet = 0;
  EXPECT_LE(::read(pair_[0], &octet, 1), 0);
}

TEST_F(Relay, stops_before_the_first_octet_and_in_the_middle) {
  const Listener listener;
  start(listener.url);
  thread_.request_stop();
  thread_.join();
  EXPECT_TRUE(result_);

  ::close(pair_[0]);
  ::close(pair_[1]);
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair_), 0);
  start(listener.url);
  ASSERT_EQ(::write(pair_[0], "x", 1), 1);
  const int server = ::accept(listener.fd, nullptr, nullptr);
  thread_.request_stop();
  thread_.join();
  EXPECT_TRUE(result_);
  ::close(server);
}

}  // namespace
}  // namespace ward::net
