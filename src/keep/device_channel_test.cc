#include "keep/device_channel.h"

#include <algorithm>
#include <array>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/writer.h"
#include "keep/device_server.h"
#include "test/support/echo_device.h"

namespace ward::keep {
namespace {

using test::EchoDevice;

struct Sockets {
  Sockets() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    client.reset(fds[0]);
    server.reset(fds[1]);
  }

  UniqueFd client;
  UniqueFd server;
};

// with_device runs `body` with a client whose device another thread is, to the end of the stream.
template <class F>
void with_device(EchoDevice& device, F body) {
  Sockets sockets;
  std::thread serving([&] {
    DeviceSession session(std::move(sockets.server), 20'000);
    while (!session.ended()) {
      pollfd entry{.fd = session.fd(), .events = session.events(), .revents = 0};
      ASSERT_GE(::poll(&entry, 1, -1), 0);
      session.serve(device, entry.revents != 0);
    }
  });
  DeviceClient client(sockets.client.get());
  body(client);
  sockets.client.reset();
  serving.join();
}

std::array<std::uint8_t, kReportDataSize> some_data() {
  std::array<std::uint8_t, kReportDataSize> out{};
  out.front() = 0xab;
  out.back() = 0xcd;
  return out;
}

TEST(DeviceChannel, evidence_carries_the_report_data) {
  EchoDevice device;
  with_device(device, [](DeviceClient& client) {
    auto evidence = client.evidence(some_data());
    ASSERT_TRUE(evidence);
    EXPECT_EQ(evidence->tee, "sgx");
    EXPECT_EQ(evidence->primary, "{\"quote\":\"" + to_hex(some_data()) + "\"}");
  });
}

TEST(DeviceChannel, raw_evidence_and_its_event_log_come_apart_as_they_went) {
  EchoDevice device;
  device.event_log = {9, 8, 7};
  with_device(device, [](DeviceClient& client) {
    const auto raw = client.raw_evidence(some_data());
    ASSERT_TRUE(raw);
    EXPECT_EQ(to_hex(raw->evidence), to_hex(some_data()));
    EXPECT_EQ(raw->event_log, (Buffer{9, 8, 7}));
  });
}

TEST(DeviceChannel, every_question_reaches_the_device_whole) {
  EchoDevice device;
  with_device(device, [&](DeviceClient& client) {
    const auto told = client.info();
    ASSERT_TRUE(told);
    EXPECT_EQ(*told, "{}");
    const Buffer target(512, 3);
    const auto report = client.local_report(target, some_data());
    ASSERT_TRUE(report);
    EXPECT_EQ(to_hex(*report), to_hex(some_data()) + to_hex(target));
    const Buffer other = {1};
    EXPECT_TRUE(client.verify_report(*report));
    EXPECT_EQ(device.verified, *report);
    const auto key = client.key(other);
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(key->expose()), "01");
    EXPECT_TRUE(client.extend(3, as_bytes("event")));
    EXPECT_EQ(device.index, 3U);
    EXPECT_EQ(as_text(device.event), "event");
  });
}

TEST(DeviceChannel, a_refusal_keeps_its_code_and_its_reason) {
  EchoDevice device;
  device.refusal = Failure{.code = Errc::kDenied, .what = "the key's SVN is above the keep's own"};
  with_device(device, [&](DeviceClient& client) {
    const auto evidence = client.evidence(some_data());
    ASSERT_FALSE(evidence);
    EXPECT_EQ(evidence.error(), *device.refusal);
    const auto key = client.key(Buffer(32));
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error(), *device.refusal);
    const auto extended = client.extend(0, {});
    ASSERT_FALSE(extended);
    EXPECT_EQ(extended.error(), *device.refusal);
  });
}

