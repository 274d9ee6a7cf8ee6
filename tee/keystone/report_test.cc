#include "tee/keystone/report.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tee/keystone/made/stage.h"
#include "tee/keystone/scheme.h"

namespace ward::keystone {
namespace {

std::string wrong(Bytes octets) {
  const auto parsed = parse_report(octets);
  const auto* text = std::get_if<std::string>(&parsed);
  return text == nullptr ? "" : *text;
}

TEST(KeystoneReport, TheInverseWritesWhatIsRead) {
  for (const std::size_t size : {0U, 1U, 32U, 1023U, 1024U}) {
    SCOPED_TRACE(size);
    made::Stage s = made::good_stage();
    s.data.assign(size, 0x42);
    Buffer evidence = made::make(s);
    if (size < kMaxData) evidence[72 + size] = 0x99;  // what is not signed may be anything
    const auto parsed = parse_report(evidence);
    ASSERT_TRUE(std::holds_alternative<Report>(parsed));
    const auto& report = std::get<Report>(parsed);
    EXPECT_EQ(report.data.size(), size);
    EXPECT_EQ(report.padding.size(), kMaxData - size);
    EXPECT_EQ(report.enclave_signed.size(), 72 + size);
    EXPECT_TRUE(equal(report.monitor_signed, Bytes(evidence).subspan(1160, 96)));
    EXPECT_TRUE(equal(report.device_key, Bytes(evidence).last(32)));
    EXPECT_EQ(write_report(report), evidence);
  }
}

TEST(KeystoneReport, RefusesEveryOtherSize) {
  const Buffer evidence = made::make(made::good_stage());
  ASSERT_EQ(evidence.size(), kReportSize);
  for (std::size_t n = 0; n < evidence.size(); ++n) {
    EXPECT_EQ(wrong(Bytes(evidence).first(n)), std::to_string(n) + " octets");
  }
  EXPECT_EQ(wrong(concat({evidence, Buffer(1)})), "1353 octets");
  EXPECT_EQ(wrong(concat({evidence, Buffer(2048 - kReportSize)})), "2048 octets");
}

TEST(KeystoneReport, DataHaveALimit) {
  Buffer evidence = made::make(made::good_stage());
  evidence[64] = 0x00;
  evidence[65] = 0x04;
  EXPECT_EQ(wrong(evidence), "");
  evidence[64] = 0x01;
  EXPECT_EQ(wrong(evidence), "data of 1025 octets");
  for (const std::size_t at : {66U, 67U, 68U, 69U, 70U, 71U}) {
    evidence = made::make(made::good_stage());
    evidence[at] = 1;
    EXPECT_NE(wrong(evidence), "") << at;
  }
}

// Another kind's head has zeros where a report has digests.
TEST(KeystoneReport, IsRecognisedByItsForm) {
  using attest::Recognition;
  Buffer evidence = made::make(made::good_stage());
  EXPECT_EQ(Keystone{}.recognises(evidence), Recognition::kSure);
  EXPECT_EQ(Keystone{}.recognises(Bytes(evidence).first(kReportSize - 1)), Recognition::kNo);
  EXPECT_EQ(Keystone{}.recognises(concat({evidence, Buffer(100)})), Recognition::kDamaged);
  for (const std::size_t at : {3U, 1200U}) {
    Buffer zeros = evidence;
    std::fill_n(zeros.begin() + static_cast<std::ptrdiff_t>(at), 4, std::uint8_t{0});
    EXPECT_EQ(Keystone{}.recognises(zeros), Recognition::kDamaged) << at;
  }
  evidence[70] = 1;
  EXPECT_EQ(Keystone{}.recognises(evidence), Recognition::kDamaged);
  std::fill_n(evidence.begin(), 4, std::uint8_t{0});
  EXPECT_EQ(Keystone{}.recognises(evidence), Recognition::kNo);
}

TEST(KeystoneReport, TheSchemeShowsWhatItReads) {
  const made::Stage s = made::good_stage();
  const Buffer evidence = made::make(s);
  const auto claims = Keystone{}.inspect(evidence);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->size(), 5U);
  const auto layout = Keystone{}.layout(evidence);
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->size(), 9U);
  EXPECT_EQ((*layout)[3].name, "enclave.not_signed");
  EXPECT_TRUE(Keystone{}.needs(evidence)->empty());
  const Bytes cut = Bytes(evidence).first(9);
  EXPECT_EQ(Keystone{}.inspect(cut).error().code(), Errc::kMalformed);
  EXPECT_EQ(Keystone{}.layout(cut).error().code(), Errc::kMalformed);
  EXPECT_EQ(Keystone{}.needs(cut).error().code(), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::keystone
