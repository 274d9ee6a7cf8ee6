#include "bench/signatures.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "bench/platform.h"
#include "tee/all.h"

namespace ward::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::multiset<std::string> signed_by(const attest::Work& work) {
  std::multiset<std::string> out;
  for (const attest::SignatureFact& fact : work.signatures)
    out.insert(fact.check->id);
  return out;
}

std::size_t count(const std::vector<Bare>& all, const std::string& algorithm) {
  return static_cast<std::size_t>(std::ranges::count(all, algorithm, &Bare::algorithm));
}

// The quote, the QE's report, the PCK certificate, its CA, the root by itself, the certificate that
// signs TCB documents, both documents and both CRLs.
TEST(Signatures, SgxHasTen) {
  const attest::Work work = *work_of(sgx_platform());
  EXPECT_THAT(signed_by(work),
              UnorderedElementsAre("sgx.quote.signature", "sgx.qe_report.signature",
                                   "sgx.pck_chain.signature", "sgx.pck_chain.signature",
                                   "sgx.pck_chain.signature", "sgx.tcb_signing.signature",
                                   "sgx.tcb_info.signature", "sgx.qe_identity.signature",
                                   "sgx.root_crl.signature", "sgx.pck_crl.signature"));
  const auto all = *signatures_of(work);
  EXPECT_EQ(all.size(), 10U);
  EXPECT_EQ(count(all, "ECDSA P-256"), 10U);
}

TEST(Signatures, TdxHasTen) {
  const auto all = *signatures_of(*work_of(tdx_platform()));
  EXPECT_EQ(count(all, "ECDSA P-256"), 10U);
  EXPECT_EQ(all.size(), 10U);
}

// The report; VCEK, ASK, ARK by itself, and the CRL.
TEST(Signatures, SnpHasOneOfP384AndFourOfRsa) {
  const auto all = *signatures_of(*work_of(snp_platform()));
  EXPECT_EQ(count(all, "ECDSA P-384"), 1U);
  EXPECT_EQ(count(all, "RSA-4096-PSS"), 4U);
  EXPECT_EQ(all.size(), 5U);
}

TEST(Signatures, TheSameCountsOnceWhateverItStandsIn) {
  attest::Work work = *work_of(sgx_platform());
  const auto before = signatures_of(work)->size();
  // The first one again, its three parts in materials of their own.
  attest::SignatureFact again = work.signatures.front();
  for (attest::Part* part : {&again.key, &again.message, &again.signature}) {
    const Buffer octets = to_buffer(work.bytes(*part));
    work.materials.push_back({.title = "copy", .bytes = octets});
    *part = {work.materials.size() - 1, 0, octets.size()};
  }
  work.signatures.push_back(again);
  EXPECT_EQ(signatures_of(work)->size(), before);
}

TEST(Signatures, NoneIsLeftOut) {
  attest::Work work = *work_of(sgx_platform());
  work.signatures.front().algorithm = "HS256";
  const auto all = signatures_of(work);
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code(), Errc::kUnsupported);
}

TEST(Signatures, OneThatDoesNotVerifyIsNoBase) {
  attest::Work work = *work_of(snp_platform());
  for (attest::Material& material : work.materials) {
    if (material.kind == attest::MaterialKind::kEvidence) material.bytes.at(0x50) ^= 1U;
  }
  const auto all = signatures_of(work);
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code(), Errc::kMalformed);
}

TEST(Signatures, BasesSayWhatTheyAre) {
  const HotPath cold = *cold_path("verify.snp.cold", snp_platform());
  EXPECT_THAT(cold.base.label, HasSubstr("1 x ECDSA P-384 ("));
  EXPECT_THAT(cold.base.label, HasSubstr(" + 4 x RSA-4096-PSS (OpenSSL 3."));
  EXPECT_TRUE(cold.run());
  EXPECT_TRUE(cold.base.run());
  for (const Platform* platform : {&sgx_platform(), &tdx_platform()}) {
    const HotPath warm = *warm_path("verify.warm", *platform);
    EXPECT_THAT(warm.base.label, HasSubstr("1 x ECDSA P-256 (OpenSSL 3."));
    EXPECT_TRUE(warm.base.run());
  }
  const HotPath warm = *warm_path("verify.snp.warm", snp_platform());
  EXPECT_THAT(warm.base.label, HasSubstr("1 x ECDSA P-384 ("));
  EXPECT_TRUE(warm.base.run());
}

TEST(Platform, EveryOtherTeeIsTimedOnItsOwnVectors) {
  std::set<std::string> seen;
  for (const NamedPlatform& one : tee_platforms()) {
    EXPECT_TRUE(one.platform->accepted()) << one.name;
    seen.insert(one.name.substr(0, one.name.find('.')));
  }
  EXPECT_EQ(seen.size() + 3, tee::all_schemes().size());
  for (const HotPath& path : tee_paths()) {
    EXPECT_TRUE(path.run()) << path.name;
    EXPECT_TRUE(!path.base.run || path.base.run()) << path.name;
  }
}

TEST(Platform, WithoutEvidenceThereIsNone) {
  const auto none = recorded_platform("/nonexistent", {0});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Errc::kUnavailable);
}

TEST(Platform, WhatIsNotAcceptedIsNotTimed) {
  const Platform& good = sgx_platform();
  Platform late{.evidence = good.evidence,
                .documents = good.documents,
                .now = {good.now.seconds + 365 * 86400},
                .expected = good.expected,
                .verifier = std::make_unique<const verifier::Verifier>(*good.verifier)};
  const auto path = cold_path("late", late);
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().code(), Errc::kMalformed);
}

// All paths do their work, and so do their bases.
TEST(HotPaths, AllRun) {
  for (const auto& makers : {hot_paths(), informative_paths()}) {
    for (const PathMaker& maker : makers) {
      const HotPath path = maker.make();
      EXPECT_EQ(path.name, maker.name);
      EXPECT_TRUE(path.run()) << path.name;
      if (!path.base.name.empty()) {
        EXPECT_TRUE(path.base.run()) << path.name;
      }
    }
  }
}

}  // namespace
}  // namespace ward::bench
