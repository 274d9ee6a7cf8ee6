#pragma once

#include <optional>

#include "tee/dcap/verify.h"
#include "tee/tdx/td_report.h"

namespace ward::tdx {

// TdxLevels are the levels of a TCB info that count for a TD. Null where none matched; borrowed
// from the TCB info.
struct TdxLevels {
  const dcap::TcbLevel* sgx = nullptr;     // the first that the PCK certificate reaches
  const dcap::TcbLevel* tdx = nullptr;     // the first that it and TEE_TCB_SVN reach
  const dcap::SvnLevel* module = nullptr;  // of the module's identity; none before modules 1.5
};

// first_platform_component is the first of TEE_TCB_SVN's components that the TCB levels judge; from
// modules 1.5 on those before it are the module's own.
[[nodiscard]] std::size_t first_platform_component(Bytes tee_tcb_svn);

// reaches_tdx is true where TEE_TCB_SVN is at least the level's TDX part. From modules 1.5 on
// components 0 and 1 are the module's own, and its identity judges them (PCS API v4, TCB info,
// tdxtcbcomponents).
[[nodiscard]] bool reaches_tdx(Bytes tee_tcb_svn, const dcap::TcbLevel& level);

// module_identity finds what the TDX module of this version must be: tdxModule for version 0,
// TDX_nn of tdxModuleIdentities for the others. Null where there is none; borrowed.
[[nodiscard]] const dcap::TdxModule* module_identity(const dcap::TcbInfo& info,
                                                     std::uint8_t module_version);

// find_levels finds the levels for a PCK certificate and a TD report.
[[nodiscard]] TdxLevels find_levels(const dcap::TcbInfo& info, const dcap::PckExtensions& pck,
                                    const TdReport& report);

// platform_status joins platform and module, and sees whether all that is missing is that the TD be
// launched anew: it was launched under an old module (TEE_TCB_SVN), which has been updated since
// (TEE_TCB_SVN2). `levels.sgx` and `levels.tdx` are there; `qe_level` may be null. nullopt where
// that question comes up and the module that runs now has no identity.
[[nodiscard]] std::optional<dcap::TcbStatus> platform_status(const dcap::TcbInfo& info,
                                                             const TdxLevels& levels,
                                                             const TdReport& report,
                                                             const dcap::SvnLevel* qe_level);

}  // namespace ward::tdx
