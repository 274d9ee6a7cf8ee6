#include "test/differential/tdx_mutations.h"

#include <algorithm>

namespace ward::differential {

using namespace soft::fixture;  // NOLINT(google-build-using-namespace): written in its words
using dcap::TcbStatus;

namespace {

// What Intel's module identities may say, and levels of a TCB info.
constexpr TcbStatus kModuleStatuses[] = {TcbStatus::kUpToDate, TcbStatus::kOutOfDate,
                                         TcbStatus::kRevoked};
constexpr TcbStatus kLevelStatuses[] = {TcbStatus::kUpToDate,
                                        TcbStatus::kSwHardeningNeeded,
                                        TcbStatus::kConfigurationNeeded,
                                        TcbStatus::kConfigurationAndSwHardeningNeeded,
                                        TcbStatus::kOutOfDate,
                                        TcbStatus::kOutOfDateConfigurationNeeded,
                                        TcbStatus::kRevoked};

std::vector<std::string> one_advisory(Dice& d) {
  if (d.one_in(2)) return {};
  return {"INTEL-SA-" + std::to_string(20'000 + d.below(4))};
}

// Versions of modules: before 1.5, the one with an identity, and one without.
std::uint8_t some_version(Dice& d) {
  constexpr std::uint8_t kVersions[] = {0, 1, 1, 1, 3};
  return d.pick(kVersions);
}

}  // namespace

void td_svns(Stage& s, Dice& d) {
  for (auto* svn : {&s.td.tee_tcb_svn, &s.td.tee_tcb_svn2}) {
    if (d.one_in(3)) continue;
    svn->at(0) = d.near(svn->at(0));
    if (d.one_in(3)) svn->at(1) = some_version(d);
    svn->at(2) = d.near(svn->at(2));
    if (d.one_in(6)) svn->at(d.below(16)) = static_cast<std::uint8_t>(d.below(4));
  }
}

// Levels that differ in their TDX part alone, from the newest to the oldest.
void td_levels(Stage& s, Dice& d) {
  auto& levels = s.world.tcb_info.levels;
  if (!s.face.tdx() || levels.empty()) return;
  const dcap::TcbLevel model = levels.front();
  levels.clear();
  for (std::uint32_t i = d.below(4) + 1; i > 0; --i) {
    dcap::TcbLevel level = model;
    level.tdx_components.at(0) = d.near(level.tdx_components.at(0));
    level.tdx_components.at(1) = static_cast<std::uint8_t>(d.below(2));
    level.tdx_components.at(2) = d.near(level.tdx_components.at(2));
    level.status = d.pick(kLevelStatuses);
    level.advisory_ids = one_advisory(d);
    levels.push_back(level);
  }
  std::ranges::sort(levels, std::greater<>{}, &dcap::TcbLevel::tdx_components);
  const auto twice = std::ranges::unique(levels, {}, &dcap::TcbLevel::tdx_components);
  levels.erase(twice.begin(), twice.end());
}

void td_modules(Stage& s, Dice& d) {
  for (dcap::TdxModule& module : s.world.tcb_info.tdx_modules) {
    for (dcap::SvnLevel& level : module.levels) {
      level.status = d.pick(kModuleStatuses);
      level.advisory_ids = one_advisory(d);
    }
    module.levels[0].isv_svn = static_cast<std::uint16_t>(4 + d.below(4));
    if (d.one_in(4)) module.mr_signer.at(d.below(48)) = 1;
    if (d.one_in(4)) module.id = d.one_in(2) ? "TDX_00" : "TDX_03";
    if (d.one_in(4)) module.levels.pop_back();
  }
  if (d.one_in(4)) s.world.tcb_info.tdx_modules.clear();
}

void td_module_report(Stage& s, Dice& d) {
  if (d.one_in(2)) s.td.tee_tcb_svn[1] = some_version(d);
  if (d.one_in(2)) s.td.mr_signer_seam.at(d.below(48)) = static_cast<std::uint8_t>(d.below(2));
  if (d.one_in(3)) s.td.seam_attributes.at(d.below(8)) = d.octet();
}

void td_attributes(Stage& s, Dice& d) {
  s.td.td_attributes ^= std::uint64_t{1} << d.below(64);
  if (d.one_in(2)) s.td.xfam ^= std::uint64_t{1} << d.below(64);
  if (d.one_in(4)) s.td.mr_service_td.at(d.below(48)) = 1;
}

}  // namespace ward::differential
