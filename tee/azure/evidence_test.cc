// Form: Azure's evidence in every way that it travels, the paravisor's report and its runtime data.
#include "tee/azure/evidence.h"

#include <gtest/gtest.h>

#include "tee/azure/hcl.h"
#include "tee/azure/made/stage.h"
#include "tee/azure/runtime_data.h"

namespace ward::azure {
namespace {

using made::Face;
using made::kFaces;

Evidence good(const Face& face) { return made::make(made::good_stage(face)).evidence; }

std::string text_of(const Evidence& e) { return std::string(as_text(write_evidence(e))); }

std::string fault_of(const std::string& json) {
  const auto parsed = parse_evidence(as_bytes(json));
  return parsed ? "" : parsed.error();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(AzureEvidence, EveryFormIsWrittenAndReadAgain) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    const Evidence e = good(face);
    const Buffer octets = write_evidence(e);
    EXPECT_TRUE(looks_like_evidence(octets));
    const auto again = parse_evidence(octets);
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again, e);
    EXPECT_EQ(write_evidence(*again), octets);
  }
}

TEST(AzureEvidence, CutEvidenceIsRefusedAtEveryLength) {
  for (const Face& face : kFaces) {
    const Buffer octets = write_evidence(good(face));
    for (std::size_t n = 0; n < octets.size(); ++n)
      ASSERT_FALSE(parse_evidence(Bytes(octets).first(n))) << face.name << " " << n;
  }
}

TEST(AzureEvidence, OnlyTheMembersOfAFormAreTaken) {
  const std::string snp = text_of(good(kFaces[made::kSnpFace]));
  EXPECT_EQ(fault_of(snp), "");
  EXPECT_NE(fault_of(replaced(snp, "{", "{\"x\":1,")), "");
  EXPECT_NE(fault_of(replaced(snp, "\"version\":2", "\"version\":3")), "");
  EXPECT_NE(fault_of(replaced(snp, "\"version\":2", "\"version\":0")), "");
  EXPECT_NE(fault_of(replaced(snp, "\"version\":2", "\"version\":\"2\"")), "");
  EXPECT_NE(fault_of(replaced(snp, "\"vcek\"", "\"vlek\"")), "");
  EXPECT_NE(fault_of(replaced(snp, "\"message\"", "\"massage\"")), "");
  EXPECT_NE(fault_of("{}"), "");
  EXPECT_NE(fault_of("[1]"), "");
  EXPECT_EQ(fault_of("\n " + snp + "\n"), "");
  const std::string tdx = text_of(good(kFaces[made::kTdxFace]));
  EXPECT_NE(fault_of(replaced(tdx, "\"version\":1", "\"version\":2")), "");
}

TEST(AzureEvidence, OctetsHaveOneWriting) {
  Evidence e = good(kFaces[made::kSnpFace]);
  e.signature[0] = 0xab;
  const std::string snp = text_of(e);
  EXPECT_NE(fault_of(replaced(snp, "\"signature\":\"ab", "\"signature\":\"AB")), "");
  EXPECT_NE(fault_of(replaced(snp, "\"signature\":\"ab", "\"signature\":\"a")), "");
  const std::string standard = to_base64(e.hcl, Base64::kStandard);
  const auto at = snp.find("\"hcl_report\":\"") + 14;
  std::string other = snp;
  other.replace(at, standard.size(), standard);
  EXPECT_EQ(standard.find_first_of("+/") == std::string::npos, fault_of(other).empty());
  const std::string numbers = text_of(good(kFaces[2]));
  EXPECT_NE(fault_of(replaced(numbers, "\"report\":[72,", "\"report\":[256,")), "");
  EXPECT_NE(fault_of(replaced(numbers, "\"report\":[72,", "\"report\":[-1,")), "");
  EXPECT_NE(fault_of(replaced(numbers, "\"report\":[72,", "\"report\":[72.0,")), "");
}

