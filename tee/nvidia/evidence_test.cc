#include "tee/nvidia/evidence.h"

#include <gtest/gtest.h>

#include "tee/nvidia/made/stage.h"

namespace ward::nvidia {
namespace {

std::string base64(std::string_view text) { return to_base64(as_bytes(text), Base64::kStandard); }

std::vector<DeviceEvidence> devices_of(std::string_view text) {
  const auto parsed = parse_evidence(as_bytes(text));
  if (const auto* error = std::get_if<FormError>(&parsed)) {
    ADD_FAILURE() << error->found;
    return {};
  }
  return std::get<Evidence>(parsed).devices;
}

std::string wrong(std::string_view text) {
  const auto parsed = parse_evidence(as_bytes(text));
  const auto* error = std::get_if<FormError>(&parsed);
  return error == nullptr ? "" : error->found;
}

TEST(NvidiaEvidence, TheInverseWritesWhatIsRead) {
  const DeviceEvidence one = make(good_stage(Arch::kHopper)).device;
  const DeviceEvidence bare{.report = {1, 2, 3}};
  const std::string json = *write_evidence_json({one, bare});
  const auto read = devices_of(json);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].arch, one.arch);
  EXPECT_EQ(read[0].nonce, one.nonce);
  EXPECT_EQ(read[0].report, one.report);
  EXPECT_EQ(read[0].certificates, one.certificates);
  EXPECT_EQ(read[1].arch, "");
  EXPECT_EQ(read[1].nonce, std::nullopt);
  EXPECT_EQ(read[1].report, bare.report);
  const auto places = evidence_places(as_bytes(json));
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(json.substr(places[1].first, places[1].second - places[1].first), "AQID");
}

TEST(NvidiaEvidence, ReadsTheFormsOfOthers) {
  const auto trustee = devices_of(R"({"device_evidence_list":[{"arch":"Hopper","uuid":"GPU-1",)"
                                  R"("evidence":"010203","certificate":")" +
                                  base64("pem") + R"("}]})");
  ASSERT_EQ(trustee.size(), 1U);
  EXPECT_EQ(trustee[0].report, (Buffer{1, 2, 3}));
  EXPECT_EQ(trustee[0].certificates, "pem");
  const auto remote = devices_of(
      R"({"nonce":"00ff","arch":"HOPPER","evidence_list":[{"evidence":"AQID"},{"evidence":"AQI="}]})");
  ASSERT_EQ(remote.size(), 2U);
  EXPECT_EQ(remote[1].nonce, (Buffer{0, 0xff}));
  EXPECT_EQ(remote[1].arch, "HOPPER");
  const auto one = devices_of(R"({"arch":"HOPPER","evidence":"AQID"})");
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(devices_of("010203\n")[0].report, (Buffer{1, 2, 3}));
  EXPECT_EQ(devices_of("\x11\xe0z")[0].report, (Buffer{0x11, 0xe0, 'z'}));
}

TEST(NvidiaEvidence, RefusesWhatIsNone) {
  EXPECT_EQ(wrong(""), "nothing");
  EXPECT_EQ(wrong("[]"), "a list of no devices");
  EXPECT_EQ(wrong(R"({"device_evidence_list":{}})"), "a list of no devices");
  EXPECT_EQ(wrong("[{}]"), "device 1: no evidence in base64 or hex");
  EXPECT_EQ(wrong(R"([{"evidence":""}])"), "device 1: no evidence in base64 or hex");
  EXPECT_EQ(wrong(R"([{"evidence":"!"}])"), "device 1: no evidence in base64 or hex");
  EXPECT_EQ(wrong(R"([{"evidence":1}])"), "device 1: no evidence in base64 or hex");
  EXPECT_EQ(wrong(R"([{"evidence":"AQID","certificate":"!"}])"),
            "device 1: a certificate that is no base64 of PEM");
  EXPECT_EQ(wrong(R"([{"evidence":"AQID"},{"evidence":"AQID","arch":7}])"),
            "device 2: an arch that is no text");
  EXPECT_EQ(wrong(R"([{"evidence":"AQID","nonce":"xy"}])"), "device 1: a nonce that is no hex");
  EXPECT_EQ(wrong(R"({"detached_eat":[]})"),
            "a verifier's result (detached EAT), which is no evidence");
  EXPECT_NE(wrong("[{").find("JSON that does not parse"), std::string::npos);
  EXPECT_NE(wrong(R"([{"evidence":"AQID","evidence":"AQIE"}])").find("JSON"), std::string::npos);
}

TEST(NvidiaEvidence, AListHasALimit) {
  const auto list = [](std::size_t count) {
    return *write_evidence_json(std::vector<DeviceEvidence>(count, {.report = {1}}));
  };
  EXPECT_EQ(devices_of(list(kMaxDevices)).size(), kMaxDevices);
  EXPECT_EQ(wrong(list(kMaxDevices + 1)), "129 devices");
}

}  // namespace
}  // namespace ward::nvidia
