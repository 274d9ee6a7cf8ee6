#include "broker/release.h"

#include <gtest/gtest.h>

namespace ward::broker {
namespace {

const Buffer kWorkload(48, 1);
const Buffer kRuntime(32, 2);
const Buffer kSigner(32, 3);

Facts honest() {
  Facts facts;
  facts.tee = "sgx";
  facts.verdict = "accepted";
  facts.workload = kWorkload;
  facts.workload.resize(64);  // CONFIGID: the digest, then zeros
  facts.runtime = kRuntime;
  facts.signer = kSigner;
  facts.debug = false;
  facts.tcb_status = "UpToDate";
  facts.development = false;
  return facts;
}

ReleaseRule rule() {
  ReleaseRule out;
  out.resources = {"key/records"};
  out.workloads = std::vector<Buffer>{kWorkload};
  out.runtimes = std::vector<Buffer>{kRuntime};
  out.signers = std::vector<Buffer>{kSigner};
  return out;
}

std::vector<std::string> failed(const ReleaseRule& one, const Facts& facts,
                                std::string_view resource = "key/records") {
  ResultsPolicy policy;
  policy.rules.push_back(one);
  std::vector<std::string> out;
  const std::string path = "hospital/" + std::string(resource);
  const auto checks = decide_release({.policy = policy, .from = "test"},
                                     {.path = path, .facts = facts, .claims = "{}", .now = {}});
  for (const auto& check : failed_of(checks))
    out.emplace_back(check.info->id);
  return out;
}

using Ids = std::vector<std::string>;

TEST(Release, grants_what_the_owner_approved) { EXPECT_EQ(failed(rule(), honest()), Ids{}); }

// Each row differs from the honest release in one thing.
TEST(Release, refuses_by_exactly_the_check_that_differs) {
  const struct {
    const char* name;
    void (*change)(ReleaseRule&, Facts&);
    const char* want;
  } kCases[] = {
      {"workload", [](ReleaseRule&, Facts& f) { f.workload[47] ^= 1; }, "kbs.release.workload"},
      {"workload behind the digest", [](ReleaseRule&, Facts& f) { f.workload[63] = 1; },
       "kbs.release.workload"},
      {"shorter field", [](ReleaseRule&, Facts& f) { f.workload.resize(47); },
       "kbs.release.workload"},
      {"no workload approved", [](ReleaseRule& r, Facts&) { r.workloads->clear(); },
       "kbs.release.workload"},
      {"runtime", [](ReleaseRule&, Facts& f) { f.runtime[0] ^= 1; }, "kbs.release.runtime"},
      {"runtime cut", [](ReleaseRule&, Facts& f) { f.runtime.pop_back(); }, "kbs.release.runtime"},
      {"no runtime approved", [](ReleaseRule& r, Facts&) { r.runtimes->clear(); },
       "kbs.release.runtime"},
      {"signer", [](ReleaseRule&, Facts& f) { f.signer[0] ^= 1; }, "kbs.release.signer"},
      {"no signer", [](ReleaseRule&, Facts& f) { f.signer.clear(); }, "kbs.release.signer"},
      {"status", [](ReleaseRule&, Facts& f) { f.tcb_status = "OutOfDate"; },
       "kbs.release.tcb_status"},
      {"no status", [](ReleaseRule&, Facts& f) { f.tcb_status.reset(); }, "kbs.release.tcb_status"},
      {"no status of this TEE's", [](ReleaseRule&, Facts& f) { f.tcb_status = kNoTcbStatus; },
       "kbs.release.tcb_status"},
      {"no level, where another TEE has no status",
       [](ReleaseRule& r, Facts& f) {
         r.accepted_tcb = std::vector<std::string>{"UpToDate", kNoTcbStatus};
         f.tcb_status.reset();
       },
       "kbs.release.tcb_status"},
      {"debug", [](ReleaseRule&, Facts& f) { f.debug = true; }, "kbs.release.debug"},
      {"debug unknown", [](ReleaseRule&, Facts& f) { f.debug.reset(); }, "kbs.release.debug"},
      {"development", [](ReleaseRule&, Facts& f) { f.development = true; },
       "kbs.release.development"},
  };

  for (const auto& row : kCases) {
    ReleaseRule one = rule();
    Facts facts = honest();
    row.change(one, facts);
    EXPECT_EQ(failed(one, facts), Ids{row.want}) << row.name;
  }
}

TEST(Release, widens_only_by_the_owners_word) {
  ReleaseRule one = rule();
  Facts facts = honest();
  facts.debug = true;
  facts.development = true;
  facts.tcb_status = "SWHardeningNeeded";
  facts.signer.clear();
  one.allow_debug = true;
  one.allow_development = true;
  one.accepted_tcb = std::vector<std::string>{"SWHardeningNeeded"};
  one.signers.reset();
  EXPECT_EQ(failed(one, facts), Ids{});
  facts.tcb_status = kNoTcbStatus;
  one.accepted_tcb = std::vector<std::string>{kNoTcbStatus};
  EXPECT_EQ(failed(one, facts), Ids{});
}

TEST(Release, a_resource_without_a_rule_goes_to_nobody) {
  EXPECT_EQ(failed(rule(), honest(), "key/other"), Ids{"kbs.release.rule"});
}

// Without an engine, what Rego would decide is released to nobody.
TEST(Release, a_rule_with_rego_releases_nothing_where_nobody_can_ask_it) {
  ReleaseRule one = rule();
  one.rego = "package policy\nallow = true";
  EXPECT_EQ(failed(one, honest()), Ids{"kbs.release.rego"});
}

TEST(Release, a_rule_for_any_resource_holds_for_those_that_no_other_names) {
  ResultsPolicy policy;
  policy.rules = {rule(), rule()};
  policy.rules[0].resources = {std::string(kAnyResource)};
  EXPECT_EQ(policy.rule_for("key/records"), &policy.rules[1]);
  EXPECT_EQ(policy.rule_for("key/other"), &policy.rules[0]);
}

}  // namespace
}  // namespace ward::broker
