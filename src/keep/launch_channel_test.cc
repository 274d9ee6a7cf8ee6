#include "keep/launch_channel.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
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

UniqueFd folder() { return UniqueFd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)); }

UniqueFd one_of_pair(int type) {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), 0);
  ::close(fds[1]);
  return UniqueFd(fds[0]);
}

// end_of_pipe is the end to read (0) or to write (1).
UniqueFd end_of_pipe(int which) {
  int fds[2];
  EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  ::close(fds[1 - which]);
  return UniqueFd(fds[which]);
}

// fds_with has the output given, so that a test can tell it from the others.
LaunchFds fds_with(UniqueFd output) {
  return {.root = folder(),
          .relay = one_of_pair(SOCK_STREAM),
          .output = std::move(output),
          .standard_output = null(),
          .standard_error = null()};
}

// demand_octets is what send_demand writes, without the descriptors.
Buffer demand_octets(Bytes manifest) {
  SocketPair pair;
  EXPECT_TRUE(send_demand(pair.client.get(), fds_with(end_of_pipe(1)), manifest, {}));
  Buffer out(4 + 4 + manifest.size() + 4 + write_launch_options({})->size());
  EXPECT_TRUE(read_exact(pair.service.get(), out));
  return out;
}

// send_first sends a demand's first octet, with which the descriptors travel, and no more.
void send_first(int socket) {
  SocketPair pair;
  EXPECT_TRUE(send_demand(pair.client.get(), fds_with(end_of_pipe(1)), {}, {}));
  std::array<std::uint8_t, 1> octet{};
  iovec part{.iov_base = octet.data(), .iov_len = 1};
  alignas(cmsghdr) std::array<char, 128> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  EXPECT_EQ(::recvmsg(pair.service.get(), &message, MSG_CMSG_CLOEXEC), 1);
  EXPECT_EQ(::sendmsg(socket, &message, 0), 1);
  for (cmsghdr* h = CMSG_FIRSTHDR(&message); h != nullptr; h = CMSG_NXTHDR(&message, h)) {
    for (std::size_t i = 0; i < (h->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
      ::close(fd);
    }
  }
}

LaunchStarted started() {
  return {.platform = "a platform",
          .development = true,
          .mark = "no TEE",
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
    ASSERT_TRUE(send_demand(pair.client.get(), fds, as_bytes("version = 1"),
                            {.face = "tdx", .debug = true, .signature = {1, 2}}));
  }
  {
    const auto demand = receive_demand(pair.service.get());
    ASSERT_TRUE(demand) << demand.error().what();
    EXPECT_EQ(as_text(demand->manifest), "version = 1");
    EXPECT_EQ(demand->options, (LaunchOptions{.face = "tdx", .debug = true, .signature = {1, 2}}));
    ASSERT_EQ(::write(demand->fds.output.get(), "x", 1), 1);
  }
  char text[2];
  EXPECT_EQ(::read(read.get(), text, 2), 1);
  EXPECT_EQ(text[0], 'x');
  EXPECT_EQ(::read(read.get(), text, 2), 0) << "a copy of the descriptor stayed open";
}

TEST(LaunchChannel, another_number_of_descriptors_is_malformed) {
  SocketPair pair;
  ASSERT_TRUE(write_exact(pair.client.get(), as_bytes("WKL2....")));
  const auto demand = receive_demand(pair.service.get());
  ASSERT_FALSE(demand);
  EXPECT_EQ(demand.error().code(), Errc::kMalformed);
}

TEST(LaunchChannel, a_descriptor_of_another_kind_is_malformed) {
  struct Case {
    const char* name;
    UniqueFd LaunchFds::*member;
    UniqueFd (*make)();
  };

  const Case cases[] = {
      {"root_device", &LaunchFds::root, null},
      {"root_pipe", &LaunchFds::root, [] { return end_of_pipe(0); }},
      {"relay_device", &LaunchFds::relay, null},
      {"relay_pipe", &LaunchFds::relay, [] { return end_of_pipe(1); }},
      {"relay_datagrams", &LaunchFds::relay, [] { return one_of_pair(SOCK_DGRAM); }},
      {"relay_packets", &LaunchFds::relay, [] { return one_of_pair(SOCK_SEQPACKET); }},
      {"relay_of_ip", &LaunchFds::relay,
       [] { return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }},
      {"output_device", &LaunchFds::output, null},
      {"output_read_end", &LaunchFds::output, [] { return end_of_pipe(0); }},
      {"output_folder", &LaunchFds::output, folder},
      {"stdout_folder", &LaunchFds::standard_output, folder},
      {"stdout_read_end", &LaunchFds::standard_output, [] { return end_of_pipe(0); }},
      {"stdout_event", &LaunchFds::standard_output,
       [] { return UniqueFd(::eventfd(0, EFD_CLOEXEC)); }},
      {"stderr_device", &LaunchFds::standard_error,
       [] { return UniqueFd(::open("/dev/zero", O_RDWR | O_CLOEXEC)); }},
      {"stderr_read_only", &LaunchFds::standard_error,
       [] { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }},
      {"stderr_path", &LaunchFds::standard_error,
       [] { return UniqueFd(::open("/dev/null", O_PATH | O_CLOEXEC)); }},
  };
  for (const Case& c : cases) {
    SocketPair pair;
    LaunchFds fds = fds_with(one_of_pair(SOCK_STREAM));
    fds.*c.member = c.make();
    ASSERT_TRUE((fds.*c.member).valid()) << c.name;
    ASSERT_TRUE(send_demand(pair.client.get(), fds, as_bytes("version = 1"), {}));
    const auto demand = receive_demand(pair.service.get());
    ASSERT_FALSE(demand) << c.name;
    EXPECT_EQ(demand.error().code(), Errc::kMalformed) << c.name;
  }
}

TEST(LaunchChannel, a_demand_that_does_not_come_is_not_waited_for) {
  SocketPair silent;
  const Deadline deadline(20);
  const auto demand = receive_demand(silent.service.get(), &deadline);
  ASSERT_FALSE(demand);
  EXPECT_EQ(demand.error().code(), Errc::kUnavailable);
}

// One deadline for all of it: octets that drip do not move it.
TEST(LaunchChannel, a_demand_that_drips_is_not_waited_for) {
  SocketPair pair;
  send_first(pair.client.get());
  ASSERT_TRUE(write_exact(pair.client.get(), as_bytes("KL2")));
  ASSERT_TRUE(write_exact(pair.client.get(), std::array<std::uint8_t, 4>{0, 0, 0x80, 0}));
  const std::jthread dripping([&](const std::stop_token& over) {
    while (!over.stop_requested()) {
      (void)::poll(nullptr, 0, 5);
      (void)!::send(pair.client.get(), "", 1, MSG_NOSIGNAL);
    }
  });
  const Deadline deadline(100);
  const auto demand = receive_demand(pair.service.get(), &deadline);
  ASSERT_FALSE(demand);
  EXPECT_EQ(demand.error().code(), Errc::kUnavailable);
}

TEST(LaunchChannel, a_demand_truncated_anywhere_is_refused) {
  const Buffer whole = demand_octets(as_bytes("abc"));
  for (std::size_t n = 1; n < whole.size(); ++n) {
    SocketPair cut;
    send_first(cut.client.get());
    ASSERT_TRUE(write_exact(cut.client.get(), Bytes(whole).first(n).subspan(1)));
    cut.client.reset();
    const auto demand = receive_demand(cut.service.get());
    ASSERT_FALSE(demand) << n;
    EXPECT_EQ(demand.error().code(), Errc::kTruncated) << n;
  }
}

// after_first is what the service says of a demand whose octets behind the first are these.
Errc after_first(Bytes octets) {
  SocketPair pair;
  send_first(pair.client.get());
  EXPECT_TRUE(write_exact(pair.client.get(), octets));
  const auto demand = receive_demand(pair.service.get());
  EXPECT_FALSE(demand);
  return demand ? Errc::kInternal : demand.error().code();
}

TEST(LaunchChannel, a_demand_of_another_version_is_refused) {
  for (const char* magic : {"KL1", "KL3", "KL\0"}) {
    Buffer whole = demand_octets(as_bytes("abc"));
    std::copy_n(magic, 3, whole.begin() + 1);
    EXPECT_EQ(after_first(Bytes(whole).subspan(1)), Errc::kMalformed) << magic;
  }
}

TEST(LaunchChannel, other_options_than_there_are_are_refused) {
  const Buffer whole = demand_octets({});
  Buffer other = whole;
  other.back() = 0xf4;  // the last octet, an empty signature, becomes `false`
  EXPECT_EQ(after_first(Bytes(other).subspan(1)), Errc::kMalformed);
  Buffer longer(whole.begin() + 1, whole.begin() + 8);
  longer.insert(longer.end(), {0x81, 0x20, 0, 0});  // 8321 octets
  EXPECT_EQ(after_first(longer), Errc::kLimit);
}

TEST(LaunchChannel, options_that_are_none_are_not_sent) {
  SocketPair pair;
  const auto sent = send_demand(pair.client.get(), fds_with(end_of_pipe(1)), {}, {.face = "TDX"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), Errc::kMalformed);
}

TEST(LaunchChannel, a_manifest_beyond_the_limit_is_refused_before_it_is_read) {
  SocketPair pair;
  const Buffer large(kMaxManifestBytes + 1);
  std::jthread sender(
      [&] { (void)send_demand(pair.client.get(), fds_with(end_of_pipe(1)), large, {}); });
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

TEST(LaunchChannel, a_name_that_is_not_utf8_does_not_cost_the_event) {
  SocketPair pair;
  const std::string name = "file \xe4 \xf0\x9f\x94\x92: no such file";
  ASSERT_TRUE(send_event(pair.service.get(), Failure{.code = Errc::kDenied, .what = name}));
  const auto event = receive_event(pair.client.get());
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<Failure>(*event).what, "file ? \xf0\x9f\x94\x92: no such file");
}

TEST(LaunchChannel, an_event_with_text_that_is_not_utf8_is_refused) {
  auto whole = write_event(Failure{.code = Errc::kDenied, .what = "xyzzy"});
  ASSERT_TRUE(whole);
  *std::find(whole->octets.begin(), whole->octets.end(), 'z') = 0xc3;
  const auto event = parse_event(whole->kind, whole->octets);
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().code(), Errc::kMalformed);
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
