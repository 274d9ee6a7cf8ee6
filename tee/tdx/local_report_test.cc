#include "tee/tdx/local_report.h"

#include <gtest/gtest.h>

namespace ward::tdx {
namespace {

LocalReportParts good_parts() {
  LocalReportParts out;
  std::uint8_t fill = 1;
  for (auto* field : {&out.td.mr_seam, &out.td.mr_signer_seam, &out.td.mr_td, &out.td.mr_config_id,
                      &out.td.mr_owner, &out.td.mr_owner_config, &out.td.rt_mr[0], &out.td.rt_mr[1],
                      &out.td.rt_mr[2], &out.td.rt_mr[3]}) {
    field->fill(fill++);
  }
  out.cpu_svn.fill(fill++);
  out.td.tee_tcb_svn.fill(fill++);
  out.td.tee_tcb_svn2.fill(fill++);
  out.td.seam_attributes.fill(fill++);
  out.td.report_data.fill(fill++);
  out.td.td_attributes = 0x0102030405060708;
  out.td.xfam = 0x1112131415161718;
  out.mac.fill(fill);
  return out;
}

Errc code_of(Bytes report) { return parse_local_report(report).error().code(); }

TEST(LocalReport, IsReadAsItWasWritten) {
  for (const bool service : {false, true}) {
    LocalReportParts parts = good_parts();
    if (service) parts.td.mr_service_td.fill(9);
    const Buffer written = write_local_report(parts);
    ASSERT_EQ(written.size(), kLocalReportSize);
    EXPECT_EQ(written[2], service ? 1 : 0);
    const auto read = parse_local_report(written);
    ASSERT_TRUE(read);
    EXPECT_EQ(write_local_report(*read), written);
    EXPECT_EQ(write_td_report(read->td, dcap::BodyType::kTdReport15),
              write_td_report(parts.td, dcap::BodyType::kTdReport15));
  }
}

TEST(LocalReport, IsRefusedAtEveryOtherSize) {
  const Buffer good = write_local_report(good_parts());
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(code_of(Bytes(good).first(size)), Errc::kTruncated) << size;
  EXPECT_EQ(code_of(concat({good, Buffer(1)})), Errc::kMalformed);
}

// Every octet is either hashed, the MAC or what it covers, or must have one value.
TEST(LocalReport, FlippedBitsAreNoticedOrAreTheMacs) {
  const Buffer good = write_local_report(good_parts());
  for (std::size_t at = 0; at < good.size(); ++at) {
    Buffer flipped = good;
    flipped[at] ^= 0x10U;
    const auto read = parse_local_report(flipped);
    const bool covered_by_mac = (at >= 16 && at < 32) || (at >= 128 && at < 192);
    const bool is_mac = at >= local_report::Mac::kBegin && at < local_report::Mac::kEnd;
    EXPECT_EQ(read.has_value(), covered_by_mac || is_mac) << at;
    if (!read) {
      EXPECT_EQ(read.error().code(), at < 2 ? Errc::kUnsupported : Errc::kMalformed) << at;
    }
  }
}

}  // namespace
}  // namespace ward::tdx
