#include "tee/snp/report.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "attest/appraisal_json.h"

namespace ward::snp {
namespace {

constexpr std::uint64_t kPolicy = (std::uint64_t{1} << guest_policy::kReservedOne) | 0x0137;

template <std::size_t N>
void fill(std::array<std::uint8_t, N>& out, std::uint8_t first) {
  for (std::uint8_t& octet : out)
    octet = first++;
}

// Every field has another value, so that two that are exchanged show.
ReportParts sample(std::uint32_t version) {
  ReportParts p;
  p.version = version;
  p.guest_svn = 0x01020304;
  p.policy = kPolicy;
  fill(p.family_id, 0x10);
  fill(p.image_id, 0x30);
  p.vmpl = 2;
  fill(p.current_tcb, 0x50);
  p.platform_info = 0x8000000000000025;
  p.key_info = 0x7;  // AUTHOR_KEY_EN, MASK_CHIP_KEY, VLEK
  fill(p.report_data, 0x60);
  fill(p.measurement, 0x70);
  fill(p.host_data, 0x80);
  fill(p.id_key_digest, 0x90);
  fill(p.author_key_digest, 0xa0);
  fill(p.report_id, 0xb0);
  fill(p.report_id_ma, 0xc0);
  fill(p.reported_tcb, 0xd0);
  if (version >= 3) p.cpuid = {0x1a, 0x02, 0x01};
  fill(p.chip_id, 0xe0);
  fill(p.committed_tcb, 0xf0);
  p.current_version = {1, 58, 20};
  p.committed_version = {1, 55, 40};
  fill(p.launch_tcb, 0xf8);
  if (version >= 5) p.mit_vectors = {0x1122334455667788, 0x99aabbccddeeff00};
  for (std::size_t i = 0; i < 48; ++i) {
    p.signature_r.at(i) = static_cast<std::uint8_t>(i + 1);
    p.signature_s.at(i) = static_cast<std::uint8_t>(i + 101);
  }
  return p;
}

constexpr std::uint32_t kVersions[] = {2, 3, 4, 5};

CheckId fault(Bytes octets) {
  const auto wrong = check_form(octets);
  EXPECT_TRUE(wrong);
  EXPECT_FALSE(parse_report(octets));
  return wrong ? wrong->check : CheckId::kEnd;
}

Buffer number(std::uint64_t value, std::size_t size) {
  Buffer out;
  for (std::size_t i = 0; i < size; ++i)
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  return out;
}

template <std::size_t N>
Buffer octets(const std::array<std::uint8_t, N>& from) {
  return {from.begin(), from.end()};
}

// The offsets of AMD 56860, table ATTESTATION_REPORT, written out a second time.
struct Place {
  const char* name;
  std::size_t offset;
  Buffer value;
};

std::vector<Place> places(const ReportParts& p) {
  std::vector<Place> out = {{"version", 0x00, number(p.version, 4)},
                            {"guest_svn", 0x04, number(p.guest_svn, 4)},
                            {"guest_policy", 0x08, number(p.policy, 8)},
                            {"family_id", 0x10, octets(p.family_id)},
                            {"image_id", 0x20, octets(p.image_id)},
                            {"vmpl", 0x30, number(p.vmpl, 4)},
                            {"signature_algo", 0x34, number(1, 4)},
                            {"current_tcb", 0x38, octets(p.current_tcb)},
                            {"platform_info", 0x40, number(p.platform_info, 8)},
                            {"key_info", 0x48, number(p.key_info, 4)},
                            {"reserved1", 0x4c, Buffer(4)},
                            {"report_data", 0x50, octets(p.report_data)},
                            {"measurement", 0x90, octets(p.measurement)},
                            {"host_data", 0xc0, octets(p.host_data)},
                            {"id_key_digest", 0xe0, octets(p.id_key_digest)},
                            {"author_key_digest", 0x110, octets(p.author_key_digest)},
                            {"report_id", 0x140, octets(p.report_id)},
                            {"report_id_ma", 0x160, octets(p.report_id_ma)},
                            {"reported_tcb", 0x180, octets(p.reported_tcb)}};
  if (p.version == 2) out.push_back({"reserved2", 0x188, Buffer(24)});
  if (p.version >= 3) {
    out.insert(out.end(), {{"cpuid_fam_id", 0x188, {0x1a}},
                           {"cpuid_mod_id", 0x189, {0x02}},
                           {"cpuid_step", 0x18a, {0x01}},
                           {"reserved2", 0x18b, Buffer(21)}});
  }
  out.insert(out.end(), {{"chip_id", 0x1a0, octets(p.chip_id)},
                         {"committed_tcb", 0x1e0, octets(p.committed_tcb)},
                         {"current_build", 0x1e8, {20}},
                         {"current_minor", 0x1e9, {58}},
                         {"current_major", 0x1ea, {1}},
                         {"reserved3", 0x1eb, {0}},
                         {"committed_build", 0x1ec, {40}},
                         {"committed_minor", 0x1ed, {55}},
                         {"committed_major", 0x1ee, {1}},
                         {"reserved4", 0x1ef, {0}},
                         {"launch_tcb", 0x1f0, octets(p.launch_tcb)}});
  if (p.version < 5) out.push_back({"reserved5", 0x1f8, Buffer(168)});
  if (p.version >= 5) {
    out.insert(out.end(), {{"launch_mit_vector", 0x1f8, number((*p.mit_vectors)[0], 8)},
                           {"current_mit_vector", 0x200, number((*p.mit_vectors)[1], 8)},
                           {"reserved5", 0x208, Buffer(152)}});
  }
  out.insert(out.end(), {{"signature.r", 0x2a0, octets(p.signature_r)},
                         {"signature.s", 0x2e8, octets(p.signature_s)},
                         {"signature.reserved", 0x330, Buffer(368)}});
  return out;
}

TEST(Report, EveryFieldStandsAtItsOffset) {
  for (const std::uint32_t version : kVersions) {
    SCOPED_TRACE(version);
    const ReportParts p = sample(version);
    const Buffer raw = write_report(p);
    ASSERT_EQ(raw.size(), kReportSize);
    const auto report = parse_report(raw);
    ASSERT_TRUE(report);
    const auto layout = report->layout();
    const auto expected = places(p);
    ASSERT_EQ(layout.size(), expected.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < layout.size(); ++i) {
      const Place& place = expected[i];
      EXPECT_EQ(layout[i].name, std::string("report.") + place.name);
      EXPECT_EQ(layout[i].offset, place.offset) << place.name;
      EXPECT_EQ(layout[i].offset, at) << place.name;
      EXPECT_EQ(layout[i].size, place.value.size()) << place.name;
      EXPECT_EQ(to_hex(Bytes(raw).subspan(place.offset, place.value.size())), to_hex(place.value))
          << place.name;
      at += layout[i].size;
    }
    EXPECT_EQ(at, kReportSize);
  }
}

TEST(Report, ReadsWhatItWrites) {
  for (const std::uint32_t version : kVersions) {
    const Buffer raw = write_report(sample(version));
    const auto report = parse_report(raw);
    ASSERT_TRUE(report) << version;
    EXPECT_EQ(write_report(report_parts(*report)), raw) << version;
    EXPECT_EQ(report->version(), version);
    EXPECT_EQ(report->vmpl(), 2U);
    EXPECT_EQ(report->signing_key(), SigningKey::kVlek);
    EXPECT_EQ(report->signed_part().size(), kSignedSize);
  }
}

TEST(Report, RefusesEveryOtherSize) {
  for (const std::uint32_t version : kVersions) {
    Buffer raw = write_report(sample(version));
    for (std::size_t n = 0; n < raw.size(); ++n)
      ASSERT_EQ(fault(Bytes(raw).first(n)), CheckId::kReportForm) << n;
    raw.push_back(0);
    EXPECT_EQ(fault(raw), CheckId::kReportForm);
  }
}

TEST(Report, RefusesEachReservedOctet) {
  for (const std::uint32_t version : kVersions) {
    const ReportParts p = sample(version);
    const Buffer good = write_report(p);
    std::size_t tried = 0;
    for (const Place& place : places(p)) {
      if (!std::string_view(place.name).starts_with("reserved")) continue;
      for (std::size_t i = 0; i < place.value.size(); ++i, ++tried) {
        Buffer raw = good;
        raw[place.offset + i] = 0x80;
        ASSERT_EQ(fault(raw), CheckId::kReportReserved) << version << " " << place.offset + i;
      }
    }
    EXPECT_EQ(tried,
              std::size_t{4 + 21 + 1 + 1 + 152} + (version == 2 ? 3 : 0) + (version < 5 ? 16 : 0));
  }
}

TEST(Report, RefusesAndNamesAVersionThatItDoesNotKnow) {
  for (const std::uint32_t version : {0U, 1U, 6U, 255U, 0x00000103U, 0x05000000U, 0xffffffffU}) {
    ReportParts p = sample(5);
    p.version = version;
    const auto wrong = check_form(write_report(p));
    ASSERT_TRUE(wrong) << version;
    EXPECT_EQ(wrong->check, CheckId::kReportVersion);
    EXPECT_EQ(wrong->found, std::to_string(version));
  }
}

TEST(Report, FieldsOfLaterVersionsAreReservedInEarlierOnes) {
  ReportParts p = sample(5);
  for (const std::uint32_t version : {3U, 4U}) {
    p.version = version;
    EXPECT_EQ(fault(write_report(p)), CheckId::kReportReserved) << version;
  }
  p.mit_vectors.reset();
  p.version = 2;
  EXPECT_EQ(fault(write_report(p)), CheckId::kReportReserved);
  p.cpuid.reset();
  const Buffer raw = write_report(p);
  ASSERT_TRUE(parse_report(raw));
  EXPECT_FALSE(parse_report(raw)->cpuid());
}

TEST(Report, RefusesAnotherSignatureAlgorithm) {
  for (const std::uint32_t algorithm : {0U, 2U, 0x101U, 0x80000001U}) {
    ReportParts p = sample(5);
    p.signature_algo = algorithm;
    EXPECT_EQ(fault(write_report(p)), CheckId::kReportSignatureAlgo) << algorithm;
  }
}

TEST(Report, RefusesEverySigningKeyButVcekAndVlek) {
  for (std::uint32_t key = 0; key < 8; ++key) {
    ReportParts p = sample(5);
    p.key_info = key << 2U;
    const Buffer raw = write_report(p);
    EXPECT_EQ(parse_report(raw).has_value(), key < 2) << key;
    if (key >= 2) {
      EXPECT_EQ(fault(raw), CheckId::kReportSigningKey) << key;
    }
  }
  for (unsigned bit = 5; bit < 32; ++bit) {
    ReportParts p = sample(5);
    p.key_info |= std::uint32_t{1} << bit;
    EXPECT_EQ(fault(write_report(p)), CheckId::kReportReserved) << bit;
  }
}

TEST(Report, TheGuestPolicysReservedBitsAreAsTheyMustBe) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    ReportParts p = sample(5);
    p.policy = kPolicy ^ (std::uint64_t{1} << bit);
    const Buffer raw = write_report(p);
    const bool reserved = bit == guest_policy::kReservedOne || bit > guest_policy::kPageSwapDisable;
    EXPECT_EQ(parse_report(raw).has_value(), !reserved) << bit;
    if (reserved) {
      EXPECT_EQ(fault(raw), CheckId::kGuestPolicyReserved) << bit;
    }
  }
}

