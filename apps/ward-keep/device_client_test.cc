// `/ward/keep device ...` as the workload of a real keep.
#include <thread>

#include "test/support/agent_fixture.h"

namespace ward::keep {
namespace {

class DeviceClientTest : public KeepTest {
 protected:
  void SetUp() override {
    KeepTest::SetUp();
    manifest_.broker.reset();
    manifest_.inputs.clear();
    manifest_.outputs.clear();
  }

  // said is what `ward-keep device WORDS` writes, to stdout and stderr; `report_` how it ended.
  std::string said(const std::vector<std::string>& words) {
    manifest_.argv = {"/ward/keep", "device"};
    manifest_.argv.insert(manifest_.argv.end(), words.begin(), words.end());
    auto keep = launch(request());
    if (!keep) return keep.error().what;
    std::thread attending([&] { EXPECT_TRUE((*keep)->attend(device_, {})); });
    auto report = read_outputs(output_.get(), manifest_, 1U << 24U, sink_);
    attending.join();
    EXPECT_TRUE(report);
    if (report) report_ = *report;
    ::close(out_[1]);
    out_[1] = -1;
    std::string out;
    char block[4096];
    for (ssize_t n = 0; (n = ::read(out_[0], block, sizeof block)) > 0;)
      out.append(block, static_cast<std::size_t>(n));
    return out;
  }

  EchoDevice device_;
  RunReport report_;
};

const std::string kData(128, 'a');

TEST_F(DeviceClientTest, says_what_the_device_says) {
  EXPECT_EQ(said({"info"}), "{}\n");
  EXPECT_EQ(report_.ending, Ending::kDone);
}

TEST_F(DeviceClientTest, evidence_is_octets) {
  EXPECT_EQ(said({"evidence", kData}), std::string(64, '\xaa'));
}

TEST_F(DeviceClientTest, evidence_is_hex_where_asked) {
  EXPECT_EQ(said({"evidence", "--hex", kData}), kData + "\n");
}

TEST_F(DeviceClientTest, evidence_and_its_event_log_come_in_one_frame) {
  device_.event_log = {1, 2, 3};
  EXPECT_EQ(said({"evidence", "--framed", "--hex", kData}), "40000000" + kData + "010203\n");
}

TEST_F(DeviceClientTest, an_event_log_that_is_not_there_is_no_empty_one) {
  EXPECT_EQ(said({"evidence", "--event-log", kData}),
            "ward-keep: error: this TEE has no event log\n");
  EXPECT_EQ(report_.status, 1U);
}

TEST_F(DeviceClientTest, a_refusal_is_told_with_its_reason) {
  device_.refusal = Failure{.code = Errc::kDenied, .what = "not for you"};
  EXPECT_EQ(said({"key", "00"}), "ward-keep: error: not for you\n");
  EXPECT_EQ(report_.ending, Ending::kWorkloadFailed);
  EXPECT_EQ(report_.status, 1U);
}

TEST_F(DeviceClientTest, a_platform_that_does_not_answer_is_no_refusal) {
  device_.refusal = Failure{.code = Errc::kUnavailable, .what = "away"};
  EXPECT_EQ(said({"info"}), "ward-keep: error: away\n");
  EXPECT_EQ(report_.status, 3U);
}

TEST_F(DeviceClientTest, text_extends_a_register) {
  EXPECT_EQ(said({"extend", "--index", "2", "hello"}), "");
  EXPECT_EQ(device_.index, 2U);
  EXPECT_EQ(as_text(device_.event), "hello");
}

TEST_F(DeviceClientTest, octets_extend_a_register) {
  EXPECT_EQ(said({"extend", "--octets", "00ff"}), "");
  EXPECT_EQ(device_.index, 3U);
  EXPECT_EQ(device_.event, (Buffer{0, 0xff}));
}

TEST_F(DeviceClientTest, report_data_of_another_size_is_usage) {
  EXPECT_EQ(said({"evidence", "aa"}),
            "ward-keep: error: REPORT_DATA: 128 hex digits (64 octets)\n");
  EXPECT_EQ(report_.status, 2U);
}

TEST_F(DeviceClientTest, an_unknown_option_is_usage) {
  EXPECT_EQ(said({"info", "--all"}), "ward-keep: error: --all: no such option\n");
  EXPECT_EQ(report_.status, 2U);
}

TEST_F(DeviceClientTest, without_a_command_it_explains_itself_and_is_not_the_agent) {
  EXPECT_TRUE(said({}).starts_with("ward-keep: error: no command\nusage: ward-keep device"));
  EXPECT_EQ(report_.status, 2U);
}

}  // namespace
}  // namespace ward::keep
