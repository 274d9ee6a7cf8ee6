#include "tee/tcg/event_log.h"

#include <algorithm>
#include <iterator>

#include "tee/tcg/event_type.h"
#include "tee/tcg/examine.h"
#include "tee/tpm/logs.h"

namespace ward::tpm {
namespace {

using attest::Origin;
using tcg::Outcome;

// At most this many logs are replayed, and as many passed over; a machine has one.
constexpr std::size_t kMaxLogs = 16;

// Examined is one log with what came of it.
struct Examined {
  const attest::Document* document = nullptr;
  tcg::Algorithm algorithm = tcg::Algorithm::kSha256;
  std::vector<tcg::ExpectedRegister> registers;
  Result<tcg::LogFindings> findings = Error(Errc::kUnsupported, "no digests of a quoted bank");
  bool foreign = false;  // it is another machine part's

  [[nodiscard]] std::ptrdiff_t matches() const {
    if (!findings) return -1;
    return std::ranges::count(findings->registers, Outcome::kMatches, &tcg::Comparison::outcome);
  }

  [[nodiscard]] std::string origin() const {
    return document->name + " (sha256:" + to_hex(Bytes(crypto::sha256(document->bytes)).first(8)) +
           ")";
  }
};

// The quoted values of the best bank that the log has.
std::optional<tcg::Algorithm> bank_of(const tcg::EventLog& log, std::span<const PcrValue> values) {
  std::vector<PcrValue> in_log;
  std::ranges::copy_if(values, std::back_inserter(in_log), [&](const PcrValue& one) {
    const auto known = tcg::known_algorithm(one.hash);
    return known && log.has(*known);
  });
  return in_log.empty() ? std::nullopt : tcg::known_algorithm(best_bank(in_log));
}

Examined examine(const attest::Document& document, std::span<const PcrValue> values) {
  Examined out{.document = &document};
  const auto log = tcg::parse_event_log(document.bytes);
  if (!log) {
    out.findings = log.error();
    return out;
  }
  const auto bank = bank_of(*log, values);
  if (!bank) {
    out.foreign = true;
    return out;
  }
  out.algorithm = *bank;
  for (const PcrValue& one : values) {
    if (tcg::known_algorithm(one.hash) == bank) out.registers.push_back({one.number, one.value});
  }
  out.findings = tcg::examine(document.bytes, tcg::Registers::kPcr, out.algorithm, out.registers);
  // What gives a quoted PCR is this TPM's, whatever else it lacks.
  out.foreign = tcg::sure_registers(*log) == tcg::Registers::kRtmr && out.matches() <= 0;
  return out;
}

std::vector<Examined> examine_all(Context& context, std::span<const PcrValue> values,
                                  std::span<const attest::Document* const> documents) {
  std::vector<Examined> out;
  std::size_t foreign = 0;
  for (const attest::Document* document : documents) {
    if (!tcg::is_event_log(document->bytes)) continue;
    if (document->bytes.size() > tcg::kMaxLogSize || out.size() == kMaxLogs ||
        foreign == kMaxLogs) {
      context.findings.notes.push_back("left out: " + document->name +
                                       ": an event log beyond the limits");
      continue;
    }
    Examined one = examine(*document, values);
    // A composite's parts share their documents: the log of a TD refuses no TPM beside it. Where
    // the quote vouches for no PCR, nothing is compared and all stays blocked.
    if (one.foreign && !values.empty()) {
      context.findings.notes.push_back("passed over: " + document->name +
                                       ": an event log of other registers");
      ++foreign;
      continue;
    }
    out.push_back(std::move(one));
  }
  std::ranges::stable_sort(out, std::ranges::greater{}, &Examined::matches);
  return out;
}

void record_faults(CheckList& checks, const tcg::LogFindings& found, const std::string& origin) {
  const auto fault = std::ranges::find_if(
      found.remarks, [](const tcg::Remark& r) { return tcg::is_fault(r.anomaly); });
  const bool clean = fault == found.remarks.end();
  checks.record(
      CheckId::kLogEvents, clean,
      clean ? "no anomaly"
            : std::string(tcg::to_text(fault->anomaly)) + ", event " + std::to_string(fault->event),
      {"separators once per PCR, and valid", Origin::kCollateral, origin});
}

// Records whether the log gives every quoted PCR that it has events of, and says which it has not.
void record_registers(Context& context, const tcg::LogFindings& found, const std::string& origin) {
  std::string wrong;
  std::string uncovered;
  std::string shown;
  for (const tcg::Comparison& c : found.registers) {
    const std::string number = std::to_string(c.number);
    if (c.outcome == Outcome::kDiffers && wrong.empty()) {
      wrong = "PCR " + number + ": " + to_hex(c.replayed) + " by " + std::to_string(c.events) +
              " events, quoted " + to_hex(c.expected);
    }
    if (c.outcome == Outcome::kNotLogged) uncovered += (uncovered.empty() ? "" : ",") + number;
    if (c.outcome == Outcome::kMatches) shown += (shown.empty() ? "" : ",") + number;
  }
  context.checks.record(CheckId::kLogPcrs, wrong.empty(),
                        !wrong.empty() ? wrong : "PCRs " + (shown.empty() ? "none" : shown),
                        {"the quoted values", Origin::kCollateral, origin});
  if (!shown.empty()) context.findings.claims.push_back({"event_log.pcrs", shown});
  if (uncovered.empty()) return;
  context.findings.claims.push_back({"event_log.pcrs_not_logged", uncovered});
  context.findings.notes.push_back("the event log has no event of PCR " + uncovered +
                                   ", which something extended: nothing says what");
}

const char* digest_name(tcg::Algorithm algorithm) {
  if (algorithm == tcg::Algorithm::kSha256) return "SHA-256";
  return algorithm == tcg::Algorithm::kSha384 ? "SHA-384" : "SHA-512";
}

// Writes down the extensions of each register that begins with zeros.
void show(Context& context, const Examined& log) {
  attest::Work& work = *context.work;
  const std::size_t material = work.add({.kind = attest::MaterialKind::kDocument,
                                         .object = "event_log",
                                         .title = "event log of measured boot",
                                         .name = log.document->name,
                                         .bytes = log.document->bytes});
  const auto parsed = tcg::parse_event_log(log.document->bytes);
  const auto replay = tcg::replay(*parsed, tcg::Registers::kPcr, log.algorithm);
  if (!replay || log.algorithm == tcg::Algorithm::kSha1) return;
  for (const tcg::Comparison& c : log.findings->registers) {
    if (c.outcome == Outcome::kNotLogged || !all_zero(replay->initial(c.number))) continue;
    attest::DigestFact fact{
        .check = &context.checks.info(CheckId::kLogPcrs),
        .algorithm = digest_name(log.algorithm),
        .extended = true,
        .expected = c.expected,
        .expected_from = "PCR " + std::to_string(c.number) + " of the quote",
        .place = work.part_or_extract(0, c.expected, "PCR value, from the JSON's hex"),
        .holds = c.outcome != Outcome::kDiffers};
    for (const tcg::Event& event : parsed->events) {
      if (event.type == tcg::event_type::kNoAction || event.register_index != c.number) continue;
      const Bytes digest = *parsed->digest(event, log.algorithm);
      fact.message.push_back({material,
                              static_cast<std::size_t>(digest.data() - log.document->bytes.data()),
                              digest.size()});
    }
    work.digests.push_back(std::move(fact));
  }
}

}  // namespace

void check_event_log(Context& context, std::span<const PcrValue> values,
                     std::span<const attest::Document* const> documents) {
  CheckList& checks = context.checks;
  std::vector<Examined> logs = examine_all(context, values, documents);
  if (logs.empty()) {
    for (const CheckId id : {CheckId::kLogForm, CheckId::kLogEvents, CheckId::kLogPcrs})
      checks.not_asked(id, "no event log");
    return;
  }
  if (values.empty()) return;  // blocked: no PCR that the quote vouches for
  for (std::size_t i = 1; i < logs.size(); ++i)
    context.findings.notes.push_back("passed over: " + logs[i].origin());
  Examined& best = logs.front();
  const std::string origin = best.origin();
  if (!checks.record(CheckId::kLogForm, best.findings.has_value(),
                     best.findings ? origin : text_of(best.findings.error()),
                     {"an event log with digests of a quoted bank"})) {
    return;
  }
  record_faults(checks, *best.findings, origin);
  record_registers(context, *best.findings, origin);
  if (context.work != nullptr) show(context, best);
  auto& claims = context.findings.claims;
  claims.insert(claims.end(), std::make_move_iterator(best.findings->claims.begin()),
                std::make_move_iterator(best.findings->claims.end()));
}

}  // namespace ward::tpm
