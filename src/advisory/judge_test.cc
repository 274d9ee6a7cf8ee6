#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "advisory/tables.h"
#include "attest/scheme.h"
#include "tee/all.h"

// Appraisals are made of a TEE's own table of fields, so that each fact can be set alone. What
// signed evidence comes to is in test/advisories.
namespace ward::advisory {
namespace {

using attest::Appraisal;
using Values = std::map<std::string, std::string>;
using Ids = std::set<std::string>;
using Lines = std::vector<std::string>;

attest::SchemeInfo info_of(std::string_view tee) {
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    if (scheme->info().name == tee) return scheme->info();
  }
  std::abort();
}

Appraisal platform(const std::string& tee, const Values& values) {
  const attest::SchemeInfo info = info_of(tee);
  Appraisal out;
  out.tee = tee;
  out.genuine = true;
  for (const attest::FieldInfo& field : info.fields) {
    const auto check = std::ranges::find_if(info.checks, [&](const attest::CheckInfo& c) {
      return std::string_view(c.id) == field.id;
    });
    attest::FieldFact fact{.check = &*check, .form = field.form, .values = {}};
    const auto value = values.find(field.id);
    if (value != values.end()) fact.values.push_back(value->second);
    out.facts.fields.push_back(std::move(fact));
  }
  return out;
}

// The newest documents that the table knows; nothing is listed.
Appraisal intel(const std::string& tee, const Values& values = {}) {
  Appraisal out = platform(tee, values);
  out.facts.tcb_matched = true;
  out.tcb.status = "UpToDate";
  out.tcb.parts = {{"TCB info", "UpToDate", {}}, {"QE identity", "UpToDate", {}}};
  out.tcb.evaluation_number = 21;
  return out;
}

const Values kGenoa = {{"snp.product.line", "Genoa"},
                       {"snp.product.name", "Genoa"},
                       {"snp.guest_policy.smt", "false"},
                       {"snp.guest_policy.rapl_dis", "true"},
                       {"snp.guest_policy.ciphertext_hiding_dram", "true"},
                       {"snp.guest_policy.page_swap_disable", "true"},
                       {"snp.platform_info.alias_check_complete", "true"},
                       {"snp.platform_info.iommu_write_safe", "true"},
                       {"snp.reported_tcb.snp", "27"}};

std::map<std::string, State> states(const Appraisal& appraisal) {
  std::map<std::string, State> out;
  for (const Exposure& one : judge(appraisal))
    out[one.attack->id] = one.state;
  return out;
}

Exposure exposure(const Appraisal& appraisal, std::string_view id) {
  for (const Exposure& one : judge(appraisal)) {
    if (one.attack->id == id) return one;
  }
  ADD_FAILURE() << id;
  return {};
}

Ids changed(const Appraisal& before, const Appraisal& after) {
  const auto now = states(after);
  Ids out;
  for (const auto& [id, state] : states(before)) {
    if (now.at(id) != state) out.insert(id);
  }
  return out;
}

// Lever sets one field of a good platform; `flips` are all attacks that it bears on, with what
// becomes of them.
struct Lever {
  const char* field;
  const char* value;
  std::map<std::string, State> flips;
};

const std::vector<Lever> kSnpLevers = {
    {"snp.guest_policy.smt", "true", {{"stackwarp", State::kOpen}}},
    {"snp.guest_policy.rapl_dis", "false", {{"pwrleak", State::kOpen}}},
    {"snp.guest_policy.ciphertext_hiding_dram",
     "false",
     {{"ciphertext-side-channels", State::kOpen}, {"heracles", State::kNotShown}}},
    {"snp.guest_policy.page_swap_disable", "false", {{"heracles", State::kNotShown}}},
    {"snp.platform_info.alias_check_complete", "false", {{"badram", State::kOpen}}},
    {"snp.platform_info.iommu_write_safe", "false", {{"iommu-rmp-check", State::kOpen}}},
    {"snp.reported_tcb.snp", "26", {{"rmpocalypse", State::kOpen}}},
    {"snp.product.name", "Bergamo or Siena", {{"rmpocalypse", State::kNotShown}}},
    {"snp.product.line",
     "Milan",
     {{"badfuse", State::kOpen},
      {"battering-ram", State::kCannot},
      {"cachewarp", State::kNotShown},
      {"staleus", State::kClosed}}},
    {"snp.product.line",
     "Turin",
     {{"counterseveillance", State::kClosed},
      {"snp-write-restriction", State::kClosed},
      {"sinkclose", State::kClosed},
      {"tsa", State::kClosed}}},
};

TEST(Judge, EachLeverOfSevSnpFlipsExactlyItsAttacks) {
  const Appraisal good = platform("snp", kGenoa);
  for (const Lever& lever : kSnpLevers) {
    SCOPED_TRACE(std::string(lever.field) + "=" + lever.value);
    Values values = kGenoa;
    values[lever.field] = lever.value;
    const Appraisal set = platform("snp", values);
    Ids want;
    for (const auto& [id, state] : lever.flips) {
      want.insert(id);
      EXPECT_EQ(exposure(set, id).state, state) << id;
    }
    EXPECT_EQ(changed(good, set), want);
  }
}

// The levers of the table are those that are tried here and in the tests below.
TEST(Judge, EveryFieldOfTheTableIsALeverOfATest) {
  Ids tried = {"sgx.pck.sgx_type", "tdx.td_attributes.migratable", "tpm.signature.scheme"};
  for (const Lever& lever : kSnpLevers)
    tried.insert(lever.field);
  Ids all;
  for (const Attack& attack : attacks()) {
    for (const Condition& c : attack.affected_if)
      all.insert(c.field);
    for (const Way& way : attack.closed_by) {
      for (const Condition& c : way.scope)
        all.insert(c.field);
      for (const Condition& c : way.conditions)
        all.insert(c.field);
    }
  }
  EXPECT_EQ(all, tried);
}

TEST(Judge, TheKindOfSgxFlipsExactlyItsAttacks) {
  const Appraisal standard = intel("sgx", {{"sgx.pck.sgx_type", "standard"}});
  for (const char* kind : {"scalable", "scalable with integrity"}) {
    const Appraisal other = intel("sgx", {{"sgx.pck.sgx_type", kind}});
    EXPECT_EQ(changed(standard, other), (Ids{"sgx-bomb", "battering-ram", "wiretap", "ddrop"}));
    EXPECT_EQ(exposure(other, "sgx-bomb").state, State::kClosed);
    EXPECT_EQ(exposure(other, "wiretap").state, State::kCannot);
  }
}

TEST(Judge, AMigratableTdFlipsExactlyItsAttack) {
  const Appraisal fixed = intel("tdx", {{"tdx.td_attributes.migratable", "false"}});
  const Appraisal movable = intel("tdx", {{"tdx.td_attributes.migratable", "true"}});
  EXPECT_EQ(changed(fixed, movable), Ids{"tdx-migration-debug"});
  EXPECT_EQ(exposure(fixed, "tdx-migration-debug").state, State::kClosed);
  EXPECT_EQ(exposure(movable, "tdx-migration-debug").state, State::kNotShown);
}

// Azure's virtual TPM is worth what the hardware beneath is.
TEST(Judge, WhatStandsOnHardwareHasTheAttacksOnIt) {
  Values values;
  for (const auto& [field, value] : kGenoa)
    values["azure." + field] = value;
  values["azure.snp.guest_policy.smt"] = "true";
  Appraisal a = platform("azure", values);
  EXPECT_FALSE(states(a).contains("stackwarp"));
  a.claims.push_back({"hardware", std::string("snp")});
  const Exposure open = exposure(a, "stackwarp");
  EXPECT_EQ(open.state, State::kOpen);
  EXPECT_EQ(open.why, "azure.snp.guest_policy.smt = true");
  EXPECT_EQ(open.policy.front(), "--accept-value azure.snp.guest_policy.smt=false");
  EXPECT_EQ(exposure(a, "pwrleak").state, State::kClosed);
  a.claims.back().value = std::string("tdx");
  EXPECT_FALSE(states(a).contains("stackwarp"));
  EXPECT_TRUE(states(a).contains("tdxdown"));
}

TEST(Judge, TheSchemeOfATpmsKeyFlipsExactlyItsAttack) {
  const Appraisal ecdsa = platform("tpm", {{"tpm.signature.scheme", "ecdsa"}});
  EXPECT_EQ(exposure(ecdsa, "tpm-fail").state, State::kNotShown);
  for (const char* scheme : {"rsassa", "rsapss"}) {
    const Appraisal rsa = platform("tpm", {{"tpm.signature.scheme", scheme}});
    EXPECT_EQ(changed(ecdsa, rsa), Ids{"tpm-fail"});
    EXPECT_EQ(exposure(rsa, "tpm-fail").state, State::kClosed);
  }
}

// Every advisory that a row waits for, listed by the level, opens exactly the rows that name it.
TEST(Judge, EachAdvisoryThatTheLevelListsOpensExactlyItsAttacks) {
  for (const char* tee : {"sgx", "tdx"}) {
    const Appraisal none = intel(tee, {{"tdx.td_attributes.migratable", "false"}});
    std::map<std::string, Ids> of_advisory;
    for (const Attack& attack : attacks()) {
      const bool waits = std::ranges::any_of(attack.closed_by, [](const Way& way) {
        return std::ranges::any_of(way.words, [](Word word) {
          return word == Word::kNotListed || word == Word::kUnlessListed;
        });
      });
      if (!waits || !bears_on(attack, tee)) continue;
      for (const Item& item : attack.advisories) {
        if (item.verified) of_advisory[item.text].insert(attack.id);
      }
    }
    EXPECT_GE(of_advisory.size(), 14U);
    for (const auto& [advisory, attacks_of_it] : of_advisory) {
      if (!advisory.starts_with("INTEL-SA-")) continue;
      SCOPED_TRACE(std::string(tee) + " " + advisory);
      Appraisal listed = none;
      listed.tcb.advisories = {advisory};
      EXPECT_EQ(changed(none, listed), attacks_of_it);
      for (const std::string& id : attacks_of_it)
        EXPECT_EQ(exposure(listed, id).state, State::kOpen) << id;
    }
  }
}

TEST(Judge, AnAdvisoryThatIsOnlyBelievedToBeOfAnAttackDecidesNothing) {
  const Appraisal none = intel("sgx");
  for (const Attack& attack : attacks()) {
    for (const Item& item : attack.advisories) {
      if (item.verified) continue;
      Appraisal listed = none;
      listed.tcb.advisories = {item.text};
      EXPECT_FALSE(changed(none, listed).contains(attack.id)) << attack.id << " " << item.text;
    }
  }
}

TEST(Judge, ATeeThatIsOnlyBelievedToBeAffectedIsNotJudged) {
  EXPECT_FALSE(states(platform("snp", kGenoa)).contains("inception"));
  EXPECT_FALSE(states(intel("sgx")).contains("retbleed-amd"));
  EXPECT_TRUE(states(platform("snp", kGenoa)).contains("vmscape"));
  EXPECT_FALSE(states(intel("tdx")).contains("downfall"));
}

TEST(Judge, WhatTheLevelDoesNotListIsClosedOnlyByDocumentsThatCouldListIt) {
  Appraisal a = intel("tdx");
  EXPECT_EQ(exposure(a, "tdxdown").state, State::kClosed);
  EXPECT_EQ(exposure(a, "tdxdown").why,
            "Intel's TCB level does not list INTEL-SA-01099 (evaluation number 21)");
  a.tcb.evaluation_number = 17;  // documents list it from 18
  EXPECT_EQ(exposure(a, "tdxdown").state, State::kNotShown);
  EXPECT_EQ(exposure(a, "msbds").state, State::kClosed);
  a.tcb.evaluation_number.reset();
  EXPECT_EQ(exposure(a, "msbds").state, State::kNotShown);
  // No TDX document lists it, however new.
  EXPECT_EQ(exposure(intel("tdx"), "mmio-stale-data").state, State::kCannot);
  // One of its two advisories is never listed.
  EXPECT_EQ(exposure(intel("sgx"), "its").state, State::kCannot);
}

// Intel listed advisories of such levels years later, whether or not it named others before.
TEST(Judge, ALevelThatIsNotUpToDateClosesNothingByWhatItDoesNotList) {
  for (const char* status : {"SWHardeningNeeded", "ConfigurationNeeded", "OutOfDate"}) {
    for (const std::size_t part : {0U, 1U}) {
      for (const std::vector<std::string>& named : {Lines{}, Lines{"INTEL-SA-00233"}}) {
        Appraisal a = intel("sgx");
        a.tcb.status = a.tcb.parts[part].status = status;
        a.tcb.advisories = a.tcb.parts[part].advisories = named;
        const Exposure e = exposure(a, "downfall");
        EXPECT_EQ(e.state, State::kNotShown);
        EXPECT_EQ(e.why, "Intel calls its " + a.tcb.parts[part].name + " " + status +
                             ": of such a level it has listed more advisories later");
        EXPECT_EQ(exposure(a, "msbds").state, named.empty() ? State::kNotShown : State::kOpen);
      }
    }
  }
  Appraisal a = intel("sgx");
  a.tcb.status = "OutOfDate";  // and no part says why
  EXPECT_EQ(exposure(a, "downfall").state, State::kNotShown);
  a = intel("sgx");
  a.tcb.parts.clear();
  EXPECT_EQ(exposure(a, "downfall").state, State::kNotShown);
}

TEST(Judge, NoLevelOrARevokedOneClosesNothing) {
  Appraisal a = intel("sgx");
  a.facts.tcb_matched = false;
  EXPECT_EQ(exposure(a, "downfall").state, State::kNotShown);
  a = intel("sgx");
  a.tcb.status = "Revoked";
  EXPECT_EQ(exposure(a, "downfall").state, State::kNotShown);
  a = intel("sgx");
  a.tcb.status.reset();
  EXPECT_EQ(exposure(a, "downfall").state, State::kNotShown);
}

TEST(Judge, EvidenceThatIsNotGenuineClosesNothing) {
  for (Appraisal a : {platform("snp", kGenoa), intel("sgx"), intel("tdx")}) {
    const auto genuine = states(a);
    EXPECT_TRUE(
        std::ranges::any_of(genuine, [](const auto& one) { return one.second == State::kClosed; }));
    a.genuine = false;
    for (const auto& [id, state] : states(a)) {
      EXPECT_NE(state, State::kClosed) << id;
      const State before = genuine.at(id);
      EXPECT_EQ(state, before == State::kClosed ? State::kNotShown : before) << id;
    }
  }
}

TEST(Judge, ADevelopmentPlatformClosesNothing) {
  for (Appraisal a : {platform("snp", kGenoa), intel("sgx"), intel("tdx")}) {
    const auto real = states(a);
    a.development = true;
    for (const Exposure& e : judge(a)) {
      const State before = real.at(e.attack->id);
      EXPECT_EQ(e.state, before == State::kClosed ? State::kNotShown : before) << e.attack->id;
      if (before != State::kClosed) continue;
      EXPECT_EQ(e.why, "a development platform: no maker vouches for its fields");
    }
  }
}

TEST(Judge, WhatTheEvidenceDoesNotStateIsNotShown) {
  for (const auto& [field, value] : kGenoa) {
    Values values = kGenoa;
    values.erase(field);
    const Appraisal without = platform("snp", values);
    for (const std::string& id : changed(platform("snp", kGenoa), without))
      EXPECT_NE(exposure(without, id).state, State::kClosed) << field << " " << id;
    for (const auto& [id, state] : states(without))
      EXPECT_TRUE(state != State::kOpen || states(platform("snp", kGenoa)).at(id) == state) << id;
  }
  EXPECT_EQ(exposure(platform("snp", {}), "badram").why,
            "the evidence does not state snp.platform_info.alias_check_complete");
}

TEST(Judge, TheBusCannotBeShownAndThePolicyNamesTheChips) {
  for (const char* tee : {"sgx", "tdx", "snp"}) {
    const Exposure e = exposure(platform(tee, {}), "tee-fail");
    EXPECT_EQ(e.state, State::kCannot) << tee;
    ASSERT_EQ(e.policy.size(), 1U);
    EXPECT_TRUE(e.policy[0].starts_with("--chips FILE"));
  }
}

TEST(Judge, ThePolicyLinesAreOptionsOfVerify) {
  Values values = kGenoa;
  values["snp.platform_info.alias_check_complete"] = "false";
  EXPECT_EQ(exposure(platform("snp", values), "badram").policy,
            Lines{"--accept-value snp.platform_info.alias_check_complete=true"});
  EXPECT_EQ(exposure(platform("snp", kGenoa), "badfuse").policy,
            Lines{"--refuse-value snp.product.line=Milan"});
  const Exposure rmp = exposure(platform("snp", kGenoa), "rmpocalypse");
  ASSERT_EQ(rmp.policy.size(), 3U);
  EXPECT_EQ(rmp.policy[0], "--accept-value snp.product.name=Genoa");
  EXPECT_EQ(rmp.policy[1], "--min-value snp.reported_tcb.snp=27");
  EXPECT_EQ(exposure(intel("tdx"), "tdxdown").policy,
            Lines{"accept no TCB status but UpToDate, with --min-tcb-evaluation 18"});
}

// A platform that is open, or not shown, always has something that a person can do.
TEST(Judge, EveryAttackHasAPolicyLine) {
  for (const Appraisal& a : {platform("snp", {}), platform("snp", kGenoa), intel("sgx"),
                             intel("tdx"), platform("sgx", {}), platform("tdx", {})}) {
    for (const Exposure& e : judge(a))
      EXPECT_TRUE(!e.policy.empty() || e.state == State::kClosed) << e.attack->id;
  }
}

TEST(Judge, ATeeThatNoRowNamesHasWhatBearsOnEveryTee) {
  Appraisal a;
  a.tee = "later";
  for (const Exposure& e : judge(a))
    EXPECT_EQ(e.attack->tees.front().text, "any");
  EXPECT_EQ(judge(a).size(), 1U);
}

}  // namespace
}  // namespace ward::advisory
