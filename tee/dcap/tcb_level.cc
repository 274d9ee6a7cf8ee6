#include <algorithm>
#include <set>

#include "tee/dcap/verify.h"

namespace ward::dcap {

using attest::Origin;

bool reaches(const PckExtensions& pck, const TcbLevel& level) {
  if (pck.pce_svn < level.pce_svn) return false;
  for (std::size_t i = 0; i < level.sgx_components.size(); ++i) {
    if (pck.tcb_components.at(i) < level.sgx_components.at(i)) return false;
  }
  return true;
}

void record_level(Context& context, const PckExtensions& pck, const TcbLevel* level,
                  const Named<TcbInfo>& info, const std::string& more) {
  context.checks.record(
      CheckId::kTcbLevel, level != nullptr,
      "components " + to_hex(pck.tcb_components) + ", PCESVN " + std::to_string(pck.pce_svn) + more,
      {"at least the lowest level", Origin::kCollateral, info.origin()});
}

void conclude_tcb(Context& context, const std::optional<PlatformTcb>& platform,
                  const TcbDocuments& documents, const QeTcbLevel* qe_level) {
  attest::Findings& findings = context.findings;
  if (documents.qe_identity != nullptr) {
    findings.tcb.evaluation_number = std::min(documents.tcb_info->value.evaluation_number,
                                              documents.qe_identity->value.evaluation_number);
  }
  if (!platform || qe_level == nullptr) return;

  findings.facts.tcb_matched = true;
  findings.tcb.status = tcb_status_text(converge(platform->status, qe_level->status));
  findings.tcb.date = std::min(platform->date, qe_level->tcb_date);
  std::set<std::string> advisories(platform->advisories.begin(), platform->advisories.end());
  advisories.insert(qe_level->advisory_ids.begin(), qe_level->advisory_ids.end());
  findings.tcb.advisories.assign(advisories.begin(), advisories.end());
  findings.claims.push_back({"tcb_info.status", std::string(tcb_status_text(platform->status))});
  findings.claims.push_back({"tcb_info.tcb_date", format_rfc3339(platform->date)});
  findings.claims.push_back({"qe_identity.status", std::string(tcb_status_text(qe_level->status))});
  findings.claims.push_back({"qe_identity.tcb_date", format_rfc3339(qe_level->tcb_date)});
}

}  // namespace ward::dcap