TEST(DeviceChannel, a_reason_is_bounded_and_is_text) {
  EchoDevice device;
  device.refusal = Failure{.code = Errc::kDenied, .what = "\xff" + std::string(5000, 'x')};
  with_device(device, [&](DeviceClient& client) {
    const auto told = client.info();
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().what, "?" + std::string(kMaxReasonBytes - 1, 'x'));
  });
}

TEST(DeviceChannel, evidence_beyond_the_limit_is_refused) {
  EchoDevice device;
  device.event_log.resize(kMaxEvidenceBytes - 4 - kReportDataSize);
  with_device(device, [](DeviceClient& client) { EXPECT_TRUE(client.raw_evidence(some_data())); });
  device.event_log.push_back(0);
  with_device(device, [](DeviceClient& client) {
    const auto raw = client.raw_evidence(some_data());
    ASSERT_FALSE(raw);
    EXPECT_EQ(raw.error().code, Errc::kLimit);
    EXPECT_EQ(raw.error().what, "the platform's answer has 1048577 octets");
  });
}

TEST(DeviceChannel, a_question_that_is_too_long_is_refused_with_the_reason) {
  EchoDevice device;
  with_device(device, [](DeviceClient& client) {
    EXPECT_TRUE(client.extend(0, Buffer(kMaxEventDataBytes)));
    const auto extended = client.extend(0, Buffer(kMaxEventDataBytes + 1));
    ASSERT_FALSE(extended);
    EXPECT_EQ(extended.error().code, Errc::kLimit);
    EXPECT_EQ(extended.error().what, "device: request is too long");
  });
}

TEST(DeviceChannel, a_device_without_more_than_evidence_says_so) {
  class Plain final : public Device {
   public:
    Answer<std::string> tee() override { return std::string("sgx"); }

    Answer<Evidence> evidence(ReportData /*data*/) override { return Evidence{}; }
  };

  Plain device;
  EXPECT_EQ(device.info().error().code, Errc::kUnsupported);
  EXPECT_EQ(device.raw_evidence(some_data()).error().code, Errc::kUnsupported);
  EXPECT_EQ(device.local_report({}, some_data()).error().code, Errc::kUnsupported);
  EXPECT_EQ(device.verify_report({}).error().code, Errc::kUnsupported);
  EXPECT_EQ(device.key({}).error().code, Errc::kUnsupported);
  EXPECT_EQ(device.extend(0, {}).error().code, Errc::kUnsupported);
}

// What a device's side says that is no device.
struct AnswerCase {
  const char* name;
  Buffer octets;
  Errc want;
};

TEST(DeviceChannel, answers_that_are_none_are_refused) {
  for (const AnswerCase& row : std::to_array<AnswerCase>({
           {"longer_than_any_evidence", {0, 0x01, 0x00, 0x10, 0x00}, Errc::kLimit},
           {"reason_too_long", {6, 0x01, 0x04, 0x00, 0x00}, Errc::kLimit},
           {"unknown_code", {200, 0, 0, 0, 0}, Errc::kMalformed},
           {"evidence_longer_than_the_answer", {0, 4, 0, 0, 0, 1, 0, 0, 0}, Errc::kMalformed},
           {"no_evidence", {0, 3, 0, 0, 0, 0, 0, 0}, Errc::kMalformed},
           {"ends_in_the_head", {0, 4}, Errc::kTruncated},
           {"ends_in_the_body", {0, 4, 0, 0, 0, 1}, Errc::kTruncated},
           {"ends", {}, Errc::kTruncated},
       })) {
    Sockets sockets;
    ASSERT_EQ(::write(sockets.server.get(), row.octets.data(), row.octets.size()),
              static_cast<ssize_t>(row.octets.size()));
    ASSERT_EQ(::shutdown(sockets.server.get(), SHUT_WR), 0);
    const auto raw = DeviceClient(sockets.client.get()).raw_evidence(some_data());
    ASSERT_FALSE(raw) << row.name;
    EXPECT_EQ(raw.error().code, row.want) << row.name;
  }
}

