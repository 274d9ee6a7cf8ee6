#include "apps/ward-keep/device_octets.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace ward::keep {
namespace {

// A report whose octets say where they stand: each is its offset, modulo 251.
Buffer numbered_report() {
  Buffer out(kSgxReportSize);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(i % 251);
  return out;
}

Bytes at(const Buffer& octets, std::size_t offset, std::size_t size) {
  return Bytes(octets).subspan(offset, size);
}

bool same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

bool is_zero(Bytes octets) {
  return std::all_of(octets.begin(), octets.end(), [](std::uint8_t octet) { return octet == 0; });
}

// Offsets of SDM volume 3D, tables 38-21 (REPORT), 38-22 (TARGETINFO) and 38-23 (KEYREQUEST).
TEST(DeviceOctets, a_target_is_what_stands_in_the_own_report) {
  const Buffer report = numbered_report();
  const auto target = own_target(report);
  ASSERT_TRUE(target);
  ASSERT_EQ(target->size(), 512U);
  EXPECT_TRUE(same(at(*target, 0, 32), at(report, 64, 32)));    // MEASUREMENT
  EXPECT_TRUE(same(at(*target, 32, 16), at(report, 48, 16)));   // ATTRIBUTES
  EXPECT_TRUE(same(at(*target, 50, 2), at(report, 260, 2)));    // CONFIGSVN
  EXPECT_TRUE(same(at(*target, 52, 4), at(report, 16, 4)));     // MISCSELECT
  EXPECT_TRUE(same(at(*target, 64, 64), at(report, 192, 64)));  // CONFIGID
  EXPECT_TRUE(is_zero(at(*target, 48, 2)));
  EXPECT_TRUE(is_zero(at(*target, 56, 8)));
  EXPECT_TRUE(is_zero(at(*target, 128, 384)));
}

TEST(DeviceOctets, a_sealing_request_is_for_this_workload) {
  const Buffer report = numbered_report();
  for (const auto policy : {KeyPolicy::kMeasurement, KeyPolicy::kSigner}) {
    const auto request = sgx_seal_request(report, policy, std::nullopt);
    ASSERT_TRUE(request);
    ASSERT_EQ(request->size(), 512U);
    EXPECT_EQ((*request)[0], 4);                                           // KEYNAME: SEAL
    EXPECT_EQ((*request)[2], policy == KeyPolicy::kSigner ? 0x0a : 0x09);  // CONFIGID always
    EXPECT_TRUE(same(at(*request, 4, 2), at(report, 258, 2)));             // ISVSVN
    EXPECT_TRUE(same(at(*request, 8, 16), at(report, 0, 16)));             // CPUSVN
    EXPECT_EQ(to_hex(at(*request, 24, 16)), "8b000000000000ff0000000000000000");
    EXPECT_EQ(to_hex(at(*request, 72, 4)), "000000f0");          // MISCMASK
    EXPECT_TRUE(same(at(*request, 76, 2), at(report, 260, 2)));  // CONFIGSVN
    EXPECT_TRUE(is_zero(at(*request, 6, 2)));
    EXPECT_TRUE(is_zero(at(*request, 40, 32)));
    EXPECT_TRUE(is_zero(at(*request, 78, 434)));
  }
  EXPECT_EQ(to_hex(at(*sgx_seal_request(report, KeyPolicy::kSigner, 0x102), 4, 2)), "0201");
}

TEST(DeviceOctets, nothing_is_made_of_a_report_of_another_size) {
  for (const std::size_t size : {std::size_t{0}, kSgxReportSize - 1, kSgxReportSize + 1}) {
    EXPECT_FALSE(own_target(Buffer(size)));
    EXPECT_FALSE(sgx_seal_request(Buffer(size), KeyPolicy::kSigner, 0));
    EXPECT_FALSE(is_signed(Buffer(size, 1)));
  }
}

TEST(DeviceOctets, a_report_with_a_signer_is_signed) {
  Buffer report(kSgxReportSize, 1);
  std::fill_n(report.begin() + 128, 32, std::uint8_t{0});
  EXPECT_FALSE(is_signed(report));
  report[159] = 1;
  EXPECT_TRUE(is_signed(report));
}

TEST(DeviceOctets, an_snp_request_is_for_measurement_guest_policy_and_svn) {
  EXPECT_EQ(to_hex(snp_seal_request(7)),
            "0000000000000000"  // KEY_SEL, reserved
            "1900000000000000"  // GUEST_FIELD_SELECT
            "0000000007000000"  // VMPL, GUEST_SVN
            "0000000000000000");
}

TEST(DeviceOctets, an_snp_report_states_the_svn) {
  Buffer report(1184);
  report[4] = 2;
  report[7] = 1;
  EXPECT_EQ(snp_guest_svn(report), 0x01000002U);
  report.push_back(0);  // the certificate table
  EXPECT_EQ(snp_guest_svn(report), 0x01000002U);
  EXPECT_FALSE(snp_guest_svn(Bytes(report).first(1183)));
}

}  // namespace
}  // namespace ward::keep
