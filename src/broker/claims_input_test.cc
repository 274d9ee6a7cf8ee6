#include "broker/claims_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json.h"

namespace ward::broker {
namespace {

using attest::Claim;
using testing::HasSubstr;

// at finds a place by its levels; nullptr where there is none.
const codec::JsonValue* at(const codec::JsonValue& root, std::string_view path) {
  const codec::JsonValue* value = &root;
  while (value != nullptr && !path.empty()) {
    const auto dot = path.find('.');
    value = value->find(path.substr(0, dot));
    path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  }
  return value;
}

codec::JsonValue input(std::string_view tee, std::string_view scheme,
                       const std::vector<Claim>& claims, const attest::Tcb* tcb = nullptr) {
  const auto text = claims_input({.tee = tee, .scheme = scheme, .claims = claims, .tcb = tcb});
  EXPECT_TRUE(text);
  auto json = codec::parse_json(as_bytes(text ? *text : "{}"));
  EXPECT_TRUE(json);
  return *std::move(json);
}

std::string text_at(const codec::JsonValue& root, std::string_view path) {
  const codec::JsonValue* value = at(root, path);
  return value != nullptr ? std::string(value->as_string().value_or("no text")) : "absent";
}

TEST(ClaimsInput, TdxHasTrusteesNamesBesideItsOwn) {
  attest::Tcb tcb;
  tcb.status = "UpToDate";
  tcb.advisories = {"INTEL-SA-00001"};
  const auto json = input("tdx", "tdx",
                          {{"version", std::uint64_t{4}},
                           {"tee_type", std::uint64_t{0x81}},
                           {"mr_td", Buffer{0xab, 0xcd}},
                           {"rt_mr1", Buffer{0x01}},
                           {"td_attributes", Buffer{0x00}},
                           {"td_attributes.debug", false},
                           {"td_attributes.sept_ve_disable", true},
                           {"tdx_module.status", std::string("UpToDate")}},
                          &tcb);
  EXPECT_EQ(text_at(json, "tdx.quote.header.version"), "0400");
  EXPECT_EQ(text_at(json, "tdx.quote.header.tee_type"), "81000000");
  EXPECT_EQ(text_at(json, "tdx.quote.body.mr_td"), "abcd");
  EXPECT_EQ(text_at(json, "tdx.mr_td"), "abcd");
  EXPECT_EQ(text_at(json, "tdx.quote.body.rtmr_1"), "01");
  EXPECT_EQ(text_at(json, "tdx.quote.body.td_attributes"), "00");
  EXPECT_EQ(at(json, "tdx.td_attributes.debug")->as_bool(), false);
  EXPECT_EQ(at(json, "tdx.td_attributes.septve_disable")->as_bool(), true);
  EXPECT_EQ(text_at(json, "tdx.tcb_status"), "UpToDate");
  EXPECT_EQ(text_at(json, "tdx.collateral_expiration_status"), "0");
  EXPECT_EQ(at(json, "tdx.advisory_ids")->items().size(), 1U);
}

TEST(ClaimsInput, SnpHasBothGenerationsOfTrusteesNames) {
  const auto json = input("snp", "snp",
                          {{"measurement", Buffer{0x0a}},
                           {"guest_policy", Buffer{0x00}},
                           {"guest_policy.debug", false},
                           {"guest_policy.abi_major", std::uint64_t{1}},
                           {"reported_tcb.snp", std::uint64_t{24}},
                           {"platform_info.smt_en", true}});
  EXPECT_EQ(text_at(json, "snp.measurement"), "0a");
  EXPECT_EQ(text_at(json, "snp.evidence.measurement"), "0a");
  EXPECT_EQ(at(json, "snp.evidence.policy.debug_allowed")->as_bool(), false);
  EXPECT_EQ(at(json, "snp.policy_debug_allowed")->as_bool(), false);
  EXPECT_EQ(at(json, "snp.evidence.reported_tcb.snp")->as_uint(), 24U);
  EXPECT_EQ(at(json, "snp.reported_tcb_snp")->as_uint(), 24U);
  EXPECT_EQ(at(json, "snp.platform_smt_enabled")->as_bool(), true);
  EXPECT_EQ(at(json, "snp.guest_policy.abi_major")->as_uint(), 1U);
}

TEST(ClaimsInput, AzureHasItsHardwaresNamesAndItsPcrsUnderBothSpellingsOfTheTee) {
  for (const char* tee : {"az-tdx-vtpm", "aztdxvtpm"}) {
    const auto json = input(tee, "azure",
                            {{"hardware", std::string("tdx")},
                             {"tdx.mr_td", Buffer{0xab}},
                             {"tdx.td_attributes.debug", false},
                             {"tdx.user_data", Buffer{0x02}},
                             {"user_data", Buffer{0x01}},
                             {"tpm.pcr.11", Buffer{0x11}}});
    EXPECT_EQ(text_at(json, "az-tdx-vtpm.user_data"), "01");
    EXPECT_EQ(text_at(json, "az-tdx-vtpm.quote.body.mr_td"), "ab");
    EXPECT_EQ(text_at(json, "az-tdx-vtpm.tdx.mr_td"), "ab");
    EXPECT_EQ(text_at(json, "az-tdx-vtpm.tpm.pcr11"), "11");
  }
  const auto tpm = input("tpm", "tpm", {{"pcr.11", Buffer{0x11}}});
  EXPECT_EQ(text_at(tpm, "tpm.pcr11"), "11");
}

TEST(ClaimsInput, NothingIsAnEmptyObject) {
  const auto json = input("cca", "cca", {});
  ASSERT_NE(at(json, "cca"), nullptr);
  EXPECT_TRUE(at(json, "cca")->is_object());
  EXPECT_TRUE(at(json, "cca")->members().empty());
}

TEST(ClaimsInput, OtherSchemesClaimsGetNoNamesOfTdx) {
  const auto json = input("sgx", "sgx", {{"mr_td", Buffer{0xab}}, {"isv_svn", std::uint64_t{258}}});
  EXPECT_EQ(at(json, "sgx.quote"), nullptr);
  EXPECT_EQ(text_at(json, "sgx.body.isv_svn"), "0201");
}

}  // namespace
}  // namespace ward::broker
