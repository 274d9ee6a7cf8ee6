// Signed evidence of a good development platform, and the same with one lever set otherwise:
// exactly the attacks of that lever change.
#include <set>

#include <gtest/gtest.h>

#include "advisory/advisory.h"
#include "test/dcap_checks/platform_fixture.h"
#include "test/snp_checks/platform_fixture.h"

namespace ward::soft {
namespace {

using advisory::Exposure;
using advisory::State;
using attest::Appraisal;
using Ids = std::set<std::string>;

// As if a maker vouched for the platform: of one for development nothing is closed.
std::map<std::string, State> states(Appraisal appraisal) {
  EXPECT_TRUE(appraisal.genuine && appraisal.development) << attest::summary(appraisal);
  for (const Exposure& one : advisory::judge(appraisal))
    EXPECT_NE(one.state, State::kClosed) << one.attack->id;
  appraisal.development = false;
  std::map<std::string, State> out;
  for (const Exposure& one : advisory::judge(appraisal))
    out[one.attack->id] = one.state;
  return out;
}

Ids changed(const Appraisal& before, const Appraisal& after) {
  const auto now = states(after);
  Ids out;
  for (const auto& [id, state] : states(before)) {
    if (now.at(id) != state) out.insert(id);
  }
  return out;
}

Ids in_state(const Appraisal& appraisal, State wanted) {
  Ids out;
  for (const auto& [id, state] : states(appraisal)) {
    if (state == wanted) out.insert(id);
  }
  return out;
}

// PLATFORM_INFO (AMD 56860): ALIAS_CHECK_COMPLETE, and the bit of AMD-SB-3016.
constexpr std::uint64_t kAliasCheck = std::uint64_t{1} << 5U;
constexpr std::uint64_t kIommuWriteSafe = std::uint64_t{1} << 6U;

constexpr std::uint64_t policy_bit(unsigned number) { return std::uint64_t{1} << number; }

using SnpStage = snp_fixture::Stage;

void set_snp_svn(SnpStage& s, std::uint8_t svn) {
  auto& report = s.world.report;
  snp::Tcb tcb = snp::read_tcb(report.reported_tcb, snp::Line::kGenoa);
  tcb.snp = svn;
  s.world.vcek.tcb = tcb;
  const auto octets = snp::write_tcb(tcb, snp::Line::kGenoa);
  report.reported_tcb = report.committed_tcb = report.launch_tcb = report.current_tcb = octets;
}

SnpStage good_genoa() {
  SnpStage s = snp_fixture::good_stage(snp_fixture::kFaces[2]);
  namespace bits = snp::guest_policy;
  s.world.report.policy &= ~policy_bit(bits::kSmt);
  for (const unsigned bit : {bits::kRaplDis, bits::kCiphertextHidingDram, bits::kPageSwapDisable})
    s.world.report.policy |= policy_bit(bit);
  s.world.report.platform_info |= kAliasCheck | kIommuWriteSafe;
  set_snp_svn(s, 27);
  return s;
}

Appraisal appraise(const SnpStage& s) { return snp_fixture::judge(snp_fixture::make(s), s); }

TEST(Levers, TheGoodSevSnpPlatformHasWhatClosesEachAttackThatItsReportCanShow) {
  const Appraisal good = appraise(good_genoa());
  EXPECT_EQ(in_state(good, State::kClosed),
            (Ids{"badfuse", "badram", "battering-ram", "cachewarp", "ciphertext-side-channels",
                 "cipherleaks", "heracles", "iommu-rmp-check", "pwrleak", "rmpocalypse"}));
  EXPECT_EQ(in_state(good, State::kOpen), Ids{"counterseveillance"});
}

TEST(Levers, EachOfSevSnpFlipsExactlyItsAttacks) {
  namespace bits = snp::guest_policy;

  struct Lever {
    const char* name;
    std::function<void(SnpStage&)> set;
    Ids attacks;
  };

  const auto toggle_policy = [](unsigned bit) {
    return [bit](SnpStage& s) { s.world.report.policy ^= policy_bit(bit); };
  };
  const auto toggle_info = [](std::uint64_t bit) {
    return [bit](SnpStage& s) { s.world.report.platform_info ^= bit; };
  };
  const std::vector<Lever> levers = {
      {"smt", toggle_policy(bits::kSmt), {"stackwarp"}},
      {"rapl_dis", toggle_policy(bits::kRaplDis), {"pwrleak"}},
      {"ciphertext_hiding_dram",
       toggle_policy(bits::kCiphertextHidingDram),
       {"ciphertext-side-channels", "heracles"}},
      {"page_swap_disable", toggle_policy(bits::kPageSwapDisable), {"heracles"}},
      {"alias_check_complete", toggle_info(kAliasCheck), {"badram"}},
      {"iommu_write_safe", toggle_info(kIommuWriteSafe), {"iommu-rmp-check"}},
      {"reported_tcb.snp", [](SnpStage& s) { set_snp_svn(s, 26); }, {"rmpocalypse"}},
  };
  const Appraisal good = appraise(good_genoa());
  for (const Lever& lever : levers) {
    SCOPED_TRACE(lever.name);
    SnpStage s = good_genoa();
    lever.set(s);
    EXPECT_EQ(changed(good, appraise(s)), lever.attacks);
  }
}

using IntelStage = fixture::Stage;

IntelStage good_intel(const fixture::Face& face) {
  IntelStage s = fixture::good_stage(face);
  s.world.tcb_info.evaluation_number = 21;
  s.world.qe_identity.evaluation_number = 21;
  return s;
}

Appraisal appraise(IntelStage& s) { return fixture::judge(fixture::make(s), s); }

struct Listing {
  const char* advisory;
  Ids sgx;
  Ids tdx;
};

const std::vector<Listing> kListings = {
    {"INTEL-SA-00115",
     {"rogue-system-register-read", "speculative-store-bypass"},
     {"rogue-system-register-read", "speculative-store-bypass"}},
    {"INTEL-SA-00161", {"foreshadow"}, {}},
    {"INTEL-SA-00233", {"msbds", "mfbds", "mlpds"}, {"msbds", "mfbds", "mlpds"}},
    {"INTEL-SA-00270", {"taa"}, {"taa"}},
    {"INTEL-SA-00289", {"plundervolt"}, {}},
    {"INTEL-SA-00320", {"crosstalk"}, {"crosstalk"}},
    {"INTEL-SA-00329", {"cacheout", "vrs"}, {"cacheout", "vrs"}},
    {"INTEL-SA-00334", {"lvi"}, {}},
    {"INTEL-SA-00381", {"vrsa", "fast-store-forwarding"}, {"vrsa", "fast-store-forwarding"}},
    {"INTEL-SA-00389", {"platypus"}, {"platypus"}},
    {"INTEL-SA-00615", {"mmio-stale-data"}, {"mmio-stale-data"}},
    {"INTEL-SA-00657", {"aepic-leak"}, {}},
    {"INTEL-SA-00666", {"crosstalk"}, {"crosstalk"}},
    {"INTEL-SA-00767", {"aepic-leak"}, {}},
    {"INTEL-SA-00828", {"downfall"}, {}},
    {"INTEL-SA-00960", {"configuration-register-access"}, {"configuration-register-access"}},
    {"INTEL-SA-01099", {}, {"tdxdown"}},
    {"INTEL-SA-01103", {"rapl-derivative"}, {"rapl-derivative"}},
    {"INTEL-SA-01153", {"its"}, {"its"}},
    {"INTEL-SA-01322", {"its"}, {"its"}},
    {"INTEL-SA-01397",
     {},
     {"tdx-migration-debug", "tdx-metadata-underflow", "tdx-review-findings"}},
    {"INTEL-SA-01436", {}, {"tdx-improper-authentication"}},
    {"INTEL-SA-00106", {}, {}},  // of SgxPectre, which is unverified
    {"WARD-DEVELOPMENT-0001", {}, {}},
};

TEST(Levers, EachAdvisoryOfATcbLevelOpensExactlyItsAttacks) {
  for (const fixture::Face& face : {fixture::kSgx, fixture::kTdx10, fixture::kTdx15}) {
    IntelStage plain = good_intel(face);
    const Appraisal good = appraise(plain);
    EXPECT_TRUE(in_state(good, State::kOpen).empty());
    for (const Listing& listing : kListings) {
      SCOPED_TRACE(std::string(face.name) + " " + listing.advisory);
      IntelStage s = good_intel(face);
      s.world.tcb_info.levels[0].advisory_ids = {listing.advisory};
      const Appraisal listed = appraise(s);
      const Ids& want = face.tdx() ? listing.tdx : listing.sgx;
      EXPECT_EQ(changed(good, listed), want);
      EXPECT_EQ(in_state(listed, State::kOpen), want);
    }
  }
}

// A part that is not up to date: Intel may list more of it later.
TEST(Levers, ALevelThatIsNotUpToDateClosesNothingByWhatItDoesNotList) {
  using Change = std::function<void(IntelStage&)>;
  const Change platform = [](IntelStage& s) {
    s.world.tcb_info.levels[0].status = dcap::TcbStatus::kOutOfDate;
  };
  const Change quoting_enclave = [](IntelStage& s) {
    s.world.qe_identity.levels[0].status = dcap::TcbStatus::kOutOfDate;
  };
  const Change module = [](IntelStage& s) {
    s.world.tcb_info.tdx_modules[0].levels[0].status = dcap::TcbStatus::kOutOfDate;
  };
  for (const fixture::Face& face : {fixture::kSgx, fixture::kTdx10}) {
    for (const Change& change : face.tdx() ? std::vector{platform, quoting_enclave, module}
                                           : std::vector{platform, quoting_enclave}) {
      IntelStage s = good_intel(face);
      change(s);
      const Appraisal a = appraise(s);
      EXPECT_FALSE(in_state(a, State::kClosed).contains("msbds"));
      EXPECT_TRUE(in_state(a, State::kNotShown).contains("taa"));
      s.world.tcb_info.levels[0].advisory_ids = {"INTEL-SA-00233"};
      s.world.qe_identity.levels[0].advisory_ids = {"INTEL-SA-00233"};
      if (face.tdx()) s.world.tcb_info.tdx_modules[0].levels[0].advisory_ids = {"INTEL-SA-00233"};
      const Appraisal named = appraise(s);
      EXPECT_TRUE(in_state(named, State::kOpen).contains("msbds"));
      EXPECT_TRUE(in_state(named, State::kNotShown).contains("taa"));
    }
  }
}

TEST(Levers, ATdThatMayMigrateFlipsExactlyItsAttack) {
  IntelStage s = good_intel(fixture::kTdx15);
  const Appraisal fixed = appraise(s);
  s.td.td_attributes |= std::uint64_t{1} << 29U;  // TDX Module ABI, ATTRIBUTES, MIGRATABLE
  EXPECT_EQ(changed(fixed, appraise(s)), Ids{"tdx-migration-debug"});
}

}  // namespace
}  // namespace ward::soft