TEST(DeviceChannel, an_answer_where_there_is_none_to_give_is_malformed) {
  Sockets sockets;
  const std::uint8_t answer[] = {0, 1, 0, 0, 0, 7};
  ASSERT_EQ(::write(sockets.server.get(), answer, sizeof answer), 6);
  const auto verified = DeviceClient(sockets.client.get()).verify_report(Buffer(8));
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, Errc::kMalformed);
}

TEST(DeviceChannel, a_device_that_does_not_answer_does_not_hold_the_agent) {
  const Sockets sockets;
  const Deadline deadline(20);
  const auto tee = DeviceClient(sockets.client.get(), &deadline).tee();
  ASSERT_FALSE(tee);
  EXPECT_EQ(tee.error().code, Errc::kUnavailable);
}

struct HeadCase {
  const char* name;
  std::uint8_t kind;
  std::uint32_t size;
  std::optional<Errc> want;
};

TEST(DeviceRequest, each_kind_has_its_own_bounds) {
  constexpr auto kData = static_cast<std::uint32_t>(kReportDataSize);
  for (const HeadCase& row : std::to_array<HeadCase>({
           {"tee", 't', 0, {}},
           {"tee_long", 't', 1, Errc::kLimit},
           {"info_long", 'i', 1, Errc::kLimit},
           {"evidence", 'e', kData, {}},
           {"evidence_short", 'e', kData - 1, Errc::kMalformed},
           {"evidence_long", 'e', kData + 1, Errc::kLimit},
           {"raw_short", 'q', kData - 1, Errc::kMalformed},
           {"raw_long", 'q', kData + 1, Errc::kLimit},
           {"report_for_oneself", 'r', kData, {}},
           {"report_short", 'r', kData - 1, Errc::kMalformed},
           {"report_most", 'r', kData + kMaxTargetBytes, {}},
           {"report_long", 'r', kData + kMaxTargetBytes + 1, Errc::kLimit},
           {"verify_nothing", 'v', 0, Errc::kMalformed},
           {"verify_most", 'v', kMaxLocalReportBytes, {}},
           {"verify_long", 'v', kMaxLocalReportBytes + 1, Errc::kLimit},
           {"key_nothing", 'k', 0, Errc::kMalformed},
           {"key_most", 'k', kMaxKeyRequestBytes, {}},
           {"key_long", 'k', kMaxKeyRequestBytes + 1, Errc::kLimit},
           {"extend_nothing", 'x', 0, Errc::kMalformed},
           {"extend_empty", 'x', 1, {}},
           {"extend_most", 'x', 1 + kMaxEventDataBytes, {}},
           {"extend_long", 'x', 2 + kMaxEventDataBytes, Errc::kLimit},
           {"unknown", 'z', 0, Errc::kMalformed},
           {"zero", 0, 0, Errc::kMalformed},
           {"an_answer_of_ours", 6, 0xffffffff, Errc::kMalformed},
       })) {
    Writer w;
    w.u8(row.kind);
    w.u32le(row.size);
    const auto head = parse_device_head(w.view().first<kDeviceHeadSize>());
    ASSERT_EQ(head.has_value(), !row.want) << row.name;
    if (row.want) {
      EXPECT_EQ(head.error().code(), *row.want) << row.name;
      continue;
    }
    const Buffer body(row.size, 'b');
    const auto request = parse_device_request(*head, body);
    ASSERT_TRUE(request) << row.name;
    const Buffer again = write_device_request(*request);
    EXPECT_EQ(to_hex(again), to_hex(w.view()) + to_hex(body)) << row.name;
    const auto longer = parse_device_request(*head, Buffer(row.size + 1));
    ASSERT_FALSE(longer) << row.name;
    EXPECT_EQ(longer.error().code(), Errc::kMalformed) << row.name;
  }
}

}  // namespace
}  // namespace ward::keep