TEST(Report, RefusesAVmplThatIsNoGuests) {
  for (const std::uint32_t vmpl : {0U, 3U, 4U, 0x100U, 0xffffffffU}) {
    ReportParts p = sample(5);
    p.vmpl = vmpl;
    const Buffer raw = write_report(p);
    EXPECT_EQ(parse_report(raw).has_value(), vmpl <= 3) << vmpl;
    if (vmpl > 3) {
      EXPECT_EQ(fault(raw), CheckId::kReportVmpl);
    }
  }
}

TEST(Report, TheSignatureIsTurnedRoundAndNothingMayStandBehindIt) {
  const ReportParts p = sample(5);
  const Buffer good = write_report(p);
  const auto rs = Report(Bytes(good).first<kReportSize>()).signature_rs();
  ASSERT_TRUE(rs);
  for (std::size_t i = 0; i < 48; ++i) {
    EXPECT_EQ(rs->at(i), p.signature_r.at(47 - i));
    EXPECT_EQ(rs->at(48 + i), p.signature_s.at(47 - i));
  }
  for (std::size_t i = 0x2a0; i < kReportSize; ++i) {
    Buffer raw = good;
    raw[i] ^= 0x80U;
    const bool in_r = i < 0x2a0 + 48;
    const bool in_s = i >= 0x2e8 && i < 0x2e8 + 48;
    EXPECT_EQ(Report(Bytes(raw).first<kReportSize>()).signature_rs().has_value(), in_r || in_s)
        << i;
  }
}

