#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "tee/tdx/local_report.h"

namespace ward::soft {

// mr_td_of is MRTD of a runtime image's canonical form, domain separated.
[[nodiscard]] crypto::Sha384Digest mr_td_of(Bytes runtime);

// TdxProcessor emulates what processor and TDX module do for TDs: local reports. What a TD is, the
// launcher says, never the TD. Const methods are safe from several threads.
class TdxProcessor {
 public:
  TdxProcessor(Secret<32> mac_key, std::array<std::uint8_t, 16> cpu_svn,
               std::array<std::uint8_t, 16> tee_tcb_svn)
      : mac_key_(std::move(mac_key)), cpu_svn_(cpu_svn), tee_tcb_svn_(tee_tcb_svn) {}

  // report makes a local report (TDG.MR.REPORT) of the TD that `td` says; what the module is it
  // fills in itself.
  [[nodiscard]] Buffer report(tdx::TdReportParts td) const;

  // verify gives what a local report of this platform says (TDG.MR.VERIFYREPORT, and the hashes of
  // the parts). kUntrusted where its MAC is not this platform's; errors of
  // tdx::parse_local_report.
  [[nodiscard]] Result<tdx::TdReportParts> verify(Bytes report) const;

 private:
  Secret<32> mac_key_;
  std::array<std::uint8_t, 16> cpu_svn_;
  std::array<std::uint8_t, 16> tee_tcb_svn_;
};

}  // namespace ward::soft