TEST(AzureEvidence, SizesHaveLimits) {
  const auto fits = [](const std::function<void(Evidence&)>& change, std::size_t face) {
    Evidence e = good(kFaces[face]);
    change(e);
    return parse_evidence(write_evidence(e)).has_value();
  };
  for (const std::size_t more : {0U, 1U}) {
    const bool right = more == 0;
    const auto sized = [&](Buffer Evidence::*member, std::size_t most, std::size_t face) {
      return fits([&](Evidence& e) { (e.*member).resize(most + more); }, face);
    };
    EXPECT_EQ(sized(&Evidence::hcl, kMaxHcl, made::kSnpFace), right);
    EXPECT_EQ(sized(&Evidence::hcl, kMaxHcl, 2), right);
    EXPECT_EQ(sized(&Evidence::signature, kMaxSignature, made::kSnpFace), right);
    EXPECT_EQ(sized(&Evidence::message, kMaxMessage, made::kSnpFace), right);
    EXPECT_EQ(sized(&Evidence::td_quote, kMaxTdQuote, made::kTdxFace), right);
    EXPECT_EQ(fits([&](Evidence& e) { e.pcrs.resize(kPcrs + more); }, made::kSnpFace), right);
    EXPECT_EQ(fits([&](Evidence& e) { e.pcrs[3].resize(kMaxPcr + more); }, made::kSnpFace), right);
    EXPECT_EQ(fits([&](Evidence& e) { e.vcek[0].resize(kMaxCertificate + more); }, made::kSnpFace),
              right);
    EXPECT_EQ(fits([&](Evidence& e) { e.vcek.resize(kMaxVcekChain + more, e.vcek[0]); }, 2), right);
    EXPECT_EQ(fits([&](Evidence& e) { e.vcek[0].resize(kMaxCertificate + more); }, 2), right);
  }
  EXPECT_FALSE(fits([](Evidence& e) { e.pcrs.pop_back(); }, made::kSnpFace));
}

TEST(AzureEvidence, WhatIsNotReadIsNamed) {
  const std::string tls = text_of(good(kFaces[4]));
  const auto parsed = parse_evidence(
      as_bytes(replaced(replaced(tls, "\"event_log\":[]", "\"event_log\":[[1,2]]"),
                        "\"instance_info\":null", "\"instance_info\":{\"region\":\"x\"}")));
  ASSERT_TRUE(parsed) << parsed.error();
  EXPECT_EQ(parsed->unread, (std::vector<std::string>{"event_log", "instance_info"}));
}

TEST(AzureHcl, EveryOctetOfItsFrameIsChecked) {
  const Buffer octets = good(kFaces[made::kSnpFace]).hcl;
  const Hcl hcl = *parse_hcl(octets);
  EXPECT_EQ(write_hcl(hcl), octets);
  for (std::size_t n = 0; n < octets.size() - hcl.padding; ++n)
    ASSERT_FALSE(parse_hcl(Bytes(octets).first(n))) << n;
  for (std::size_t n = octets.size() - hcl.padding; n < octets.size(); ++n)
    ASSERT_TRUE(parse_hcl(Bytes(octets).first(n))) << n;
  const auto accepted = [&](std::size_t at) {
    Buffer changed = octets;
    changed[at] ^= 0x10;
    return parse_hcl(changed).has_value();
  };
  for (std::size_t at = 0; at < kHclHeaderSize; ++at)
    EXPECT_FALSE(accepted(at)) << at;
  const std::size_t request = kHclHeaderSize + kHardwareReportSize;
  for (std::size_t at = request; at < kRuntimeDataAt; ++at) {
    const bool judged_later = at >= request + 8 && at < request + 16;  // types of report and hash
    EXPECT_EQ(accepted(at), judged_later) << at;
  }
  for (std::size_t at = octets.size() - hcl.padding; at < octets.size(); ++at)
    EXPECT_FALSE(accepted(at)) << at;
}

TEST(AzureHcl, ItIsNoLongerThanItsLimit) {
  Hcl hcl = *parse_hcl(good(kFaces[made::kSnpFace]).hcl);
  hcl.padding += kMaxHcl - write_hcl(hcl).size();
  EXPECT_TRUE(parse_hcl(write_hcl(hcl)));
  ++hcl.padding;
  EXPECT_FALSE(parse_hcl(write_hcl(hcl)));
}

std::string runtime_json() {
  return write_runtime_data(made::good_stage(kFaces[made::kSnpFace]).runtime);
}

std::string runtime_fault(const std::string& json) {
  const auto parsed = parse_runtime_data(as_bytes(json));
  return parsed ? "" : parsed.error();
}