TEST(Report, AChipIdThatIsAllZeroIsMasked) {
  ReportParts p = sample(5);
  EXPECT_FALSE(Report(Bytes(write_report(p)).first<kReportSize>()).chip_id_masked());
  p.chip_id.fill(0);
  Buffer raw = write_report(p);
  EXPECT_TRUE(Report(Bytes(raw).first<kReportSize>()).chip_id_masked());
  raw[0x1a0 + 63] = 1;
  EXPECT_FALSE(Report(Bytes(raw).first<kReportSize>()).chip_id_masked());
}

// What a claim of this name says, as text.
std::string claim(const std::vector<attest::Claim>& claims, std::string_view name) {
  for (const attest::Claim& c : claims) {
    if (c.name == name) return attest::claim_text(c.value);
  }
  return "absent";
}

std::vector<attest::Claim> claims_of(const Buffer& raw, std::optional<Line> line) {
  std::vector<attest::Claim> out;
  attest::ClaimList list(out);
  parse_report(raw)->add_claims(line, list);
  list.finish();
  return out;
}

TEST(Report, ClaimsNameBitsAndParts) {
  const Buffer raw = write_report(sample(5));
  const auto claims = claims_of(raw, Line::kTurin);
  EXPECT_EQ(claim(claims, "guest_policy.abi_major"), "1");
  EXPECT_EQ(claim(claims, "guest_policy.abi_minor"), "55");
  EXPECT_EQ(claim(claims, "platform_info.smt_en"), "true");
  EXPECT_EQ(claim(claims, "platform_info.tsme_en"), "false");
  EXPECT_EQ(claim(claims, "platform_info.alias_check_complete"), "true");
  EXPECT_EQ(claim(claims, "platform_info.unknown_bits"), "9223372036854775808");
  EXPECT_EQ(claim(claims, "author_key_en"), "true");
  EXPECT_EQ(claim(claims, "mask_chip_key"), "true");
  EXPECT_EQ(claim(claims, "signing_key"), "VLEK");
  EXPECT_EQ(claim(claims, "current_version"), "1.58.20");
  EXPECT_EQ(claim(claims, "committed_version"), "1.55.40");
  EXPECT_EQ(claim(claims, "provisional_firmware"), "true");
  EXPECT_EQ(claim(claims, "reported_tcb.fmc"), "208");
  EXPECT_EQ(claim(claims, "reported_tcb.snp"), "211");
  EXPECT_EQ(claim(claims, "launch_mit_vector"), "1234605616436508552");
  EXPECT_EQ(claim(claims, "memory_encryption.engine"),
            "AES-128-XEX or AES-256-XTS, a key per guest");
  const auto milan = claims_of(raw, Line::kMilan);
  EXPECT_EQ(claim(milan, "reported_tcb.fmc"), "absent");
  EXPECT_EQ(claim(milan, "reported_tcb.snp"), "214");
  const auto unknown = claims_of(raw, std::nullopt);
  EXPECT_EQ(claim(unknown, "reported_tcb.snp"), "absent");
}

