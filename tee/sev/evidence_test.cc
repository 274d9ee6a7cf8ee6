#include "tee/sev/evidence.h"

#include <gtest/gtest.h>

#include "test/sev_fixture/fixture.h"

namespace ward::sev {
namespace {

using made::kFaces;

TEST(SevEvidence, WhatIsReadIsWrittenAgain) {
  for (const made::Face& face : kFaces) {
    const Buffer octets = made::make(made::good_stage(face)).evidence();
    const auto read = parse_evidence(octets);
    const auto* evidence = std::get_if<Evidence>(&read);
    ASSERT_NE(evidence, nullptr) << face.name;
    EXPECT_EQ(evidence->sent.size(), face.certificates ? 6U : 0U);
    EXPECT_EQ(write_evidence(*evidence), octets);
  }
}

TEST(SevEvidence, AtEveryOtherLengthAnotherCheckOfTheFormFails) {
  const Buffer octets = made::make(made::good_stage(kFaces[0])).evidence();
  for (std::size_t n = 0; n < octets.size(); ++n) {
    const auto read = parse_evidence(Bytes(octets).first(n));
    if (n == kReportSize) {
      EXPECT_TRUE(std::holds_alternative<Evidence>(read));
      continue;
    }
    const auto* wrong = std::get_if<FormError>(&read);
    ASSERT_NE(wrong, nullptr) << n;
    ASSERT_EQ(wrong->check, n < kReportSize ? CheckId::kReportForm : CheckId::kCertificatesForm)
        << n;
  }
}

TEST(SevEvidence, EveryBitThatCountsIsSeen) {
  for (const made::Face& face : {kFaces[0], kFaces[3]}) {
    const made::Given g = made::given(made::good_stage(face));
    const Buffer good = g.made.evidence();
    ASSERT_EQ(made::judge_octets(g, good).verdict, attest::Verdict::kAccepted);
    for (std::size_t i = 0; i < kReportSize; ++i) {
      Buffer octets = good;
      octets[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
      ASSERT_EQ(made::judge_octets(g, octets).verdict, attest::Verdict::kRefused) << i;
    }
  }
}

TEST(SevEvidence, InspectionNamesThePolicy) {
  made::Stage s = made::good_stage(kFaces[1]);
  s.report.policy = 0x15010029;  // NODBG, NOSEND, SEV; API 1.21
  const Buffer octets = made::make(s).evidence();
  const auto claims = made::scheme().inspect(octets);
  ASSERT_TRUE(claims);
  const auto text = [&](std::string_view name) {
    std::string out;
    for (const attest::Claim& c : *claims) {
      if (c.name != name) continue;
      for (const std::string& value : attest::value_texts(c.value)) {
        out += value;
      }
    }
    return out;
  };
  EXPECT_EQ(text("guest_policy.nodbg"), "true");
  EXPECT_EQ(text("guest_policy.noks"), "false");
  EXPECT_EQ(text("guest_policy.es"), "false");
  EXPECT_EQ(text("guest_policy.nosend"), "true");
  EXPECT_EQ(text("guest_policy.domain"), "false");
  EXPECT_EQ(text("guest_policy.sev"), "true");
  EXPECT_EQ(text("guest_policy.api_major"), "1");
  EXPECT_EQ(text("guest_policy.api_minor"), "21");
  EXPECT_EQ(text("launch_digest"), to_hex(s.report.launch_digest));
  EXPECT_EQ(text("mnonce"), to_hex(s.report.mnonce));
}

TEST(SevEvidence, NeedsAreThoseOfAReportAlone) {
  const auto alone = made::scheme().needs(made::make(made::good_stage(kFaces[1])).evidence());
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->size(), 5U);
  const auto whole = made::scheme().needs(made::make(made::good_stage(kFaces[0])).evidence());
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->empty());
}

// A fleet's collateral: the platform that signed is found among others.
TEST(SevEvidence, ThePlatformThatSignedIsFoundAmongOthers) {
  made::Given g = made::given(made::good_stage(kFaces[1]));
  const made::Given other = made::given(made::good_stage(kFaces[2]));
  g.collateral.insert(g.collateral.begin(), other.collateral.begin(), other.collateral.end());
  g.collateral.push_back({.name = "notes.txt", .bytes = to_buffer(as_bytes("hello"))});
  const attest::Appraisal a = made::judge(g);
  EXPECT_EQ(a.verdict, attest::Verdict::kAccepted) << attest::summary(a);
  ASSERT_EQ(a.notes.size(), 1U);
  EXPECT_NE(a.notes.front().find("notes.txt"), std::string::npos);
}

}  // namespace
}  // namespace ward::sev
