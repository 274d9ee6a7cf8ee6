#include "keep/device_server.h"

#include <array>
#include <cstring>
#include <functional>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "keep/device_channel.h"
#include "test/support/echo_device.h"

namespace ward::keep {
namespace {

using test::EchoDevice;

constexpr int kPatienceMs = 20'000;

std::pair<UniqueFd, UniqueFd> pair_of(int type) {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), 0);
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// send_through sends one message with descriptors, as a workload does.
bool send_through(int door, std::string_view text, std::initializer_list<int> fds) {
  std::string octets(text);
  iovec part{.iov_base = octets.data(), .iov_len = octets.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(16 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fds.size() > 0) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr) return false;
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), fds.begin(), fds.size() * sizeof(int));
  }
  return ::sendmsg(door, &message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(octets.size());
}

class DeviceServerTest : public testing::Test {
 protected:
  void make(int limit_ms = kPatienceMs, MayAttest clients = MayAttest::kYes) {
    auto [agent, agent_inside] = pair_of(SOCK_STREAM);
    auto [door, door_inside] = pair_of(SOCK_SEQPACKET);
    agent_ = std::move(agent);
    door_ = std::move(door);
    server_.emplace(std::move(agent_inside), std::move(door_inside), clients, limit_ms);
  }

  // step waits for the server's next event and lets it take one step; false when nothing comes for
  // `patience_ms`.
  bool step(int patience_ms = kPatienceMs) {
    std::vector<pollfd> entries;
    int timeout_ms = -1;
    server_->wait_for(entries, timeout_ms);
    const bool own = timeout_ms >= 0 && timeout_ms < patience_ms;
    const int n = ::poll(entries.data(), entries.size(), own ? timeout_ms : patience_ms);
    server_->serve(device_, entries);
    return n > 0 || own;
  }

  void settle() {
    while (step(0)) {
    }
  }

  // serve_until lets the server work until something is true.
  void serve_until(const std::function<bool()>& done) {
    while (!done())
      ASSERT_TRUE(step()) << "nothing happens any more";
  }

  // enter sends one end of a new pair through the door and returns the other.
  UniqueFd enter() {
    auto [here, there] = pair_of(SOCK_STREAM);
    EXPECT_TRUE(send_through(door_.get(), "d", {there.get()}));
    return std::move(here);
  }

  static bool is_readable(int fd) {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) == 1;
  }

  static void put(int fd, Bytes octets) {
    ASSERT_EQ(::send(fd, octets.data(), octets.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(octets.size()));
  }

  // is_answered asks for the TEE's name and takes the answer.
  void is_answered(int fd) {
    constexpr std::uint8_t kAsk[] = {'t', 0, 0, 0, 0};
    put(fd, kAsk);
    serve_until([&] { return is_readable(fd); });
    std::array<char, 32> answer{};
    const ssize_t n = ::recv(fd, answer.data(), answer.size(), 0);
    EXPECT_EQ(std::string_view(answer.data(), static_cast<std::size_t>(n)),
              std::string_view("\0\3\0\0\0sgx", 8));
  }

  // refusal reads an answer that is none, and the end of the stream behind it.
  static std::pair<int, std::string> refusal(int fd) {
    std::array<char, 2048> answer{};
    const ssize_t n = ::recv(fd, answer.data(), answer.size(), 0);
    if (n < 5) return {-1, "no answer"};
    char more = 0;
    EXPECT_LE(::recv(fd, &more, 1, 0), 0);
    return {answer[0] - 1, std::string(answer.data() + 5, static_cast<std::size_t>(n - 5))};
  }

  EchoDevice device_;
  UniqueFd agent_;
  UniqueFd door_;
  std::optional<DeviceServer> server_;
};

TEST_F(DeviceServerTest, agent_and_whoever_came_through_the_door_are_answered) {
  make();
  is_answered(agent_.get());
  const UniqueFd one = enter();
  const UniqueFd two = enter();
  is_answered(two.get());
  is_answered(one.get());
  is_answered(one.get());
  is_answered(agent_.get());
  EXPECT_EQ(server_->clients(), 2U);
}

TEST_F(DeviceServerTest, a_client_that_leaves_makes_room) {
  make();
  std::vector<UniqueFd> clients;
  for (std::size_t i = 0; i < kMaxDeviceClients; ++i)
    clients.push_back(enter());
  const UniqueFd waiting = enter();
  settle();
  EXPECT_EQ(server_->clients(), kMaxDeviceClients);
  constexpr std::uint8_t kAsk[] = {'t', 0, 0, 0, 0};
  put(waiting.get(), kAsk);
  settle();
  EXPECT_FALSE(is_readable(waiting.get()));
  for (const UniqueFd& client : clients)
    is_answered(client.get());
  clients.pop_back();
  serve_until([&] { return is_readable(waiting.get()); });
  EXPECT_EQ(server_->clients(), kMaxDeviceClients);
}

