#include <gtest/gtest.h>

#include "tee/sgx/key_request.h"
#include "tee/sgx/target_info.h"

namespace ward::sgx {
namespace {

TargetInfo good_target() {
  TargetInfo out;
  out.mr_enclave.fill(1);
  out.attributes.fill(2);
  out.cet_attributes = 3;
  out.config_svn = 0x0504;
  out.misc_select.fill(6);
  out.config_id.fill(7);
  return out;
}

KeyRequest good_request() {
  KeyRequest out;
  out.key_name = 0x0201;
  out.key_policy = key_policy::kKnown;
  out.isv_svn = 0x0403;
  out.cet_attributes_mask = 5;
  out.cpu_svn.fill(6);
  out.attribute_mask.fill(7);
  out.key_id.fill(8);
  out.misc_mask.fill(9);
  out.config_svn = 0x0b0a;
  return out;
}

// Offsets of the SDM, one octet each.
TEST(TargetInfo, LiesAsTheSdmSays) {
  const Buffer octets = write_target_info(good_target());
  ASSERT_EQ(octets.size(), kTargetInfoSize);
  EXPECT_EQ(octets[31], 1);
  EXPECT_EQ(octets[32], 2);
  EXPECT_EQ(octets[48], 3);
  EXPECT_EQ(octets[50], 4);
  EXPECT_EQ(octets[51], 5);
  EXPECT_EQ(octets[52], 6);
  EXPECT_EQ(octets[64], 7);
  EXPECT_EQ(octets[127], 7);
  EXPECT_TRUE(all_zero(Bytes(octets).subspan(128)));
  EXPECT_EQ(*parse_target_info(octets), good_target());
}

TEST(KeyRequest, LiesAsTheSdmSays) {
  const Buffer octets = write_key_request(good_request());
  ASSERT_EQ(octets.size(), kKeyRequestSize);
  EXPECT_EQ(to_hex(Bytes(octets).first(8)), "01023f0003040500");
  EXPECT_EQ(octets[8], 6);
  EXPECT_EQ(octets[24], 7);
  EXPECT_EQ(octets[40], 8);
  EXPECT_EQ(octets[72], 9);
  EXPECT_EQ(octets[76], 0x0a);
  EXPECT_EQ(octets[77], 0x0b);
  EXPECT_TRUE(all_zero(Bytes(octets).subspan(78)));
  EXPECT_EQ(write_key_request(*parse_key_request(octets)), octets);
}

template <class Parse>
void expect_exact_size(Bytes octets, Parse parse) {
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_EQ(parse(octets.first(size)).error().code(), Errc::kTruncated) << size;
  EXPECT_EQ(parse(concat({octets, Buffer(1)})).error().code(), Errc::kMalformed);
}

TEST(TargetInfo, IsRefusedAtEveryOtherSizeAndWithReservedOctets) {
  const Buffer octets = write_target_info(good_target());
  expect_exact_size(octets, parse_target_info);
  for (std::size_t at = 0; at < octets.size(); ++at) {
    Buffer flipped = octets;
    flipped[at] ^= 1U;
    const auto parsed = parse_target_info(flipped);
    const bool reserved = at == 49 || (at >= 56 && at < 64) || at >= 128;
    EXPECT_EQ(parsed.has_value(), !reserved) << at;
    if (parsed) {
      EXPECT_FALSE(*parsed == good_target()) << at;
    }
  }
}

TEST(KeyRequest, IsRefusedAtEveryOtherSizeAndWithReservedBits) {
  const Buffer octets = write_key_request(good_request());
  expect_exact_size(octets, parse_key_request);
  for (std::size_t at = 0; at < octets.size(); ++at) {
    for (const unsigned bit : {0U, 6U, 7U}) {
      Buffer flipped = octets;
      flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ (1U << bit));
      const auto parsed = parse_key_request(flipped);
      const bool policy = (at == 2 && bit >= 6) || at == 3;
      EXPECT_EQ(parsed.has_value(), !policy && at != 7 && at < 78) << at << " " << bit;
    }
  }
}

TEST(TargetInfo, IsThatOfAReport) {
  Buffer body(dcap::kReportBodySize);
  for (std::size_t i = 0; i < body.size(); ++i)
    body[i] = static_cast<std::uint8_t>(i);
  const auto target = target_info_of(dcap::ReportBody(Bytes(body).first<dcap::kReportBodySize>()));
  EXPECT_EQ(target.mr_enclave[0], 64);
  EXPECT_EQ(target.attributes[0], 48);
  EXPECT_EQ(target.misc_select[0], 16);
  EXPECT_EQ(target.config_id[0], 192);
  EXPECT_EQ(target.config_svn, 0x0504);
}

}  // namespace
}  // namespace ward::sgx
