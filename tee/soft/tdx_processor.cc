#include "tee/soft/tdx_processor.h"

#include <algorithm>

#include "crypto/mac.h"
#include "tee/soft/derive.h"

namespace ward::soft {
namespace {

using crypto::Hash;

// What the platform's TDX module is. MRSIGNERSEAM and SEAMATTRIBUTES of Intel's are zero, and its
// TCB information says so.
void state_module(tdx::TdReportParts& td, const std::array<std::uint8_t, 16>& tee_tcb_svn) {
  td.tee_tcb_svn = tee_tcb_svn;
  td.tee_tcb_svn2 = tee_tcb_svn;
  td.mr_seam = crypto::sha384(as_bytes("ward development TDX module"));
  td.mr_signer_seam = {};
  td.seam_attributes = {};
}

}  // namespace

crypto::Sha384Digest mr_td_of(Bytes runtime) {
  return crypto::sha384(labelled("ward software TEE MRTD 1", {runtime}));
}

Buffer TdxProcessor::report(tdx::TdReportParts td) const {
  state_module(td, tee_tcb_svn_);
  tdx::LocalReportParts parts{.cpu_svn = cpu_svn_, .td = td};
  const Buffer unsigned_report = tdx::write_local_report(parts);
  const Buffer mac =
      crypto::hmac(Hash::kSha256, mac_key_.expose(),
                   Bytes(unsigned_report).first(tdx::LocalReportParts::kMacInputSize));
  std::ranges::copy(mac, parts.mac.begin());
  return tdx::write_local_report(parts);
}

Result<tdx::TdReportParts> TdxProcessor::verify(Bytes report) const {
  WARD_TRY(const tdx::LocalReportParts parts, tdx::parse_local_report(report));
  if (!crypto::verify_hmac(Hash::kSha256, mac_key_.expose(),
                           report.first(tdx::LocalReportParts::kMacInputSize), parts.mac)) {
    return Error(Errc::kUntrusted, "soft.verify_report: MAC of another platform");
  }
  return parts.td;
}

}  // namespace ward::soft