TEST_F(DeviceServerTest, another_message_at_the_door_is_dropped_and_its_descriptors_are_closed) {
  make();
  for (const auto& [name, text, count] : {std::tuple("none", "d", 0),
                                          {"two", "d", 2},
                                          {"more_than_fit", "d", 9},
                                          {"another_octet", "e", 1},
                                          {"more_octets", "dd", 1},
                                          {"no_octet", "", 1},
                                          {"nothing_at_all", "", 0}}) {
    auto [here, there] = pair_of(SOCK_STREAM);
    const int fd = there.get();
    bool sent = false;
    switch (count) {
      case 0:
        sent = send_through(door_.get(), text, {});
        break;
      case 1:
        sent = send_through(door_.get(), text, {fd});
        break;
      case 2:
        sent = send_through(door_.get(), text, {fd, fd});
        break;
      default:
        sent = send_through(door_.get(), text, {fd, fd, fd, fd, fd, fd, fd, fd, fd});
        break;
    }
    ASSERT_TRUE(sent) << name;
    there.reset();
    settle();
    EXPECT_EQ(server_->clients(), 0U) << name;
    pollfd entry{.fd = here.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&entry, 1, 0), 1) << name;
    EXPECT_NE(entry.revents & POLLHUP, 0) << name;  // nobody holds the other end
  }
  const UniqueFd after = enter();
  is_answered(after.get());
}

