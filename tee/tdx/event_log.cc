#include "tee/tdx/event_log.h"

#include <algorithm>
#include <optional>

#include "tee/tcg/event_log.h"
#include "tee/tcg/examine.h"
#include "tee/tdx/checks.h"

namespace ward::tdx {
namespace {

using attest::Origin;
using tcg::Outcome;

constexpr OwnCheck kRtmrChecks[] = {OwnCheck::kEventLogRtmr0, OwnCheck::kEventLogRtmr1,
                                    OwnCheck::kEventLogRtmr2, OwnCheck::kEventLogRtmr3};

// At most this many logs are replayed; a TD has one.
constexpr std::size_t kMaxLogs = 16;

// Examined is one log with what came of it.
struct Examined {
  const attest::Document* document = nullptr;
  Result<tcg::LogFindings> findings;

  [[nodiscard]] std::ptrdiff_t matches() const {
    if (!findings) return -1;
    return std::ranges::count(findings->registers, Outcome::kMatches, &tcg::Comparison::outcome);
  }

  [[nodiscard]] std::string origin() const {
    return document->name + " (sha256:" + to_hex(Bytes(crypto::sha256(document->bytes)).first(8)) +
           ")";
  }
};

std::vector<Examined> examine_all(dcap::Context& context, const TdReport& report,
                                  const attest::Collateral& collateral) {
  const tcg::ExpectedRegister expected[] = {{0, report.get<td_report::RtMr0>()},
                                            {1, report.get<td_report::RtMr1>()},
                                            {2, report.get<td_report::RtMr2>()},
                                            {3, report.get<td_report::RtMr3>()}};
  std::vector<Examined> out;
  std::size_t looked_at = 0;
  for (const attest::Document& d : collateral.documents) {
    if (++looked_at > attest::kMaxDocuments) break;
    if (!tcg::is_event_log(d.bytes)) continue;
    if (d.bytes.size() > tcg::kMaxLogSize) {
      context.findings.notes.push_back("left out: " + d.name + ": an event log of more than " +
                                       std::to_string(tcg::kMaxLogSize) + " octets");
      continue;
    }
    if (out.size() == kMaxLogs) {
      context.findings.notes.push_back("left out: event logs from " + d.name + " on, of which " +
                                       std::to_string(kMaxLogs) + " are replayed");
      break;
    }
    out.push_back(
        {&d, tcg::examine(d.bytes, tcg::Registers::kRtmr, tcg::Algorithm::kSha384, expected)});
  }
  std::ranges::stable_sort(out, std::ranges::greater{}, &Examined::matches);
  return out;
}

void record_register(dcap::CheckList& checks, const tcg::Comparison& c, const std::string& origin) {
  const dcap::CheckId id = check_id(kRtmrChecks[c.number]);
  if (c.outcome == Outcome::kNotLogged) {
    checks.not_asked(id, to_hex(c.expected) + ", of which the log says nothing");
    return;
  }
  checks.record(id, c.outcome != Outcome::kDiffers,
                to_hex(c.replayed) + " (" + std::to_string(c.events) + " events of " + origin + ")",
                {to_hex(c.expected) + ", as the quote has it"});
}

void record_faults(dcap::CheckList& checks, const tcg::LogFindings& found,
                   const std::string& origin) {
  const auto fault = std::ranges::find_if(
      found.remarks, [](const tcg::Remark& r) { return tcg::is_fault(r.anomaly); });
  const bool clean = fault == found.remarks.end();
  checks.record(
      check_id(OwnCheck::kEventLogEvents), clean,
      clean ? "no anomaly"
            : std::string(tcg::to_text(fault->anomaly)) + ", event " + std::to_string(fault->event),
      {"separators once per register, and valid", Origin::kCollateral, origin});
}

}  // namespace

void check_event_log(dcap::Context& context, const TdReport& report,
                     const attest::Collateral& collateral) {
  dcap::CheckList& checks = context.checks;
  const std::vector<Examined> logs = examine_all(context, report, collateral);
  if (logs.empty()) {
    checks.not_asked(check_id(OwnCheck::kEventLogForm), "no event log");
    checks.not_asked(check_id(OwnCheck::kEventLogEvents), "no event log");
    for (const OwnCheck id : kRtmrChecks)
      checks.not_asked(check_id(id), "no event log");
    return;
  }
  for (std::size_t i = 1; i < logs.size(); ++i)
    context.findings.notes.push_back("passed over: " + logs[i].origin());
  const Examined& best = logs.front();
  const std::string origin = best.origin();
  if (!checks.record(check_id(OwnCheck::kEventLogForm), best.findings.has_value(),
                     best.findings ? origin : std::string(best.findings.error().what()),
                     {"an event log with SHA-384 digests"})) {
    return;
  }
  record_faults(checks, *best.findings, origin);
  for (const tcg::Comparison& c : best.findings->registers)
    record_register(checks, c, origin);
  auto& claims = context.findings.claims;
  claims.insert(claims.end(), best.findings->claims.begin(), best.findings->claims.end());
}

}  // namespace ward::tdx
