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
  static const attest::CheckInfo kMeasurement{"a.measurement", "", "", ""};
  out.facts.tcb_status_check = &kStatus;
  out.facts.measurement_check = &kMeasurement;
  out.checks.push_back({.info = &kMeasurement, .outcome = attest::Outcome::kPassed});
  out.genuine = true;
  out.development = development;
  out.facts.debug = debug;
  out.facts.memory = attest::MemoryKept::kEncrypted;
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

TEST(TrustVector, SaysHowMemoryIsKept) {
  using attest::MemoryKept;
  attest::Appraisal a = appraisal(false, false, "UpToDate");
  for (const auto& [kept, value] : {std::pair(MemoryKept::kEncrypted, 2),
                                    {MemoryKept::kIsolated, 32},
                                    {MemoryKept::kUnsaid, 0}}) {
    a.facts.memory = kept;
    EXPECT_EQ(trust_vector(a).runtime_opaque, value);
  }
  a.facts.memory = MemoryKept::kIsolated;
  a.facts.debug = true;
  EXPECT_EQ(trust_vector(a).runtime_opaque, 96);
}

// Of a TEE whose maker states no status, what the policy demanded of the TCB counts.
TEST(TrustVector, ATcbThatNobodyJudgedIsAWarning) {
  static const attest::CheckInfo kPart{"a.reported_tcb.snp", "", "", ""};
  static const attest::CheckInfo kOther{"a.guest_svn", "", "", ""};
  constexpr attest::FieldForm kSvn{.kind = attest::FieldKind::kNumber, .size = 255, .of_tcb = true};
  constexpr attest::FieldForm kNoTcb{.kind = attest::FieldKind::kNumber, .size = 255};
  static const attest::CheckInfo kOwn{"a.signature", "", "", ""};
  attest::Findings findings;
  findings.checks = {{.info = &kOwn, .outcome = attest::Outcome::kPassed}};
  findings.facts.fields = {{.check = &kPart, .form = kSvn, .values = {"23"}},
                           {.check = &kOther, .form = kNoTcb, .values = {"3"}}};
  const auto hardware = [&](const attest::Policy& policy) {
    return trust_vector(attest::appraise(
                            findings, policy,
                            {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}}, {}))
        .hardware;
  };
  EXPECT_EQ(hardware({}), 32);
  EXPECT_EQ(hardware({.accepted_values = {{kPart.id, {"23", "24"}}}}), 2);
  EXPECT_EQ(hardware({.minimum_values = {{kPart.id, "1"}}}), 2);
  // What every platform meets, or all but one, or what is no part of the TCB, judges none.
  EXPECT_EQ(hardware({.minimum_values = {{kPart.id, "0"}}}), 32);
  EXPECT_EQ(hardware({.refused_values = {{kPart.id, {"22"}}}}), 32);
  EXPECT_EQ(hardware({.accepted_values = {{kOther.id, {"3"}}}}), 32);
  findings.development = true;
  EXPECT_EQ(hardware({.minimum_values = {{kPart.id, "1"}}}), 97);
}

// What waived revocation, or a measurement that nobody compared, leaves of an accepted verdict.
TEST(TrustVector, WhatWasNotAskedForIsNotAffirmed) {
  static const attest::CheckInfo kCrl{"a.crl", "", "", ""};
  attest::Appraisal a = appraisal(false, false, "UpToDate");
  EXPECT_EQ(trust_vector(a).status(), TrustTier::kAffirming);
  a.facts.revocation_checks = {&kCrl};
  a.checks.push_back({.info = &kCrl, .not_done = attest::NotDone::kNotAsked});
  EXPECT_EQ(trust_vector(a).hardware, 32);
  a.checks.back() = {.info = &kCrl, .outcome = attest::Outcome::kPassed};
  EXPECT_EQ(trust_vector(a).hardware, 2);
  a.checks.front() = {.info = a.facts.measurement_check, .not_done = attest::NotDone::kNotAsked};
  EXPECT_EQ(trust_vector(a).executables, 0);
  a.facts.measurement_check = nullptr;  // a TEE that measures nothing
  EXPECT_EQ(trust_vector(a).executables, 0);
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
