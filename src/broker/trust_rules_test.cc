#include "broker/trust_rules.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace ward::broker {
namespace {

using token::TrustTier;
using token::TrustVector;

attest::Appraisal appraisal(bool development, std::optional<bool> debug,
                            std::optional<std::string> status) {
  static const attest::CheckInfo kStatus{"a.tcb.status", "", "", ""};
  attest::Appraisal out;
  out.facts.tcb_status_check = &kStatus;
  out.development = development;
  out.facts.debug = debug;
  out.tcb.status = std::move(status);
  return out;
}

struct Row {
  const char* name;
  bool development;
  std::optional<bool> debug;
  std::optional<std::string> status;
  int configuration;
  int hardware;
  int runtime_opaque;
  TrustTier tier;
};

TEST(TrustVector, SaysWhatTheAppraisalFound) {
  const Row rows[] = {
      {"good", false, false, "UpToDate", 2, 2, 2, TrustTier::kAffirming},
      {"old", false, false, "OutOfDate", 2, 32, 2, TrustTier::kWarning},
      {"no_status", false, false, std::nullopt, 2, 32, 2, TrustTier::kWarning},
      {"debug", false, true, "UpToDate", 32, 2, 96, TrustTier::kContraindicated},
      {"debug_unknown", false, std::nullopt, "UpToDate", 32, 2, 96, TrustTier::kContraindicated},
      {"development", true, false, "UpToDate", 2, 97, 96, TrustTier::kContraindicated},
      {"development_old", true, true, "OutOfDate", 32, 97, 96, TrustTier::kContraindicated},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const TrustVector v = trust_vector(appraisal(row.development, row.debug, row.status));
    EXPECT_EQ(v.configuration, row.configuration);
    EXPECT_EQ(v.hardware, row.hardware);
    EXPECT_EQ(v.runtime_opaque, row.runtime_opaque);
    EXPECT_EQ(v.executables, 3);
    EXPECT_EQ(v.instance_identity, 0);
    EXPECT_EQ(v.file_system, 0);
    EXPECT_EQ(v.storage_opaque, 0);
    EXPECT_EQ(v.sourced_data, 0);
    EXPECT_EQ(v.status(), row.tier);
  }
}

// Of a TEE whose maker states no status, what the policy demanded of the TCB counts.
TEST(TrustVector, ATcbThatNobodyJudgedIsAWarning) {
  static const attest::CheckInfo kPart{"a.reported_tcb.snp", "", "", ""};
  attest::Appraisal a = appraisal(false, false, std::nullopt);
  a.facts.tcb_status_check = nullptr;
  a.facts.fields = {{.check = &kPart, .form = {.of_tcb = true}, .values = {"23"}}};
  EXPECT_EQ(trust_vector(a).hardware, 32);
  a.checks.push_back({.info = &kPart, .outcome = attest::Outcome::kPassed});
  EXPECT_EQ(trust_vector(a).hardware, 2);
  a.development = true;
  EXPECT_EQ(trust_vector(a).hardware, 97);
}

// The table is what documents are made of: all eight claims, each rule of a claim beside the next,
// the last of each without a condition.
TEST(TrustRules, CoverEveryClaim) {
  const auto rules = trust_rules();
  std::set<std::string> seen;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const bool last = i + 1 == rules.size() || std::string(rules[i + 1].claim) != rules[i].claim;
    if (!last) continue;
    EXPECT_TRUE(rules[i].holds({})) << rules[i].claim;
    EXPECT_TRUE(seen.insert(rules[i].claim).second) << rules[i].claim;
  }
  EXPECT_EQ(seen.size(), 8U);
}

}  // namespace
}  // namespace ward::broker
