// One test per known fault of others' verifiers and tools of this generation; README.md lists them
// with their sources.
#include <gtest/gtest.h>

#include "tee/sev/session.h"
#include "test/sev_fixture/fixture.h"

namespace ward::sev::made {
namespace {

using attest::Verdict;
using Ids = std::vector<std::string>;

// "Insecure Until Proven Updated" (CCS 2019): whoever has one chip's key makes any platform's; a
// guest that may be sent anywhere is sent there.
TEST(SevLessons, insecure_until_proven_updated_a_guest_that_may_be_sent_is_refused) {
  Stage s = good_stage(kFaces[1]);
  s.report.policy &= ~(1U << guest_policy::kNosend);
  EXPECT_EQ(judge(given(s)).failed(), Ids{"sev.guest_policy.nosend"});
}

// The same: chips that are known by their keys are told from a stranger with AMD's blessing.
TEST(SevLessons, insecure_until_proven_updated_chips_can_be_named) {
  Given g = given(good_stage(kFaces[1]));
  const attest::Facts facts = judge(g).facts;
  ASSERT_EQ(facts.chips.size(), 1U);
  g.policy.chips = facts.chips;
  EXPECT_EQ(judge(g).verdict, Verdict::kAccepted);
  const attest::Facts other = judge(given(good_stage(kFaces[2]))).facts;
  g.policy.chips = other.chips;
  EXPECT_EQ(judge(g).failed(), Ids{"sev.chip.accepted"});
}

// Debug accepted: sample tools launch with policy 0.
TEST(SevLessons, policy_zero_is_refused_for_all_that_it_allows) {
  Stage s = good_stage(kFaces[1]);
  s.report.policy = 0;
  EXPECT_EQ(judge(given(s)).failed(), (Ids{"sev.guest_policy.debug", "sev.guest_policy.noks",
                                           "sev.guest_policy.es", "sev.guest_policy.nosend"}));
}

// A platform exports its CEK unsigned; tools that check the lower chain alone accept what anybody
// made.
TEST(SevLessons, a_platform_without_amds_signature_is_refused) {
  Stage s = good_stage(kFaces[0]);
  s.signers.cek = By::kNobody;
  EXPECT_EQ(judge(given(s)).failed(), Ids{"sev.cek.signature"});
}

// CVE-2019-9836: the firmware computed with points off its curve, and its PDH was recovered. The
// owner's side must not take such a key either.
TEST(SevLessons, cve_2019_9836_a_point_off_the_curve_is_no_key) {
  Made m = make(good_stage(kFaces[0]));
  for (Buffer* c : {&m.pdh, &m.pek, &m.oca, &m.cek}) {
    Buffer changed = *c;
    changed.at(certificate::Pubkey::kBegin + 4) ^= 1U;
    const auto read = parse_certificates(changed);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), Errc::kMalformed);
  }
}

// An owner's own signature alone is worth nothing: everybody can make an OCA.
TEST(SevLessons, a_chain_to_the_owner_alone_is_refused) {
  Stage s = good_stage(kFaces[0]);
  s.signers.pek = By::kNobody;
  EXPECT_EQ(judge(given(s)).failed(), Ids{"sev.pek.signature"});
}

// One key in two roles: the root of another line, or an ASK, does not stand for the root.
TEST(SevLessons, a_signing_key_is_no_root) {
  Given g = given(good_stage(kFaces[1]));
  const auto chain = parse_certificates(concat({g.made.ask}));
  g.anchor.spki_sha256 = chain->front().spki_sha256;
  EXPECT_EQ(judge(g).failed(), Ids{"sev.ark.root"});
}

// Anybody can write a certificate of AMD's key: files beside the real one, before it, change
// nothing. With an unsigned ARK, as AMD publishes that of Naples, nothing but the ids tells them
// apart.
TEST(SevLessons, certificates_that_others_wrote_of_the_right_key_are_not_picked) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    for (const std::size_t count : {1U, 9U, 40U}) {
      Given g = given(good_stage(face));
      for (std::size_t i = 0; i < count; ++i) {
        for (const Buffer* real : {&g.made.ark, &g.made.ask}) {
          Buffer other = *real;
          other.at(0x04 + i % 16) ^= static_cast<std::uint8_t>(1 + i / 16);  // KEY_ID
          g.collateral.insert(g.collateral.begin(), {"other", std::move(other)});
        }
        for (const Buffer* real : {&g.made.cek, &g.made.oca}) {
          Buffer other = *real;
          other.at(0x04) = static_cast<std::uint8_t>(100 + i);  // API_MAJOR
          g.collateral.insert(g.collateral.begin(), {"other", std::move(other)});
        }
      }
      // An ARK with the right ids and a wrong signature.
      Buffer broken = g.made.ark;
      broken.resize(64 + 3 * face.rsa_bits / 8, 1);
      broken.back() ^= 1U;
      g.collateral.insert(g.collateral.begin(), {"broken", std::move(broken)});
      const attest::Appraisal a = judge(g);
      EXPECT_EQ(a.failed(), Ids{});
      EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    }
  }
}

// Nil nonce: a report over another nonce, and one over zeros, is no fresh one.
TEST(SevLessons, the_nonce_is_compared_whole) {
  Given g = given(good_stage(kFaces[1]));
  g.expected.report_data = std::vector<Buffer>{Buffer(16)};
  EXPECT_EQ(judge(g).failed(), Ids{"sev.report_data.expected"});
  g.expected.report_data =
      std::vector<Buffer>{Buffer(g.made.report.begin(), g.made.report.begin() + 8)};
  EXPECT_EQ(judge(g).failed(), Ids{"sev.report_data.expected"});
  g.expected.report_data = std::vector<Buffer>{};
  EXPECT_EQ(judge(g).failed(), Ids{"sev.report_data.expected"});
}

}  // namespace
}  // namespace ward::sev::made
