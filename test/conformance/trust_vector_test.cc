// What a result claims follows from the checks' outcomes: over every TEE's own vectors, each check
// is flipped, and the claim that it bears on is what the table says, never better.
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "broker/trust_rules.h"
#include "tee/all.h"
#include "test/conformance/own_vector.h"
#include "test/support/vectors.h"
#include "token/ear.h"

namespace ward {
namespace {

using attest::Appraisal;
using attest::Check;
using attest::CheckInfo;
using attest::NotDone;
using attest::Outcome;
using broker::CheckClaim;
using conformance::Vector;
using token::TrustTier;
using token::TrustVector;

std::optional<CheckClaim> claim_named(std::string_view name) {
  if (name == "evidence") return CheckClaim::kEvidence;
  if (name == "tcb") return CheckClaim::kTcb;
  if (name == "configuration") return CheckClaim::kConfiguration;
  if (name == "identity") return CheckClaim::kIdentity;
  if (name == "executables") return CheckClaim::kExecutables;
  return std::nullopt;
}

// table is what somebody decided of each check, by its id; nothing of it is asked of the rules.
const std::map<std::string, CheckClaim, std::less<>>& table() {
  static const auto read = [] {
    std::map<std::string, CheckClaim, std::less<>> out;
    std::istringstream lines(
        test::read_text(test::source_dir() / "test/conformance/trust_claims.tsv"));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with('#')) continue;
      const auto tab = line.find('\t');
      const auto claim = claim_named(std::string_view(line).substr(0, tab));
      EXPECT_TRUE(claim && tab != std::string::npos) << line;
      if (!claim) continue;
      EXPECT_TRUE(out.emplace(line.substr(tab + 1), *claim).second) << line << " twice";
    }
    return out;
  }();
  return read;
}

CheckClaim claim_of(const CheckInfo& check) {
  const auto row = table().find(check.id);
  EXPECT_NE(row, table().end()) << check.id << " has no row in trust_claims.tsv";
  return row == table().end() ? CheckClaim::kEvidence : row->second;
}

// How good a word is to a relying party: one that warns is worse than none at all.
int goodness(TrustTier tier) {
  switch (tier) {
    case TrustTier::kAffirming:
      return 3;
    case TrustTier::kNone:
      return 2;
    case TrustTier::kWarning:
      return 1;
    case TrustTier::kContraindicated:
      return 0;
  }
  return 0;
}

std::int8_t TrustVector::*member_of(CheckClaim claim) {
  switch (claim) {
    case CheckClaim::kIdentity:
      return &TrustVector::instance_identity;
    case CheckClaim::kConfiguration:
      return &TrustVector::configuration;
    case CheckClaim::kExecutables:
      return &TrustVector::executables;
    case CheckClaim::kEvidence:
    case CheckClaim::kTcb:
      break;
  }
  return &TrustVector::hardware;
}

// The tier of a claim that a check bears on, where that failed (AR4SI section 2.3.4).
TrustTier failed_tier(CheckClaim claim) {
  return claim == CheckClaim::kExecutables ? TrustTier::kWarning : TrustTier::kContraindicated;
}

// What `hardware` is where a check failed that bears on it (docs/wardd.md: genuine, and not
// accepted; or vouched for by nobody); 0 for the others.
std::int8_t hardware_failed(CheckClaim claim) {
  switch (claim) {
    case CheckClaim::kEvidence:
      return 97;
    case CheckClaim::kTcb:
      return 96;
    case CheckClaim::kIdentity:
    case CheckClaim::kConfiguration:
    case CheckClaim::kExecutables:
      break;
  }
  return 0;
}

// Every check that an appraisal of this TEE may list: its own, and those that policies add.
std::vector<const CheckInfo*> checks_of(const Appraisal& appraisal) {
  const attest::Facts& facts = appraisal.facts;
  std::vector<const CheckInfo*> out;
  const auto add = [&out](const CheckInfo* info) {
    if (info != nullptr && std::ranges::find(out, info) == out.end()) out.push_back(info);
  };
  for (const Check& check : appraisal.checks)
    add(check.info);
  for (const CheckInfo* info :
       {facts.tcb_status_check, facts.tcb_evaluation_check, facts.debug_check,
        facts.report_data_check, facts.measurement_check, facts.workload_check,
        facts.development_check, facts.tcb_date_check, facts.tcb_advisories_check,
        facts.product_check, facts.chip_check}) {
    add(info);
  }
  for (const attest::FieldFact& field : facts.fields)
    add(field.check);
  for (const CheckInfo& info : attest::shared_checks())
    add(&info);
  return out;
}

