#include <algorithm>
#include <set>

#include "tee/dcap/verify.h"

namespace ward::dcap {

using attest::Origin;

const TcbLevel* match_sgx_level(const TcbInfo& info, const PckExtensions& pck) {
  for (const TcbLevel& level : info.levels) {
    bool reached = pck.pce_svn >= level.pce_svn;
    for (std::size_t i = 0; i < level.sgx_components.size(); ++i) {
      reached = reached && pck.tcb_components.at(i) >= level.sgx_components.at(i);
    }
    if (reached) return &level;
  }
  return nullptr;
}

void conclude_tcb(Context& context, const Platform* platform, const TcbDocuments& documents,
                  const QeTcbLevel* qe_level) {
  const Named<TcbInfo>* info = documents.tcb_info;
  if (platform == nullptr || info == nullptr) return;
  // The TCB stands in the PCK certificate: where that is not genuine, there is no TCB to speak of.
  if (!context.checks.passed(CheckId::kPckChainRoot) ||
      !context.checks.passed(CheckId::kPckChainSignature)) {
    return;
  }
  const PckExtensions& pck = platform->extensions;
  const TcbLevel* level = match_sgx_level(info->value, pck);
  context.checks.record(
      CheckId::kTcbLevel, level != nullptr,
      "components " + to_hex(pck.tcb_components) + ", PCESVN " + std::to_string(pck.pce_svn),
      {"at least the lowest level", Origin::kCollateral, info->origin()});
  attest::Findings& findings = context.findings;
  if (documents.qe_identity != nullptr) {
    findings.tcb.evaluation_number =
        std::min(info->value.evaluation_number, documents.qe_identity->value.evaluation_number);
  }
  if (level == nullptr || qe_level == nullptr) return;

  findings.facts.tcb_matched = true;
  findings.tcb.status = tcb_status_text(converge(level->status, qe_level->status));
  findings.tcb.date = std::min(level->tcb_date, qe_level->tcb_date);
  std::set<std::string> advisories(level->advisory_ids.begin(), level->advisory_ids.end());
  advisories.insert(qe_level->advisory_ids.begin(), qe_level->advisory_ids.end());
  findings.tcb.advisories.assign(advisories.begin(), advisories.end());
  findings.claims.push_back({"tcb_info.status", std::string(tcb_status_text(level->status))});
  findings.claims.push_back({"tcb_info.tcb_date", format_rfc3339(level->tcb_date)});
  findings.claims.push_back({"qe_identity.status", std::string(tcb_status_text(qe_level->status))});
  findings.claims.push_back({"qe_identity.tcb_date", format_rfc3339(qe_level->tcb_date)});
}

}  // namespace ward::dcap
