#include "tee/tdx/tcb.h"

#include <algorithm>
#include <cctype>

namespace ward::tdx {
namespace {

using dcap::TcbStatus;

// What of TEE_TCB_SVN is whose (TDX Module ABI, TEE_TCB_SVN).
constexpr std::size_t kModuleSvn = 0;
constexpr std::size_t kModuleVersion = 1;
constexpr std::size_t kLateMicrocode = 2;  // the last that a running platform can update

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

bool is_out_of_date(TcbStatus status) {
  return status == TcbStatus::kOutOfDate || status == TcbStatus::kOutOfDateConfigurationNeeded;
}

bool needs_configuration(TcbStatus status) {
  return status == TcbStatus::kConfigurationNeeded ||
         status == TcbStatus::kConfigurationAndSwHardeningNeeded ||
         status == TcbStatus::kOutOfDateConfigurationNeeded;
}

// A launch under this status is better than one that is out of date.
bool helps(TcbStatus status) { return !is_out_of_date(status) && status != TcbStatus::kRevoked; }

// The platform as it is now, TEE_TCB_SVN2, has the newest module of its version and the newest
// microcode.
bool newest_now(const dcap::TcbInfo& info, const dcap::TdxModule& module, Bytes svn2) {
  const dcap::TcbLevel& newest = info.levels.front();
  if (!module.levels.empty() && !helps(module.levels.front().status)) return false;
  const unsigned module_svn =
      module.levels.empty() ? newest.tdx_components[kModuleSvn] : module.levels.front().isv_svn;
  return svn2[kModuleSvn] >= module_svn &&
         svn2[kLateMicrocode] >= newest.tdx_components[kLateMicrocode];
}

}  // namespace

std::size_t first_platform_component(Bytes tee_tcb_svn) {
  return tee_tcb_svn[kModuleVersion] > 0 ? 2 : 0;
}

bool reaches_tdx(Bytes tee_tcb_svn, const dcap::TcbLevel& level) {
  const std::size_t from = first_platform_component(tee_tcb_svn);
  for (std::size_t i = from; i < level.tdx_components.size(); ++i) {
    if (tee_tcb_svn[i] < level.tdx_components.at(i)) return false;
  }
  return true;
}

const dcap::TdxModule* module_identity(const dcap::TcbInfo& info, std::uint8_t module_version) {
  if (module_version == 0) return info.tdx_module ? &*info.tdx_module : nullptr;
  const std::string id = "TDX_" + upper(to_hex(Bytes(&module_version, 1)));
  for (const dcap::TdxModule& module : info.tdx_modules) {
    if (upper(module.id) == id) return &module;
  }
  return nullptr;
}

TdxLevels find_levels(const dcap::TcbInfo& info, const dcap::PckExtensions& pck,
                      const TdReport& report) {
  TdxLevels out;
  const Bytes svn = report.get<td_report::TeeTcbSvn>();
  for (const dcap::TcbLevel& level : info.levels) {
    if (!dcap::reaches(pck, level)) continue;
    if (out.sgx == nullptr) out.sgx = &level;
    if (!reaches_tdx(svn, level)) continue;
    out.tdx = &level;
    break;
  }
  const dcap::TdxModule* module = module_identity(info, report.module_version());
  if (module == nullptr) return out;
  for (const dcap::SvnLevel& level : module->levels) {
    if (svn[kModuleSvn] < level.isv_svn) continue;
    out.module = &level;
    break;
  }
  return out;
}

std::optional<TcbStatus> platform_status(const dcap::TcbInfo& info, const TdxLevels& levels,
                                         const TdReport& report, const dcap::SvnLevel* qe_level) {
  const TcbStatus sgx = levels.sgx->status;
  const TcbStatus joined = levels.module == nullptr
                               ? levels.tdx->status
                               : dcap::converge(levels.tdx->status, levels.module->status);
  const bool old_module =
      levels.module != nullptr && levels.module->status == TcbStatus::kOutOfDate;
  const bool good_qe = qe_level != nullptr && helps(qe_level->status);
  if (!report.version_15() || !is_out_of_date(joined) || !old_module || !good_qe || !helps(sgx)) {
    return joined;
  }
  const Bytes svn2 = report.tee_tcb_svn2();
  const dcap::TdxModule* now = module_identity(info, svn2[kModuleVersion]);
  if (now == nullptr) return std::nullopt;
  if (!newest_now(info, *now, svn2)) return joined;
  return needs_configuration(sgx) || needs_configuration(joined)
             ? TcbStatus::kTdRelaunchAdvisedConfigurationNeeded
             : TcbStatus::kTdRelaunchAdvised;
}

}  // namespace ward::tdx