Appraisal flipped(const Appraisal& appraisal, const CheckInfo* info, Outcome outcome,
                  NotDone reason) {
  Appraisal out = appraisal;
  auto check = std::ranges::find(out.checks, info, &Check::info);
  if (check == out.checks.end()) check = out.checks.insert(check, {.info = info});
  check->outcome = outcome;
  check->not_done = reason;
  return out;
}

void expect_never_better(const TrustVector& changed, const TrustVector& before) {
  for (const token::VectorMember& member : token::vector_members()) {
    EXPECT_LE(goodness(token::tier_of(changed.*member.claim)),
              goodness(token::tier_of(before.*member.claim)))
        << member.name;
  }
}

// As if the evidence were of hardware: a development platform's claims are bad whatever it shows.
Appraisal of_hardware(const Vector& v) {
  Appraisal out = conformance::Judge{}(v);
  out.development = false;
  return out;
}

TEST(TrustVectorOfEveryTee, EachCheckThatFailsHasTheTierOfItsClaim) {
  std::set<std::string> seen;
  std::set<std::string> affirmed;
  for (const Vector& v : conformance::all_vectors()) {
    SCOPED_TRACE(v.name);
    const Appraisal whole = of_hardware(v);
    const TrustVector before = broker::trust_vector(whole);
    if (before.status() == TrustTier::kAffirming) affirmed.insert(whole.tee);
    for (const CheckInfo* info : checks_of(whole)) {
      SCOPED_TRACE(info->id);
      seen.insert(info->id);
      const CheckClaim claim = claim_of(*info);
      const TrustVector after =
          broker::trust_vector(flipped(whole, info, Outcome::kFailed, NotDone::kNone));
      EXPECT_EQ(token::tier_of(after.*member_of(claim)), failed_tier(claim));
      // Azure lists what only its TDX has, and SEV-SNP never asks, for both.
      const bool of_another =
          v.name.starts_with("azure/snp") && std::string_view(info->id).starts_with("azure.tcb.");
      if (before.hardware < 96 && hardware_failed(claim) != 0 && !of_another) {
        EXPECT_EQ(after.hardware, hardware_failed(claim));
      }
      EXPECT_NE(after.status(), TrustTier::kAffirming);
      expect_never_better(after, before);
    }
  }
  // Where nothing is affirmed there is nothing to lose.
  EXPECT_TRUE(affirmed.contains("sgx") && affirmed.contains("tdx")) << affirmed.size();
  // Every check that docs/checks.md lists was flipped.
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    for (const CheckInfo& info : scheme->info().checks)
      EXPECT_TRUE(seen.contains(info.id)) << info.id;
  }
  for (const auto& [id, claim] : table())
    EXPECT_TRUE(seen.contains(id)) << id << " is no check any more";
}

TEST(TrustVectorOfEveryTee, EachCheckThatWasNotDoneLeavesNoAffirmingClaim) {
  for (const Vector& v : conformance::all_vectors()) {
    SCOPED_TRACE(v.name);
    const Appraisal whole = of_hardware(v);
    const TrustVector before = broker::trust_vector(whole);
    for (const CheckInfo* info : checks_of(whole)) {
      SCOPED_TRACE(info->id);
      const CheckClaim claim = claim_of(*info);
      for (const NotDone reason : {NotDone::kAbsent, NotDone::kBlocked}) {
        const TrustVector after =
            broker::trust_vector(flipped(whole, info, Outcome::kNotDone, reason));
        EXPECT_NE(token::tier_of(after.*member_of(claim)), TrustTier::kAffirming);
        expect_never_better(after, before);
        // Nothing rests on evidence that nobody vouches for.
        if (claim != CheckClaim::kEvidence) continue;
        for (const token::VectorMember& member : token::vector_members()) {
          EXPECT_NE(token::tier_of(after.*member.claim), TrustTier::kAffirming) << member.name;
        }
      }
    }
  }
}

TEST(TrustVectorOfEveryTee, EvidenceThatIsRefusedIsNowhereAffirmedByWhatFailed) {
  for (const Vector& v : conformance::vectors_of("invalid")) {
    SCOPED_TRACE(v.name);
    const Appraisal a = of_hardware(v);
    const TrustVector vector = broker::trust_vector(a);
    for (const Check& check : a.checks) {
      if (check.outcome != Outcome::kFailed) continue;
      const CheckClaim claim = claim_of(*check.info);
      EXPECT_NE(token::tier_of(vector.*member_of(claim)), TrustTier::kAffirming) << check.info->id;
      EXPECT_NE(token::tier_of(vector.*member_of(claim)), TrustTier::kNone) << check.info->id;
    }
  }
}

}  // namespace
}  // namespace ward