// Bits 0 to 63 of GUEST_POLICY and PLATFORM_INFO, each under its own name.
TEST(Report, EachBitHasItsName) {
  constexpr std::pair<unsigned, const char*> kPolicyNames[] = {{16, "smt"},
                                                               {18, "migrate_ma"},
                                                               {19, "debug"},
                                                               {20, "single_socket"},
                                                               {21, "cxl_allow"},
                                                               {22, "mem_aes_256_xts"},
                                                               {23, "rapl_dis"},
                                                               {24, "ciphertext_hiding_dram"},
                                                               {25, "page_swap_disable"}};
  constexpr std::pair<unsigned, const char*> kPlatformNames[] = {{0, "smt_en"},
                                                                 {1, "tsme_en"},
                                                                 {2, "ecc_en"},
                                                                 {3, "rapl_dis"},
                                                                 {4, "ciphertext_hiding_dram_en"},
                                                                 {5, "alias_check_complete"},
                                                                 {6, "iommu_write_safe"},
                                                                 {7, "tio_en"}};
  ReportParts p = sample(5);
  p.platform_info = 0;
  const auto of = [](const ReportParts& parts, const std::string& name) {
    return claim(claims_of(write_report(parts), std::nullopt), name);
  };
  for (const auto& [bit, name] : kPolicyNames) {
    ReportParts one = p;
    EXPECT_EQ(of(one, std::string("guest_policy.") + name), "false") << name;
    one.policy |= std::uint64_t{1} << bit;
    EXPECT_EQ(of(one, std::string("guest_policy.") + name), "true") << name;
  }
  for (const auto& [bit, name] : kPlatformNames) {
    ReportParts one = p;
    EXPECT_EQ(of(one, std::string("platform_info.") + name), "false") << name;
    one.platform_info |= std::uint64_t{1} << bit;
    EXPECT_EQ(of(one, std::string("platform_info.") + name), "true") << name;
    EXPECT_EQ(of(one, "platform_info.unknown_bits"), "0") << name;
  }
}

}  // namespace
}  // namespace ward::snp
