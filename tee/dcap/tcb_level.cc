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

namespace {

std::string below(const std::string& what, std::uint64_t found, std::uint64_t newest) {
  return what + " is " + std::to_string(found) + ", the newest level has " + std::to_string(newest);
}

// What no update of a component helps against.
void add_status_advice(TcbStatus status, std::vector<std::string>& out) {
  const bool configuration = status == TcbStatus::kConfigurationNeeded ||
                             status == TcbStatus::kConfigurationAndSwHardeningNeeded ||
                             status == TcbStatus::kOutOfDateConfigurationNeeded;
  if (configuration) {
    out.emplace_back("a setting of the platform (BIOS, hyper-threading) that the advisories name");
  }
  if (status == TcbStatus::kSwHardeningNeeded ||
      status == TcbStatus::kConfigurationAndSwHardeningNeeded) {
    out.emplace_back("mitigations that the workload's own code must have; no update brings them");
  }
}

}  // namespace

void add_behind(const std::string& kind, Bytes components, Bytes newest,
                const ComponentNames& names, std::vector<std::string>& out) {
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (components[i] >= newest[i]) continue;
    std::string what = kind + " component " + std::to_string(i + 1);
    if (!names.at(i).empty()) what += " (" + names.at(i) + ")";
    out.push_back(below(what, components[i], newest[i]));
  }
}

std::vector<std::string> sgx_behind(const PckExtensions& pck, const TcbInfo& info) {
  std::vector<std::string> out;
  const TcbLevel& newest = info.levels.front();
  add_behind("SGX", pck.tcb_components, newest.sgx_components, info.sgx_names, out);
  if (pck.pce_svn < newest.pce_svn) out.push_back(below("PCESVN", pck.pce_svn, newest.pce_svn));
  return out;
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
  findings.tcb.parts = platform->parts;
  findings.tcb.parts.push_back(part_of("QE identity", *qe_level));
  findings.tcb.behind = platform->behind;
  const QeTcbLevel& newest_qe = documents.qe_identity->value.levels.front();
  if (qe_level->isv_svn < newest_qe.isv_svn) {
    findings.tcb.behind.push_back(
        below("the quoting enclave's level", qe_level->isv_svn, newest_qe.isv_svn));
  }
  add_status_advice(converge(platform->status, qe_level->status), findings.tcb.behind);
  findings.claims.push_back({"tcb_info.status", std::string(tcb_status_text(platform->status))});
  findings.claims.push_back({"tcb_info.tcb_date", format_rfc3339(platform->date)});
  findings.claims.push_back({"qe_identity.status", std::string(tcb_status_text(qe_level->status))});
  findings.claims.push_back({"qe_identity.tcb_date", format_rfc3339(qe_level->tcb_date)});
}

}  // namespace ward::dcap
