// What a TDX platform comes to, fact by fact: the twins of the differences between peers that the
// real quotes show (test/dcap_vectors/cases.cc), and of Intel's rule for a TD that should be
// launched anew.
#include <gtest/gtest.h>

#include "attest/appraisal_json.h"
#include "test/dcap_checks/cases.h"

namespace ward::soft {
namespace {

using namespace fixture;  // NOLINT(google-build-using-namespace): the test is written in its words
using attest::Verdict;
using dcap::TcbStatus;
using Ids = std::vector<std::string>;

// Outcome is the status that a TD comes to; where there is none, the checks that failed.
struct TdCase {
  const char* name;
  const char* status;
  std::function<void(Stage&)> change;
  Ids failed = {};
  Face face = kTdx15;
};

void judge_td(const TdCase& c, const std::function<void(Stage&)>& base) {
  SCOPED_TRACE(c.name);
  Stage s = good_stage(c.face);
  s.policy.accept_any_tcb = true;
  base(s);
  c.change(s);
  const Made m = make(s);
  const Appraisal a = judge(m, s);
  EXPECT_EQ(a.tcb.status.value_or(""), c.status);
  EXPECT_EQ(a.failed(), c.failed);
}

// A TD that was launched under an old module on a platform that is up to date now.
void old_launch(Stage& s) {
  s.td.tee_tcb_svn = {4, 1, 2};
  s.td.tee_tcb_svn2 = {5, 1, 3};
}

const std::vector<TdCase> kRelaunch = {
    {"nothing else is missing", "TDRelaunchAdvised", [](Stage&) {}},
    {"the microcode was not old", "TDRelaunchAdvised", [](Stage& s) { s.td.tee_tcb_svn[2] = 3; }},
    {"the platform needs configuration", "TDRelaunchAdvisedConfigurationNeeded",
     [](Stage& s) {
       s.world.tcb_info.levels[0].status = TcbStatus::kConfigurationAndSwHardeningNeeded;
     }},
    {"the old level needs configuration", "TDRelaunchAdvisedConfigurationNeeded",
     [](Stage& s) {
       s.world.tcb_info.levels[1].status = TcbStatus::kOutOfDateConfigurationNeeded;
     }},
    {"the platform needs hardening", "TDRelaunchAdvised",
     [](Stage& s) { s.world.tcb_info.levels[0].status = TcbStatus::kSwHardeningNeeded; }},
    {"the module of today is of before 1.5", "TDRelaunchAdvised",
     [](Stage& s) { s.td.tee_tcb_svn2[1] = 0; }},
    {"the module of today is old", "OutOfDate", [](Stage& s) { s.td.tee_tcb_svn2[0] = 4; }},
    {"the old kind of module of today is old", "OutOfDate",
     [](Stage& s) {
       s.td.tee_tcb_svn2 = {4, 0, 3};
     }},
    {"the microcode of today is old", "OutOfDate", [](Stage& s) { s.td.tee_tcb_svn2[2] = 2; }},
    {"the platform itself is old", "OutOfDate",
     [](Stage& s) { s.world.tcb_info.levels[0].pce_svn = 14; }},
    {"the platform itself is revoked", "OutOfDate",
     [](Stage& s) {
       dcap::TcbLevel revoked = s.world.tcb_info.levels[0];
       revoked.status = TcbStatus::kRevoked;
       s.world.tcb_info.levels[0].pce_svn = 14;
       s.world.tcb_info.levels.insert(s.world.tcb_info.levels.begin() + 1, revoked);
     }},
    {"the quoting enclave is old", "OutOfDate",
     [](Stage& s) { s.world.qe_identity.levels[0].status = TcbStatus::kOutOfDate; }},
    {"the module was not old, the microcode was", "OutOfDate",
     [](Stage& s) { s.td.tee_tcb_svn[0] = 5; }},
    // Intel's own verifier advises it here too; but what is launched anew is out of date as well.
    {"the newest module is itself old", "OutOfDate",
     [](Stage& s) {
       s.world.tcb_info.tdx_modules[0].levels[0].status = TcbStatus::kOutOfDate;
       s.td.tee_tcb_svn[0] = 5;
     }},
    {"the old module is revoked",
     "Revoked",
     [](Stage& s) { s.world.tcb_info.tdx_modules[0].levels[1].status = TcbStatus::kRevoked; },
     {"tdx.tcb.status"}},
    {"the quoting enclave is revoked",
     "Revoked",
     [](Stage& s) { s.world.qe_identity.levels[0].status = TcbStatus::kRevoked; },
     {"tdx.tcb.status"}},
    {"the module of today has no identity",
     "",
     [](Stage& s) { s.td.tee_tcb_svn2[1] = 2; },
     {"tdx.module.identity"}},
    {"a report of TDX 1.0 does not tell", "OutOfDate", [](Stage&) {}, {}, kTdx10},
};

// Intel TDX DCAP Quote Verification, TD relaunch check.
TEST(TdxTcb, RelaunchIsAdvisedWhereItIsAllThatIsMissing) {
  for (const TdCase& c : kRelaunch)
    judge_td(c, old_launch);
}

// PCS API v4, TCB info, tdxtcbcomponents. Phala's JavaScript compares all sixteen, and finds
// OutOfDate or no level where Intel and ward find UpToDate.
TEST(TdxTcb, FromModule15OnComponents0And1AreTheModuleIdentitys) {
  const auto higher = [](Stage& s) { s.world.tcb_info.levels[0].tdx_components[0] = 9; };
  const std::vector<TdCase> cases = {
      {"module 1.5, its identity decides", "UpToDate", [](Stage&) {}},
      {"module 1.5, component 1 above its version", "UpToDate",
       [](Stage& s) { s.world.tcb_info.levels[0].tdx_components[1] = 2; }},
      {"module of before, component 0 decides", "OutOfDate",
       [](Stage& s) { s.td.tee_tcb_svn[1] = 0; }},
      {"module of before, component 1 decides", "OutOfDate",
       [](Stage& s) {
         s.td.tee_tcb_svn = {9, 0, 3};
         s.world.tcb_info.levels[0].tdx_components[1] = 1;
       }},
      {"module of before, and reached", "UpToDate",
       [](Stage& s) {
         s.td.tee_tcb_svn = {9, 0, 3};
       }},
      {"module of before, no level",
       "",
       [](Stage& s) {
         s.td.tee_tcb_svn[1] = 0;
         s.world.tcb_info.levels.pop_back();
       },
       {"tdx.tcb.level"}},
      {"module 1.5, component 2 counts", "OutOfDate", [](Stage& s) { s.td.tee_tcb_svn[2] = 2; }},
      {"module 1.5, component 15 counts", "OutOfDate",
       [](Stage& s) { s.world.tcb_info.levels[0].tdx_components[15] = 1; }},
  };
  for (const TdCase& c : cases)
    judge_td(c, higher);
}

// The worst of platform, module and quoting enclave; Intel DCAP Quote Verification Library API,
// convergence of TCB status.
TEST(TdxTcb, TheWorstOfPlatformModuleAndQuotingEnclaveIsTheStatus) {
  const auto nothing = [](Stage&) {};
  const auto module = [](TcbStatus status) {
    return [status](Stage& s) { s.world.tcb_info.tdx_modules[0].levels[0].status = status; };
  };
  const auto platform = [](TcbStatus status, TcbStatus of_module) {
    return [status, of_module](Stage& s) {
      s.world.tcb_info.levels[0].status = status;
      s.world.tcb_info.tdx_modules[0].levels[0].status = of_module;
    };
  };
  const std::vector<TdCase> cases = {
      {"module old", "OutOfDate", module(TcbStatus::kOutOfDate), {}, kTdx10},
      {"module revoked", "Revoked", module(TcbStatus::kRevoked), {"tdx.tcb.status"}},
      {"platform needs configuration, module old",
       "OutOfDateConfigurationNeeded",
       platform(TcbStatus::kConfigurationNeeded, TcbStatus::kOutOfDate),
       {},
       kTdx10},
      {"platform needs hardening, module old",
       "OutOfDate",
       platform(TcbStatus::kSwHardeningNeeded, TcbStatus::kOutOfDate),
       {},
       kTdx10},
      {"platform needs hardening, module good", "SWHardeningNeeded",
       platform(TcbStatus::kSwHardeningNeeded, TcbStatus::kUpToDate)},
      {"quoting enclave old", "OutOfDate",
       [](Stage& s) { s.world.qe_identity.levels[0].status = TcbStatus::kOutOfDate; }},
  };
  for (const TdCase& c : cases)
    judge_td(c, nothing);
}

TEST(TdxTcb, AdvisoriesAndDatesAreOfPlatformModuleAndQuotingEnclave) {
  Stage s = good_stage(kTdx10);
  s.world.tcb_info.levels[0].advisory_ids = {"A-2", "A-1"};
  s.world.tcb_info.tdx_modules[0].levels[0].advisory_ids = {"B-1", "A-1"};
  s.world.tcb_info.tdx_modules[0].levels[0].tcb_date = {kFrom.seconds - 100};
  s.world.qe_identity.levels[0].advisory_ids = {"C-1"};
  const Appraisal a = judge(make(s), s);
  EXPECT_EQ(a.tcb.advisories, (Ids{"A-1", "A-2", "B-1", "C-1"}));
  EXPECT_EQ(a.tcb.date, UnixTime{kFrom.seconds - 100});
}

// Phala's JavaScript refuses these by itself; for ward they are claims, for the relying party's
// policy (TDX Module ABI, ATTRIBUTES and MRSERVICETD).
TEST(TdxClaims, AttributesAndAServiceTdAreSaidNotJudged) {
  Stage s = good_stage(kTdx15);
  s.td.td_attributes = 0;
  s.td.mr_service_td.fill(7);
  const Appraisal a = judge(make(s), s);
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  EXPECT_EQ(claim(a, "td_attributes.sept_ve_disable"), attest::ClaimValue(false));
  EXPECT_EQ(claim(a, "mr_servicetd"), attest::ClaimValue(to_buffer(s.td.mr_service_td)));
  EXPECT_EQ(claim(a, "debug"), attest::ClaimValue(false));
}

// A TCB info before modules 1.5 has no tdxModuleIdentities: enough for an old module, nothing for a
// new one.
TEST(TdxTcb, ATcbInfoWithoutModuleIdentitiesServesOldModulesAlone) {
  const auto without = [](Stage& s) { s.world.tcb_info.tdx_modules.clear(); };
  judge_td({"module 1.5", "", [](Stage&) {}, {"tdx.module.identity"}}, without);
  judge_td({"module of before", "UpToDate", [](Stage& s) { s.td.tee_tcb_svn[1] = 0; }}, without);
}

TEST(TdxTcb, TheModulesVersionIsTheIdentitysNumberInHex) {
  const auto named = [](const char* id) {
    return [id](Stage& s) {
      s.td.tee_tcb_svn[1] = 0x1a;
      s.world.tcb_info.tdx_modules[0].id = id;
    };
  };
  judge_td({"TDX_1A", "UpToDate", [](Stage&) {}}, named("TDX_1A"));
  judge_td({"TDX_1a", "UpToDate", [](Stage&) {}}, named("TDX_1a"));
  judge_td({"TDX_26", "", [](Stage&) {}, {"tdx.module.identity"}}, named("TDX_26"));
}

Appraisal with_log(const std::function<void(Made&)>& change) {
  Stage s = good_stage(kTdx15);
  Made m = make(s);
  change(m);
  return judge(m, s);
}

const attest::Claim* claim(const Appraisal& a, std::string_view name) {
  const auto it = std::ranges::find(a.claims, name, &attest::Claim::name);
  return it == a.claims.end() ? nullptr : &*it;
}

// UEFI 2.10, 38.4: what events say counts where their register matches.
TEST(TdxEventLog, WhatTheLogSaysIsAClaimOfTheQuote) {
  const Appraisal a = with_log([](Made&) {});
  ASSERT_NE(claim(a, "event_log.kernel_command_lines"), nullptr);
  EXPECT_EQ(attest::claim_text(claim(a, "event_log.kernel_command_lines")->value), "ro quiet");
  EXPECT_TRUE(a.notes.empty());
}

TEST(TdxEventLog, ALogThatWasChangedIsRefusedAndNotBelieved) {
  const Appraisal a = with_log([](Made& m) {
    tcg::LogParts parts = default_log();
    constexpr std::array kBank = {tcg::Algorithm::kSha384};
    const Bytes line = as_bytes("init=/evil");
    parts.events[3] = tcg::measured(3, tcg::event_type::kIpl, line, line, kBank);
    document(m, "ccel.bin") = tcg::write_event_log(parts);
  });
  EXPECT_EQ(a.failed(), Ids{"tdx.event_log.rtmr2"});
  EXPECT_EQ(claim(a, "event_log.kernel_command_lines"), nullptr);
}

TEST(TdxEventLog, WithoutALogNothingIsAskedAndTheQuoteIsAsGood) {
  const Appraisal a = with_log([](Made& m) { drop(m, "ccel.bin"); });
  EXPECT_EQ(a.verdict, Verdict::kAccepted);
  ASSERT_NE(a.check("tdx.event_log.rtmr0"), nullptr);
  EXPECT_EQ(a.check("tdx.event_log.rtmr0")->not_done, attest::NotDone::kNotAsked);
}

// A guest extends RTMR3 without the firmware's log knowing.
TEST(TdxEventLog, ARegisterOfWhichTheLogSaysNothingIsNotJudged) {
  const Appraisal a = with_log([](Made& m) {
    tcg::LogParts parts = default_log();
    parts.events.pop_back();
    document(m, "ccel.bin") = tcg::write_event_log(parts);
  });
  EXPECT_EQ(a.verdict, Verdict::kAccepted);
  EXPECT_EQ(a.check("tdx.event_log.rtmr3")->not_done, attest::NotDone::kNotAsked);
}

TEST(TdxEventLog, OfSeveralLogsTheOneThatFitsCountsAndTheOthersAreNamed) {
  const Appraisal a = with_log([](Made& m) {
    tcg::LogParts other = default_log();
    other.events.erase(other.events.begin(), other.events.begin() + 3);
    other.events.push_back(other.events.front());
    m.documents.documents.insert(m.documents.documents.begin(),
                                 {"another.bin", tcg::write_event_log(other)});
  });
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  ASSERT_EQ(a.notes.size(), 1U);
  EXPECT_TRUE(a.notes[0].starts_with("passed over: another.bin"));
}

constexpr const char* kLine = "tdx.event_log.rtmr2_measured";
constexpr const char* kSecureBoot = "tdx.event_log.secure_boot";

// with_values judges the good TD under a policy that demands values of what its log says.
Appraisal with_values(
    const std::map<std::string, std::vector<std::string>>& values,
    const std::function<void(Made&)>& change = [](Made&) {}) {
  Stage s = good_stage(kTdx15);
  s.policy.accepted_values = values;
  Made m = make(s);
  change(m);
  return judge(m, s);
}

TEST(TdxEventLog, APolicyDemandsWhatTheLogIsProvedToSay) {
  EXPECT_EQ(with_values({{kSecureBoot, {"true"}}, {kLine, {"ro quiet"}}}).verdict,
            Verdict::kAccepted);
  EXPECT_EQ(with_values({{kSecureBoot, {"false"}}}).failed(), Ids{kSecureBoot});
  for (const char* other : {"RO quiet", "ro quiet ", "ro", "ro quiet init=/evil"}) {
    const Appraisal a = with_values({{kLine, {other}}});
    EXPECT_EQ(a.failed(), Ids{kLine}) << other;
    EXPECT_EQ(a.check(kLine)->found, "ro quiet");
  }
}

// Absence is neither acceptance nor refusal.
TEST(TdxEventLog, WithoutAProofADemandIsUndetermined) {
  const auto without_log = [](Made& m) { drop(m, "ccel.bin"); };
  for (const char* id : {kSecureBoot, kLine}) {
    const Appraisal a = with_values({{id, {"true"}}}, without_log);
    EXPECT_EQ(a.verdict, Verdict::kUndetermined);
    EXPECT_EQ(a.check(id)->not_done, attest::NotDone::kAbsent);
    EXPECT_EQ(a.check(id)->expected, "true; no event log among the collateral states it");
  }
  // A log that says nothing of the register.
  const Appraisal silent = with_values({{kLine, {"ro quiet"}}}, [](Made& m) {
    tcg::LogParts parts = default_log();
    parts.events.erase(parts.events.begin() + 3);
    document(m, "ccel.bin") = tcg::write_event_log(parts);
  });
  EXPECT_EQ(silent.verdict, Verdict::kUndetermined);
}

// A log that does not fit proves nothing: it is refused, and its claims are not taken.
TEST(TdxEventLog, ADemandIsNotMetByALogThatDoesNotReplay) {
  const Appraisal a = with_values({{kLine, {"init=/good"}}}, [](Made& m) {
    tcg::LogParts parts = default_log();
    constexpr std::array kBank = {tcg::Algorithm::kSha384};
    const Bytes line = as_bytes("init=/good");
    parts.events[3] = tcg::measured(3, tcg::event_type::kIpl, line, line, kBank);
    document(m, "ccel.bin") = tcg::write_event_log(parts);
  });
  EXPECT_EQ(a.failed(), Ids{"tdx.event_log.rtmr2"});
  EXPECT_EQ(a.check(kLine)->not_done, attest::NotDone::kAbsent);
}

// Whoever delivers the log writes its labels: a command line that is called a command, a file, or
// something else stays in the list under what the register proves.
TEST(TdxEventLog, ADemandIsNotMetByRelabelling) {
  constexpr std::array kBank = {tcg::Algorithm::kSha384};
  const Bytes evil = as_bytes("init=/evil");
  const Bytes good = as_bytes("ro quiet");
  const Buffer as_command = concat({as_bytes("grub_cmd: "), evil, Buffer(1, 0)});
  const Buffer as_line = concat({as_bytes("kernel_cmdline: "), good, Buffer(1, 0)});
  const Buffer as_file = concat({as_bytes("/boot/vmlinuz"), Buffer(1, 0)});
  for (const Buffer& label : {as_command, as_file, Buffer{}}) {
    Stage s = good_stage(kTdx15);
    s.policy.accepted_values[kLine] = {"ro quiet"};
    tcg::LogParts parts = default_log();
    parts.events[3] = tcg::measured(3, tcg::event_type::kIpl, good, as_line, kBank);
    parts.events.push_back(tcg::measured(3, tcg::event_type::kIpl, evil, label, kBank));
    const Buffer log = tcg::write_event_log(parts);
    const auto replayed =
        *tcg::replay(*tcg::parse_event_log(log), tcg::Registers::kRtmr, tcg::Algorithm::kSha384);
    for (const tcg::Replayed& r : replayed.registers)
      std::ranges::copy(r.value, s.td.rt_mr.at(r.number).begin());
    Made m = make(s);
    document(m, "ccel.bin") = log;
    EXPECT_EQ(judge(m, s).failed(), Ids{kLine});
  }
}

// tpm_log is what a TPM's firmware logs, in these banks.
Buffer tpm_log(std::vector<tcg::Algorithm> banks) {
  tcg::LogParts log;
  for (const tcg::Algorithm bank : banks)
    log.spec.algorithms.push_back(
        {static_cast<std::uint16_t>(bank), static_cast<std::uint16_t>(tcg::digest_size(bank))});
  for (std::uint32_t i = 0; i < 8; ++i) {
    log.events.push_back(tcg::measured(i, tcg::event_type::kEfiAction, as_bytes("ro quiet"),
                                       as_bytes("ro quiet"), banks));
  }
  return tcg::write_event_log(log);
}

// The parts of a composite share their collateral: a TPM's log refused the TD beside it. Passed
// over, it is no evidence either.
TEST(TdxEventLog, ALogOfAnotherMachinePartIsNeitherFailureNorEvidence) {
  using enum tcg::Algorithm;
  for (const auto& banks : {std::vector{kSha1, kSha256}, {kSha256, kSha384}, {kSha384}}) {
    const auto beside = [&](Made& m) {
      m.documents.documents.insert(m.documents.documents.begin(), {"tpm.log", tpm_log(banks)});
    };
    const auto instead = [&](Made& m) { document(m, "ccel.bin") = tpm_log(banks); };
    const Appraisal two = with_log(beside);
    EXPECT_EQ(two.verdict, Verdict::kAccepted) << attest::summary(two);
    EXPECT_EQ(two.check("tdx.event_log.rtmr2")->outcome, attest::Outcome::kPassed);
    EXPECT_EQ(two.notes, Ids{"passed over: tpm.log: an event log of other registers"});
    const Appraisal alone = with_log(instead);
    EXPECT_EQ(alone.verdict, Verdict::kAccepted) << attest::summary(alone);
    EXPECT_EQ(alone.check("tdx.event_log.form")->not_done, attest::NotDone::kNotAsked);
    const Appraisal demanded = with_values({{kLine, {"ro quiet"}}}, instead);
    EXPECT_EQ(demanded.verdict, Verdict::kUndetermined);
    EXPECT_EQ(demanded.check(kLine)->not_done, attest::NotDone::kAbsent);
  }
}

TEST(TdxEventLog, AChangedCcelIsNotPassedOverForATpms) {
  const auto changed = [](const std::function<void(tcg::LogParts&)>& change) {
    return with_log([&](Made& m) {
      tcg::LogParts log = default_log();
      change(log);
      document(m, "ccel.bin") = tcg::write_event_log(log);
    });
  };
  const auto number = [](std::vector<std::uint32_t> indices) {
    return [indices](tcg::LogParts& log) {
      for (std::size_t i = 0; i < indices.size(); ++i)
        log.events[i].register_index = indices[i];
    };
  };
  for (const auto& indices : {std::vector{0U}, {9U}, {0U, 9U}, {0U, 1U, 2U, 7U}})
    EXPECT_EQ(changed(number(indices)).verdict, Verdict::kRefused) << indices.back();
  const auto other_bank = [](tcg::LogParts& log) {
    log.spec.algorithms = {{0x0b, 32}};
    for (tcg::EventParts& event : log.events)
      event.digests = {{0x0b, Buffer(32, 1)}};
  };
  EXPECT_EQ(changed(other_bank).failed(), Ids{"tdx.event_log.form"});
  EXPECT_EQ(changed([&](tcg::LogParts& log) {
              other_bank(log);
              log.spec.register_index = 0;
            }).failed(),
            Ids{"tdx.event_log.form"});
}

TEST(TdxEventLog, LogsBeyondTheLimitsAreNoted) {
  constexpr std::size_t kMaxLogs = 16;
  for (const std::size_t more : {0U, 1U}) {
    const Appraisal a = with_log([&](Made& m) {
      const Buffer log = tcg::write_event_log(default_log());
      for (std::size_t i = 1; i < kMaxLogs + more; ++i)
        m.documents.documents.push_back({"again " + std::to_string(i), log});
    });
    EXPECT_EQ(a.verdict, Verdict::kAccepted);
    EXPECT_EQ(std::ranges::count(a.notes,
                                 "left out: event logs from again 16 on, of which 16 are replayed"),
              static_cast<std::ptrdiff_t>(more));
  }
  const Appraisal large = with_log([](Made& m) {
    Buffer log = tcg::write_event_log(default_log());
    log.resize(tcg::kMaxLogSize + 1, 0xff);
    m.documents.documents.push_back({"large.bin", log});
  });
  EXPECT_EQ(large.verdict, Verdict::kAccepted);
  EXPECT_EQ(large.notes, std::vector<std::string>{
                             "left out: large.bin: an event log of more than 4194304 octets"});
}

}  // namespace
}  // namespace ward::soft