TEST_F(DeviceServerTest, a_descriptor_of_another_kind_does_not_come_in) {
  make();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
  const UniqueFd unconnected(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd inet(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;  // and no path: the kernel finds an abstract name
  const void* at = &address;
  ASSERT_EQ(::bind(listener.get(), static_cast<const sockaddr*>(at), sizeof(sa_family_t)), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const auto packets = pair_of(SOCK_SEQPACKET);
  const auto datagrams = pair_of(SOCK_DGRAM);
  for (const int fd : {read_end.get(), write_end.get(), event.get(), unconnected.get(), inet.get(),
                       listener.get(), packets.first.get(), datagrams.first.get()}) {
    ASSERT_TRUE(send_through(door_.get(), "d", {fd}));
    settle();
    EXPECT_EQ(server_->clients(), 0U) << fd;
  }
  const UniqueFd after = enter();
  is_answered(after.get());
}

TEST_F(DeviceServerTest, a_client_that_is_slow_holds_nobody_up) {
  make();
  const UniqueFd slow = enter();
  put(slow.get(), as_bytes("e"));
  const UniqueFd quick = enter();
  is_answered(quick.get());
  is_answered(agent_.get());
  EXPECT_EQ(server_->clients(), 2U);
}

TEST_F(DeviceServerTest, a_request_that_stops_half_way_is_told_so_and_ended) {
  make(20);
  const UniqueFd slow = enter();
  put(slow.get(), as_bytes("e"));
  serve_until([&] { return is_readable(slow.get()); });
  const auto [code, why] = refusal(slow.get());
  EXPECT_EQ(code, static_cast<int>(Errc::kUnavailable));
  EXPECT_EQ(why, "device: the request did not come whole within 20 ms");
  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(DeviceServerTest, an_answer_that_is_not_taken_ends_the_client_alone) {
  make(20);
  device_.event_log.resize(kMaxEvidenceBytes / 2);  // more than a socket holds
  const UniqueFd deaf = enter();
  Buffer ask = {'q', 64, 0, 0, 0};
  ask.resize(5 + kReportDataSize);
  put(deaf.get(), ask);
  serve_until([&] { return server_->clients() == 1; });
  serve_until([&] { return server_->clients() == 0; });
  is_answered(agent_.get());
}

TEST_F(DeviceServerTest, octets_that_are_no_request_are_answered_with_the_reason) {
  make();
  for (const auto& [octets, want, why] :
       {std::tuple(Buffer{'z', 0, 0, 0, 0}, Errc::kMalformed, "device: no such request"),
        {Buffer{'t', 1, 0, 0, 0}, Errc::kLimit, "device: request is too long"},
        {Buffer{'e', 63, 0, 0, 0}, Errc::kMalformed, "device: request is too short"}}) {
    const UniqueFd stranger = enter();
    put(stranger.get(), octets);
    serve_until([&] { return is_readable(stranger.get()); });
    const auto [code, said] = refusal(stranger.get());
    EXPECT_EQ(code, static_cast<int>(want));
    EXPECT_EQ(said, why);
  }
  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(DeviceServerTest, a_request_that_ends_early_is_not_put_to_the_device) {
  make();
  Buffer request = {'x', 6, 0, 0, 0, 3, 'e', 'v', 'e', 'n', 't'};
  for (std::size_t n = 1; n < request.size(); ++n) {
    const UniqueFd client = enter();
    put(client.get(), Bytes(request).first(n));
    ASSERT_EQ(::shutdown(client.get(), SHUT_WR), 0);
    serve_until([&] { return server_->clients() == 1; });
    serve_until([&] { return server_->clients() == 0; });
    EXPECT_EQ(device_.index, 0U) << n;
  }
  const UniqueFd client = enter();
  put(client.get(), request);
  serve_until([&] { return is_readable(client.get()); });
  EXPECT_EQ(device_.index, 3U);
}

TEST_F(DeviceServerTest, a_request_that_comes_octet_by_octet_is_one_request) {
  make();
  const UniqueFd client = enter();
  const Buffer request = {'x', 2, 0, 0, 0, 3, 'e'};
  for (const std::uint8_t octet : request) {
    put(client.get(), Bytes(&octet, 1));
    settle();
  }
  EXPECT_TRUE(is_readable(client.get()));
  EXPECT_EQ(device_.index, 3U);
}

TEST_F(DeviceServerTest, requests_that_lie_one_behind_the_other_are_answered_in_order) {
  make();
  const UniqueFd client = enter();
  const Buffer two = {'t', 0, 0, 0, 0, 'i', 0, 0, 0, 0};
  put(client.get(), two);
  settle();
  std::array<char, 32> answers{};
  const ssize_t n = ::recv(client.get(), answers.data(), answers.size(), 0);
  EXPECT_EQ(std::string_view(answers.data(), static_cast<std::size_t>(n)),
            std::string_view("\0\3\0\0\0sgx\0\2\0\0\0{}", 15));
}

TEST_F(DeviceServerTest, where_the_agent_alone_attests_a_client_has_no_evidence_and_the_rest) {
  make(kPatienceMs, MayAttest::kNo);
  const UniqueFd client = enter();
  for (const std::uint8_t kind : as_bytes("eq")) {
    Buffer ask = {kind, 64, 0, 0, 0};
    ask.resize(5 + kReportDataSize);
    put(client.get(), ask);
    serve_until([&] { return is_readable(client.get()); });
    std::array<char, 256> answer{};
    const ssize_t n = ::recv(client.get(), answer.data(), answer.size(), 0);
    EXPECT_EQ(answer[0] - 1, static_cast<int>(Errc::kDenied));
    EXPECT_EQ(std::string_view(answer.data() + 5, static_cast<std::size_t>(n - 5)),
              "the manifest names a broker: the agent alone attests");
    put(agent_.get(), ask);
    serve_until([&] { return is_readable(agent_.get()); });
    ASSERT_GT(::recv(agent_.get(), answer.data(), answer.size(), 0), 5);
    EXPECT_EQ(answer[0], 0);
  }
  is_answered(client.get());
}

// Both ends of one pair: answers become questions, which are none.
TEST_F(DeviceServerTest, a_client_that_is_its_own_device_comes_to_an_end) {
  make();
  auto [one, two] = pair_of(SOCK_STREAM);
  ASSERT_TRUE(send_through(door_.get(), "d", {one.get()}));
  ASSERT_TRUE(send_through(door_.get(), "d", {two.get()}));
  constexpr std::uint8_t kAsk[] = {'t', 0, 0, 0, 0};
  put(one.get(), kAsk);
  serve_until([&] { return server_->clients() == 2; });
  serve_until([&] { return server_->clients() < 2; });
}

TEST_F(DeviceServerTest, without_a_door_any_more_the_others_are_answered) {
  make();
  const UniqueFd client = enter();
  door_.reset();
  settle();
  is_answered(client.get());
  is_answered(agent_.get());
}

TEST_F(DeviceServerTest, hanging_up_shows_the_agent_an_end) {
  make();
  server_->hang_up();
  char octet = 0;
  EXPECT_EQ(::recv(agent_.get(), &octet, 1, 0), 0);
}

}  // namespace
}  // namespace ward::keep
