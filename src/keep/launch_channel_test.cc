#include "keep/launch_channel.h"

#include <cstring>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keep/frame.h"

namespace ward::keep {
namespace {

struct SocketPair {
  SocketPair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    client.reset(fds[0]);
    service.reset(fds[1]);
  }

  UniqueFd client;
  UniqueFd service;
};

UniqueFd null() { return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)); }

// fds_with has a pipe's writing end as the output, so that a test can tell it from the others.
LaunchFds fds_with(UniqueFd output) {
  return {.root = null(),
          .relay = null(),
          .output = std::move(output),
          .standard_output = null(),
          .standard_error = null()};
}

LaunchStarted started() {
  return {.platform = "a platform",
          .development = true,
          .workload = "aa",
          .launch_measurement = "bb",
          .enforcement = {{.limit = "memory", .mechanism = "cgroup v2"},
                          {.limit = "disk", .mechanism = "tmpfs size"}}};
}

TEST(LaunchChannel, a_demand_arrives_with_its_descriptors_in_their_places) {
  SocketPair pair;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read(ends[0]);
  {
    const LaunchFds fds = fds_with(UniqueFd(ends[1]));
    ASSERT_TRUE(send_demand(pair.client.get(), fds, as_bytes("version = 1")));
  }
  {
    const auto demand = receive_demand(pair.service.get());
    ASSERT_TRUE(demand) << demand.error().what();
    EXPECT_EQ(as_text(demand->manifest), "version = 1");
    ASSERT_EQ(::write(demand->fds.output.get(), "x", 1), 1);
  }
  char text[2];
  EXPECT_EQ(::read(read.get(), text, 2), 1);
  EXPECT_EQ(text[0], 'x');
  EXPECT_EQ(::read(read.get(), text, 2), 0) << "a copy of the descriptor stayed open";
}

TEST(LaunchChannel, another_number_of_descriptors_is_malformed) {
  SocketPair pair;
  ASSERT_TRUE(write_exact(pair.client.get(), as_bytes("WKL1....")));
  const auto demand = receive_demand(pair.service.get());
  ASSERT_FALSE(demand);
  EXPECT_EQ(demand.error().code(), Errc::kMalformed);
}

TEST(LaunchChannel, a_demand_truncated_anywhere_is_refused) {
  Buffer whole;
  {
    SocketPair pair;
    ASSERT_TRUE(send_demand(pair.client.get(), fds_with(null()), as_bytes("abc")));
    whole.resize(11);
    ASSERT_TRUE(read_exact(pair.service.get(), whole));
  }
  for (std::size_t n = 1; n < whole.size(); ++n) {
    SocketPair pair;
    // The descriptors come with the first octet; then the rest, cut off.
    ASSERT_TRUE(send_demand(pair.client.get(), fds_with(null()), {}));
    SocketPair cut;
    std::array<std::uint8_t, 1> octet{};
    iovec part{.iov_base = octet.data(), .iov_len = 1};
    alignas(cmsghdr) std::array<char, 128> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ASSERT_EQ(::recvmsg(pair.service.get(), &message, MSG_CMSG_CLOEXEC), 1);
    ASSERT_EQ(::sendmsg(cut.client.get(), &message, 0), 1);
    ASSERT_TRUE(write_exact(cut.client.get(), Bytes(whole).first(n).subspan(1)));
    cut.client.reset();
    const auto demand = receive_demand(cut.service.get());
    ASSERT_FALSE(demand) << n;
    EXPECT_EQ(demand.error().code(), Errc::kTruncated) << n;
    for (cmsghdr* h = CMSG_FIRSTHDR(&message); h != nullptr; h = CMSG_NXTHDR(&message, h)) {
      for (std::size_t i = 0; i < (h->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
        ::close(fd);
      }
    }
  }
}

TEST(LaunchChannel, a_manifest_beyond_the_limit_is_refused_before_it_is_read) {
  SocketPair pair;
  const Buffer large(kMaxManifestBytes + 1);
  std::jthread sender([&] { (void)send_demand(pair.client.get(), fds_with(null()), large); });
  const auto demand = receive_demand(pair.service.get());
  pair.service.reset();
  ASSERT_FALSE(demand);
  EXPECT_EQ(demand.error().code(), Errc::kLimit);
}

TEST(LaunchChannel, events_come_back_as_they_were) {
  SocketPair pair;
  const Failure failure{.code = Errc::kDenied, .what = "swap sda2"};
  ASSERT_TRUE(send_event(pair.service.get(), started()));
  ASSERT_TRUE(send_event(pair.service.get(), failure));
  ASSERT_TRUE(send_event(pair.service.get(), LaunchEnded{.signalled = true, .number = 9}));
  const auto one = receive_event(pair.client.get());
  const auto two = receive_event(pair.client.get());
  const auto three = receive_event(pair.client.get());
  ASSERT_TRUE(one && two && three);
  EXPECT_EQ(std::get<LaunchStarted>(*one), started());
  EXPECT_EQ(std::get<Failure>(*two).code, Errc::kDenied);
  EXPECT_EQ(std::get<Failure>(*two).what, "swap sda2");
  EXPECT_EQ(std::get<LaunchEnded>(*three), (LaunchEnded{.signalled = true, .number = 9}));
}

TEST(LaunchChannel, an_event_truncated_anywhere_is_refused) {
  const auto whole = write_event(started());
  ASSERT_TRUE(whole);
  for (std::size_t n = 0; n < whole->octets.size(); ++n) {
    const auto event = parse_event(whole->kind, Bytes(whole->octets).first(n));
    ASSERT_FALSE(event) << n;
    EXPECT_EQ(event.error().code(), Errc::kTruncated) << n;
  }
}

TEST(LaunchChannel, unknown_kinds_and_members_are_malformed) {
  const auto ended = write_event(LaunchEnded{});
  ASSERT_TRUE(ended);
  for (const unsigned char kind : as_bytes("SFY")) {
    const auto event = parse_event(kind, ended->octets);
    ASSERT_FALSE(event) << kind;
    EXPECT_EQ(event.error().code(), Errc::kMalformed) << kind;
  }
}

TEST(LaunchChannel, an_event_beyond_the_limit_is_refused) {
  SocketPair pair;
  const std::uint8_t head[] = {'X', 1, 0, 1, 0};  // 65537 octets
  ASSERT_TRUE(write_exact(pair.service.get(), head));
  const auto event = receive_event(pair.client.get());
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().code(), Errc::kLimit);
}

}  // namespace
}  // namespace ward::keep
