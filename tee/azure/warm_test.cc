// A machine whose hardware was seen before, or whose collateral was read before, is judged in the
// same words as one that nobody knows.
#include <memory>

#include <gtest/gtest.h>

#include "tee/azure/made/cases.h"
#include "tee/azure/scheme.h"
#include "tee/tcg/event_log.h"
#include "verifier/platform_cache.h"
#include "verifier/verifier.h"

namespace ward::azure::made {
namespace {

const attest::Scheme* const* schemes() {
  static const Azure kAzure;
  static const attest::Scheme* const kSchemes[] = {&kAzure};
  return kSchemes;
}

std::string text_of(const attest::Appraisal& a) {
  std::string out = attest::summary(a) + "\n";
  for (const attest::Check& c : a.checks) {
    out += std::string(c.info->id) + " " + attest::to_text(c.outcome) + " " +
           attest::to_text(c.not_done) + " " + c.found + " | " + c.expected + " | " +
           c.expected_from + "\n";
  }
  for (const attest::Claim& claim : a.claims) {
    out += claim.name;
    for (const std::string& value : attest::value_texts(claim.value))
      out += " " + value;
    out += "\n";
  }
  for (const std::string& note : a.notes)
    out += note + "\n";
  return out;
}

std::string judge(const Staged& s, const std::shared_ptr<attest::PlatformStore>& known,
                  const verifier::PreparedCollateral* prepared) {
  static const attest::Collateral none;
  const verifier::Verifier verifier({schemes(), 1}, {anchor_of(s.stage)}, s.stage.policy, known);
  const auto out = verifier.appraise({.evidence = s.evidence,
                                      .collateral = prepared == nullptr ? s.documents : none,
                                      .now = kNow,
                                      .expected = s.stage.expected,
                                      .prepared = prepared});
  return out ? text_of(*out) : "";
}

TEST(AzureWarm, WhatWasSeenBeforeChangesNothing) {
  std::vector<Staged> good;
  for (std::size_t i = 0; i < std::size(kFaces); ++i)
    good.push_back(play({.face = i}));
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    Staged s = play(c);
    for (const bool log : {false, true}) {
      if (log) {
        s.documents.documents.push_back({"log", tcg::write_event_log(soft::default_log())});
      }
      const std::string cold = judge(s, nullptr, nullptr);
      const auto known =
          std::make_shared<verifier::PlatformCache>(verifier::CacheLimits{.platforms = 64});
      (void)judge(good[c.face], known, nullptr);
      EXPECT_EQ(judge(s, known, nullptr), cold);
      EXPECT_EQ(judge(s, known, nullptr), cold);
      const verifier::PreparedCollateral prepared({schemes(), 1}, s.documents);
      EXPECT_EQ(judge(s, nullptr, &prepared), cold);
      EXPECT_EQ(judge(s, known, &prepared), cold);
      EXPECT_EQ(judge(s, known, &prepared), cold);
    }
  }
}

TEST(AzureWarm, ThePlatformBeneathIsRemembered) {
  const auto known =
      std::make_shared<verifier::PlatformCache>(verifier::CacheLimits{.platforms = 64});
  for (std::size_t i = 0; i < std::size(kFaces); ++i) {
    const Staged s = play({.face = i});
    (void)judge(s, known, nullptr);
    const auto hits = known->counts().hits;
    (void)judge(s, known, nullptr);
    EXPECT_EQ(known->counts().hits, hits + 1) << kFaces[i].name;
  }
}

}  // namespace
}  // namespace ward::azure::made
