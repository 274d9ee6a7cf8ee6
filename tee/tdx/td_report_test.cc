#include "tee/tdx/td_report.h"

#include <map>

#include <gtest/gtest.h>

namespace ward::tdx {
namespace {

using dcap::BodyType;

// A quote of nothing but a body: what TdReport looks at.
dcap::Quote quote_of(Bytes body) {
  dcap::Quote q;
  q.body = body;
  q.body_at = 48;
  return q;
}

TdReportParts sample() {
  TdReportParts p;
  p.tee_tcb_svn = {5, 1, 3};
  p.td_attributes = 0x10000000;
  p.xfam = 0x61ae7;
  p.mr_td.fill(1);
  p.mr_config_id.fill(2);
  p.rt_mr[3].fill(3);
  p.report_data.fill(4);
  p.tee_tcb_svn2 = {6, 1, 3};
  p.mr_service_td.fill(5);
  return p;
}

TEST(TdReport, ReadsWhatItWrites) {
  for (const BodyType type :
       {BodyType::kTdReport10, BodyType::kTdReport15, BodyType::kTdReport15Ex}) {
    const Buffer body = write_td_report(sample(), type);
    ASSERT_EQ(body.size(), dcap::body_size(type));
    const dcap::Quote quote = quote_of(body);
    const TdReport report(quote);
    const bool late = type != BodyType::kTdReport10;
    const bool extended = type == BodyType::kTdReport15Ex;
    EXPECT_EQ(report.version_15(), late);
    EXPECT_EQ(report.extended(), extended);
    EXPECT_EQ(report.module_version(), 1);
    EXPECT_TRUE(equal(report.get<td_report::MrTd>(), sample().mr_td));
    EXPECT_TRUE(equal(report.get<td_report::MrConfigId>(), sample().mr_config_id));
    EXPECT_TRUE(equal(report.get<td_report::RtMr3>(), sample().rt_mr[3]));
    EXPECT_TRUE(equal(report.get<td_report::ReportData>(), sample().report_data));
    EXPECT_TRUE(equal(report.tee_tcb_svn2(), late ? Bytes(sample().tee_tcb_svn2) : Bytes()));
    EXPECT_TRUE(equal(report.mr_service_td(), late ? Bytes(sample().mr_service_td) : Bytes()));
    EXPECT_EQ(report.layout().size(), extended ? 27U : late ? 17U : 15U);
  }
}

// Intel TDX Module ABI Specification, ATTRIBUTES: what each bit of the 64 is.
TEST(TdReport, EveryAttributeBitIsDebugReservedOrAFlagOfItsName) {
  const std::map<unsigned, std::string> names = {
      {0, "debug"}, {4, "hgs_plus_prof"},    {5, "perf_prof"},   {6, "pmt_prof"}, {16, "icssd"},
      {27, "lass"}, {28, "sept_ve_disable"}, {29, "migratable"}, {30, "pks"},     {31, "kl"},
      {62, "tpa"},  {63, "perfmon"}};
  for (unsigned bit = 0; bit < 64; ++bit) {
    SCOPED_TRACE(bit);
    TdReportParts parts = sample();
    parts.td_attributes = std::uint64_t{1} << bit;
    const Buffer body = write_td_report(parts, BodyType::kTdReport10);
    const dcap::Quote quote = quote_of(body);
    const TdReport report(quote);
    EXPECT_EQ(report.under_debug(), bit < 8);
    EXPECT_EQ(report.reserved_zero(), bit < 8 || names.contains(bit));
    std::vector<std::string> set;
    std::vector<attest::Claim> claims;
    attest::ClaimList list(claims);
    report.add_claims(list);
    list.finish();
    for (const attest::Claim& claim : claims) {
      if (claim.name.starts_with("td_attributes.") && claim.value == attest::ClaimValue(true))
        set.push_back(claim.name.substr(14));
    }
    const auto name = names.find(bit);
    EXPECT_EQ(set, name == names.end() ? std::vector<std::string>{}
                                       : std::vector<std::string>{name->second});
  }
}

}  // namespace
}  // namespace ward::tdx