TEST(AzureRuntimeData, IsWrittenAndReadAgain) {
  RuntimeData data = made::good_stage(kFaces[made::kSnpFace]).runtime;
  data.current_time = 1'678'652'405;
  const auto again = parse_runtime_data(as_bytes(write_runtime_data(data)));
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(*again, data);
}

TEST(AzureRuntimeData, MalformedOnesAreRefused) {
  const std::string json = runtime_json();
  EXPECT_EQ(runtime_fault(json), "");
  for (std::size_t n = 0; n < json.size(); ++n)
    ASSERT_NE(runtime_fault(json.substr(0, n)), "") << n;
  EXPECT_NE(runtime_fault(json + "x"), "");
  EXPECT_NE(runtime_fault("[]"), "");
  EXPECT_NE(runtime_fault(replaced(json, "\"keys\"", "\"kays\"")), "");
  EXPECT_NE(runtime_fault(replaced(json, "\"kid\"", "\"kad\"")), "");
  EXPECT_NE(runtime_fault(replaced(json, "\"kid\":\"HCLAkPub\"", "\"kid\":1")), "");
  EXPECT_NE(runtime_fault(replaced(json, "\"e\":\"AQAB\"", "\"e\":\"AQ=B\"")), "");
  EXPECT_NE(runtime_fault(replaced(json, "[\"sign\"]", "\"sign\"")), "");
  EXPECT_NE(runtime_fault(replaced(json, "[\"sign\"]", "[1]")), "");
  EXPECT_NE(runtime_fault(replaced(json, "\"secure-boot\":true", "\"secure-boot\":\"true\"")), "");
  EXPECT_NE(runtime_fault(replaced(json, "\"vm-configuration\"", "\"vm\"")), "");
  EXPECT_NE(runtime_fault(replaced(json, "\"user-data\":\"00", "\"user-data\":\"")), "");
  EXPECT_NE(runtime_fault(replaced(json, "\"tpm-enabled\":true", "\"current-time\":-1")), "");
}

TEST(AzureRuntimeData, NamesThatItDoesNotKnowAreListed) {
  const auto parsed = parse_runtime_data(
      as_bytes(replaced(replaced(runtime_json(), "{\"keys\"", "{\"new\":1,\"keys\""), "{\"kid\"",
                        "{\"use\":\"sig\",\"kid\"")));
  ASSERT_TRUE(parsed) << parsed.error();
  EXPECT_EQ(parsed->unknown, (std::vector<std::string>{"keys.use", "new"}));
}

TEST(AzureRuntimeData, KeysHaveALimit) {
  RuntimeData data = made::good_stage(kFaces[made::kSnpFace]).runtime;
  data.keys.resize(kMaxRuntimeKeys, {.id = "x", .type = "EC"});
  EXPECT_EQ(runtime_fault(write_runtime_data(data)), "");
  data.keys.push_back(data.keys.back());
  EXPECT_NE(runtime_fault(write_runtime_data(data)), "");
}

TEST(AzureRuntimeData, TheAttestationKeyIsTheOneOfItsName) {
  const RuntimeData good = made::good_stage(kFaces[made::kSnpFace]).runtime;
  const auto key = attestation_key(good);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->to_spki(), made::ak().public_key().to_spki());
  const auto fails = [&](const std::function<void(RuntimeData&)>& change) {
    RuntimeData data = good;
    change(data);
    return !attestation_key(data).has_value();
  };
  EXPECT_TRUE(fails([](RuntimeData& d) { d.keys[0].id = "hclakpub"; }));
  EXPECT_TRUE(fails([](RuntimeData& d) { d.keys.push_back(d.keys[0]); }));
  EXPECT_TRUE(fails([](RuntimeData& d) { d.keys[0].type = "EC"; }));
  EXPECT_TRUE(fails([](RuntimeData& d) { d.keys[0].modulus.erase(d.keys[0].modulus.begin()); }));
  EXPECT_TRUE(fails([](RuntimeData& d) { d.keys[0].modulus[0] = 0; }));
  EXPECT_TRUE(fails([](RuntimeData& d) { d.keys[0].exponent.clear(); }));
  EXPECT_TRUE(fails([](RuntimeData& d) { d.keys[0].exponent = {2}; }));
}

}  // namespace
}  // namespace ward::azure
