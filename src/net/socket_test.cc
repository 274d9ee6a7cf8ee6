#include "net/socket.h"

#include <array>
#include <chrono>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/support/full_port.h"

namespace ward::net {
namespace {

struct Pair {
  int near = -1;
  int far = -1;
};

Pair make_pair() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  return {fds[0], fds[1]};
}

TEST(Socket, carries_octets_and_tells_the_end) {
  const Pair pair = make_pair();
  const auto near = socket_transport(pair.near, 5000);
  auto far = socket_transport(pair.far, 5000);
  ASSERT_TRUE(near->write(as_bytes("ward")));
  std::array<std::uint8_t, 16> into{};
  const auto n = far->read(into);
  ASSERT_TRUE(n);
  EXPECT_EQ(as_text(Bytes(into).first(*n)), "ward");
  far.reset();
  const auto end = near->read(into);
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, 0U);
}

TEST(Socket, a_peer_that_is_gone_is_an_error_and_no_signal) {
  const Pair pair = make_pair();
  const auto near = socket_transport(pair.near, 5000);
  ::close(pair.far);
  const auto refused = near->write(as_bytes("ward"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kUnavailable);
}

TEST(Socket, a_silent_peer_is_given_up) {
  const Pair pair = make_pair();
  const auto near = socket_transport(pair.near, 1);
  std::array<std::uint8_t, 16> into{};
  const auto silent = near->read(into);
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code(), Errc::kUnavailable);
  ::close(pair.far);
}

TEST(Socket, nothing_at_the_address_is_unavailable) {
  // A socket that is bound and does not listen: the port is taken, and refuses.
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  ASSERT_EQ(::bind(fd, generic, size), 0);
  ASSERT_EQ(::getsockname(fd, generic, &size), 0);
  const auto refused = tcp_connect("127.0.0.1", ntohs(address.sin_port), 5000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kUnavailable);
  ::close(fd);
}

TEST(Socket, a_host_of_many_addresses_is_given_up_in_one_time) {
  const test::FullPort full;
  const auto found = addresses_of("127.0.0.1", full.number());
  ASSERT_TRUE(found);
  Lookups lookups(1, [&](const std::string&, std::uint16_t) {
    return Result<std::vector<SocketAddress>>(std::vector<SocketAddress>(12, found->front()));
  });
  std::size_t tried = 0;
  const auto begin = std::chrono::steady_clock::now();
  const auto refused = tcp_connect_fd("many.example", full.number(),
                                      {.timeout_ms = 100,
                                       .lookups = lookups,
                                       .allowed = [](AddressKind) { return true; },
                                       .connecting = [&](int) { ++tried; },
                                       .stop = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kUnavailable);
  EXPECT_EQ(tried, kMaxAddressesTried);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(90));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(Socket, a_host_of_addresses_that_are_not_allowed_is_not_connected_to) {
  Lookups lookups(1);
  const auto refused =
      tcp_connect_fd("127.0.0.1", 1,
                     {.timeout_ms = 100,
                      .lookups = lookups,
                      .allowed = [](AddressKind kind) { return kind == AddressKind::kPublic; },
                      .connecting = [](int) { ADD_FAILURE(); },
                      .stop = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kDenied);
}

TEST(Url, reads_https_addresses_only) {
  const struct {
    const char* text;
    const char* host;
    std::uint16_t port;
    const char* path;
  } kGood[] = {{"https://broker.example", "broker.example", 443, ""},
               {"https://127.0.0.1:8443/", "127.0.0.1", 8443, ""},
               {"https://[::1]:9", "::1", 9, ""},
               {"https://broker.example/t/acme", "broker.example", 443, "/t/acme"},
               {"https://[::1]:9/a.b/~c_d-0/", "::1", 9, "/a.b/~c_d-0"}};

  const std::string longest(kMaxBasePath - 1, 'p');
  EXPECT_TRUE(parse_https_url("https://a/" + longest));
  EXPECT_FALSE(parse_https_url("https://a/p" + longest));

  for (const auto& row : kGood) {
    const auto url = parse_https_url(row.text);
    ASSERT_TRUE(url) << row.text;
    EXPECT_EQ(url->host, row.host);
    EXPECT_EQ(url->port, row.port);
    EXPECT_EQ(url->path, row.path);
  }
  for (const char* text :
       {"https://", "https://:1", "https://a:0", "https://a:65536", "https://a:1x", "https://a//b",
        "https://a/b//", "https://a/../b", "https://a/./b", "https://a/b?c", "https://a/b#c",
        "https://a/%62", "https://a/b c", "https:///b", "https://u@a", "https://a b",
        "https://[::1", "https://a:"}) {
    const auto url = parse_https_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code(), Errc::kMalformed) << text;
  }
  const auto plain = parse_https_url("http://a");
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().code(), Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::net
