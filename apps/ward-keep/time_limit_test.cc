// What the agent does before its workload ends, also where its peers are silent. The agent is
// impatient_program.cc; what is silent stays so until the keep has ended.
#include <array>
#include <atomic>
#include <limits>
#include <thread>

#include "test/support/agent_fixture.h"

namespace ward::keep {
namespace {

constexpr const char* kNoAnswer = "no answer within 400 ms";

// SilentDevice answers some requests, and the next only after speak().
class SilentDevice final : public Device {
 public:
  explicit SilentDevice(int answers) : answers_(answers) {}

  Answer<std::string> tee() override {
    count();
    return echo_.tee();
  }

  Answer<Evidence> evidence(ReportData report_data) override {
    count();
    return echo_.evidence(report_data);
  }

  void speak() {
    const std::lock_guard<std::mutex> lock(mutex_);
    answers_ = std::numeric_limits<int>::max();
    spoken_.notify_all();
  }

 private:
  void count() {
    std::unique_lock<std::mutex> lock(mutex_);
    spoken_.wait(lock, [&] { return answers_ > 0; });
    --answers_;
  }

  EchoDevice echo_;
  std::mutex mutex_;
  std::condition_variable spoken_;
  int answers_;
};

class TimeLimitTest : public KeepTest {
 protected:
  void SetUp() override {
    KeepTest::SetUp();
    agent_ = WARD_KEEP_IMPATIENT;
  }

  // report_of is the report of a keep whose device answers `device_answers` requests.
  RunReport report_of(int device_answers) {
    auto keep = launch(request());
    if (!keep) {
      ADD_FAILURE() << keep.error().what;
      return {};
    }
    output_inside_.reset();
    relay_inside_.reset();
    SilentDevice device(device_answers);
    std::thread attending([&] { EXPECT_TRUE((*keep)->attend(device, {})); });
    auto report = read_outputs(output_.get(), manifest_, 1U << 24U, sink_);
    device.speak();
    attending.join();
    EXPECT_TRUE(report);
    return report ? *report : RunReport{};
  }
};

constexpr int kTee = 1;       // the agent asks for the tee's name first,
constexpr int kEvidence = 2;  // later for it again and for evidence

TEST_F(TimeLimitTest, a_broker_that_accepts_and_never_answers_ends_the_keep) {
  const RunReport report = report_of(kTee);  // nobody reads the relay's other end
  EXPECT_EQ(report.ending, Ending::kBrokerUnreachable);
  EXPECT_EQ(report.subject, manifest_.broker->url);
  EXPECT_EQ(report.detail, kNoAnswer);
}

TEST_F(TimeLimitTest, a_broker_that_drips_octets_ends_the_keep) {
  std::atomic<bool> over = false;
  std::thread dripping([&] {
    // A TLS record of 16 KiB that never comes to its end.
    constexpr std::array<char, 5> kHead = {0x16, 0x03, 0x03, 0x40, 0x00};
    const auto stream = receive_relayed(relay_.get());
    ASSERT_TRUE(stream);
    (void)!::send(stream->get(), kHead.data(), kHead.size(), MSG_NOSIGNAL);
    while (!over) {
      pollfd never{.fd = -1, .events = 0, .revents = 0};
      (void)::poll(&never, 1, 20);
      (void)!::send(stream->get(), "", 1, MSG_NOSIGNAL);
    }
  });
  const RunReport report = report_of(kTee);
  over = true;
  dripping.join();
  EXPECT_EQ(report.ending, Ending::kBrokerUnreachable);
  EXPECT_EQ(report.detail, kNoAnswer);
}

TEST_F(TimeLimitTest, a_broker_that_is_silent_after_the_handshake_ends_the_keep) {
  broker_.fall_silent_at("/kbs/v0/auth");
  Relay relay(relay_.get(), broker_.port());
  const RunReport report = report_of(kTee);
  broker_.speak();
  EXPECT_EQ(report.ending, Ending::kBrokerUnreachable);
  EXPECT_EQ(report.subject, "attestation");
  EXPECT_EQ(report.detail, kNoAnswer);
}

TEST_F(TimeLimitTest, a_broker_that_does_not_release_a_key_ends_the_keep) {
  broker_.fall_silent_at(std::string("/kbs/v0/resource/") + kResource);
  Relay relay(relay_.get(), broker_.port());
  const RunReport report = report_of(kTee + kEvidence);
  broker_.speak();
  EXPECT_EQ(report.ending, Ending::kBrokerUnreachable);
  EXPECT_EQ(report.subject, kResource);
  EXPECT_EQ(report.detail, kNoAnswer);
}

TEST_F(TimeLimitTest, a_device_that_never_answers_ends_the_keep) {
  const RunReport report = report_of(0);
  EXPECT_EQ(report.ending, Ending::kInternal);
  EXPECT_EQ(report.subject, "device");
  EXPECT_EQ(report.detail, "keep: nothing came within the time limit");
}

TEST_F(TimeLimitTest, a_device_that_gives_no_evidence_ends_the_keep) {
  Relay relay(relay_.get(), broker_.port());
  const RunReport report = report_of(kTee);
  EXPECT_EQ(report.ending, Ending::kInternal);
  EXPECT_EQ(report.subject, "device");
  EXPECT_EQ(report.detail, "keep: nothing came within the time limit");
}

}  // namespace
}  // namespace ward::keep
