#include "keep/device_channel.h"

#include <algorithm>
#include <array>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "keep/fd.h"
#include "keep/isolation_check.h"

namespace ward::keep {
namespace {

// EchoDevice puts the report data into its evidence.
class EchoDevice final : public Device {
 public:
  Result<std::string> tee() override { return std::string("sgx"); }

  Result<Evidence> evidence(ReportData report_data) override {
    if (refuse) return Error(Errc::kDenied, "test: will not");
    return Evidence{.tee = "sgx",
                    .primary = too_long ? std::string(kMaxEvidenceBytes + 1, ' ')
                                        : "{\"quote\":\"" + to_hex(report_data) + "\"}"};
  }

  bool refuse = false;
  bool too_long = false;
};

struct Sockets {
  Sockets() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    agent.reset(fds[0]);
    launcher.reset(fds[1]);
  }

  UniqueFd agent;
  UniqueFd launcher;
};

// with_server runs `client` while another thread serves the device to the end of the stream.
template <class F>
void with_server(EchoDevice& device, F client) {
  Sockets sockets;
  std::thread server([&] {
    while (true) {
      auto more = serve_device_request(sockets.launcher.get(), device);
      if (!more || !*more) return;
    }
  });
  client(sockets.agent.get());
  sockets.agent.reset();
  server.join();
}

TEST(DeviceChannel, evidence_carries_the_report_data) {
  EchoDevice device;
  with_server(device, [](int fd) {
    DeviceClient client(fd);
    std::array<std::uint8_t, kReportDataSize> data{};
    data[0] = 0xab;
    data[63] = 0xcd;
    auto evidence = client.evidence(data);
    ASSERT_TRUE(evidence);
    EXPECT_EQ(evidence->tee, "sgx");
    EXPECT_EQ(evidence->primary, "{\"quote\":\"" + to_hex(data) + "\"}");
  });
}

TEST(DeviceChannel, a_request_that_stops_half_way_does_not_hold_the_launcher) {
  EchoDevice device;
  const Sockets sockets;
  ASSERT_EQ(::write(sockets.agent.get(), "e123", 4), 4);
  auto served = serve_device_request(sockets.launcher.get(), device, 20);
  ASSERT_FALSE(served);
  EXPECT_EQ(served.error().code(), Errc::kUnavailable);
}

TEST(DeviceChannel, an_answer_that_is_not_taken_does_not_hold_the_launcher) {
  EchoDevice device;
  const Sockets sockets;
  Buffer much(std::size_t{1} << 16U, 't');  // answers go to a socket that nobody reads
  ASSERT_EQ(::write(sockets.agent.get(), much.data(), much.size()),
            static_cast<ssize_t>(much.size()));
  Result<bool> served = true;
  for (std::size_t i = 0; served && i < much.size(); ++i)
    served = serve_device_request(sockets.launcher.get(), device, 20);
  ASSERT_FALSE(served);
  EXPECT_EQ(served.error().code(), Errc::kUnavailable);
}

TEST(DeviceChannel, a_device_that_does_not_answer_does_not_hold_the_agent) {
  const Sockets sockets;
  const Deadline deadline(20);
  auto tee = DeviceClient(sockets.agent.get(), &deadline).tee();
  ASSERT_FALSE(tee);
  EXPECT_EQ(tee.error().code(), Errc::kUnavailable);
}

TEST(DeviceChannel, a_refusal_keeps_its_code) {
  EchoDevice device;
  device.refuse = true;
  with_server(device, [](int fd) {
    const std::array<std::uint8_t, kReportDataSize> data{};
    auto evidence = DeviceClient(fd).evidence(data);
    ASSERT_FALSE(evidence);
    EXPECT_EQ(evidence.error().code(), Errc::kDenied);
  });
}

TEST(DeviceChannel, evidence_beyond_the_limit_is_refused) {
  EchoDevice device;
  device.too_long = true;
  with_server(device, [](int fd) {
    const std::array<std::uint8_t, kReportDataSize> data{};
    auto evidence = DeviceClient(fd).evidence(data);
    ASSERT_FALSE(evidence);
    EXPECT_EQ(evidence.error().code(), Errc::kLimit);
  });
}

TEST(DeviceChannel, end_of_file_is_no_request) {
  Sockets sockets;
  sockets.agent.reset();
  EchoDevice device;
  auto more = serve_device_request(sockets.launcher.get(), device);
  ASSERT_TRUE(more);
  EXPECT_FALSE(*more);
}

TEST(DeviceChannel, unknown_requests_are_malformed) {
  Sockets sockets;
  ASSERT_EQ(::write(sockets.agent.get(), "x", 1), 1);
  EchoDevice device;
  auto more = serve_device_request(sockets.launcher.get(), device);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code(), Errc::kMalformed);
}

TEST(DeviceChannel, a_request_that_ends_early_is_truncated) {
  for (std::size_t n = 1; n < 1 + kReportDataSize; ++n) {
    Sockets sockets;
    std::array<char, 1 + kReportDataSize> request{};
    request[0] = 'e';
    ASSERT_EQ(::write(sockets.agent.get(), request.data(), n), static_cast<ssize_t>(n));
    sockets.agent.reset();
    EchoDevice device;
    auto more = serve_device_request(sockets.launcher.get(), device);
    ASSERT_FALSE(more) << n;
    EXPECT_EQ(more.error().code(), Errc::kTruncated) << n;
  }
}

TEST(DeviceChannel, a_reply_longer_than_any_evidence_is_refused_unread) {
  Sockets sockets;
  const std::uint8_t reply[] = {0, 0x01, 0x00, 0x10, 0x00};
  ASSERT_EQ(::write(sockets.launcher.get(), reply, sizeof reply), 5);
  auto tee = DeviceClient(sockets.agent.get()).tee();
  ASSERT_FALSE(tee);
  EXPECT_EQ(tee.error().code(), Errc::kLimit);
}

constexpr const char* kIsolated =
    "Name:\tkeep\nPid:\t1\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
    "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\n"
    "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";

TEST(IsolationCheck, all_fences_stand) { EXPECT_EQ(missing_isolation(kIsolated), ""); }

TEST(IsolationCheck, names_each_fence_that_does_not) {
  for (const auto& [from, to, want] :
       {std::array{"Pid:\t1", "Pid:\t7", "Pid is 7"},
        std::array{"CapEff:\t0000000000000000", "CapEff:\t0000000000000001",
                   "CapEff is 0000000000000001"},
        std::array{"CapBnd:\t0000000000000000", "CapBnd:\t000001ffffffffff",
                   "CapBnd is 000001ffffffffff"},
        std::array{"NoNewPrivs:\t1", "NoNewPrivs:\t0", "NoNewPrivs is 0"},
        std::array{"Seccomp:\t2", "Seccomp:\t0", "Seccomp is 0"},
        std::array{"Seccomp:\t2\n", "", "Seccomp is absent"}}) {
    std::string text = kIsolated;
    text.replace(text.find(from), std::string_view(from).size(), to);
    EXPECT_EQ(missing_isolation(text), want);
  }
  EXPECT_EQ(missing_isolation(""), "Pid is absent");
}

}  // namespace
}  // namespace ward::keep
