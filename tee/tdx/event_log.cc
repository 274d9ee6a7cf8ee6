#include "tee/tdx/event_log.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "tee/tcg/event_log.h"
#include "tee/tcg/event_type.h"
#include "tee/tcg/examine.h"
#include "tee/tdx/checks.h"

namespace ward::tdx {
namespace {

using attest::Origin;
using tcg::Outcome;

constexpr OwnCheck kRtmrChecks[] = {OwnCheck::kEventLogRtmr0, OwnCheck::kEventLogRtmr1,
                                    OwnCheck::kEventLogRtmr2, OwnCheck::kEventLogRtmr3};

// At most this many logs are replayed, and as many passed over; a TD has one.
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

// is_foreign is true for the log of another machine part: a TPM's, and what has no SHA-384. A CCEL
// that was cut or changed is none: it fails.
bool is_foreign(Bytes octets) {
  const auto log = tcg::parse_event_log(octets);
  if (!log) return false;
  const auto whose = tcg::sure_registers(*log);
  if (whose) return *whose == tcg::Registers::kPcr;
  return !log->has(tcg::Algorithm::kSha384) && log->spec.register_index == 0;
}

std::vector<Examined> examine_all(dcap::Context& context,
                                  std::span<const tcg::ExpectedRegister> expected,
                                  std::span<const attest::Document* const> documents) {
  std::vector<Examined> out;
  std::size_t foreign = 0;
  for (const attest::Document* document : documents) {
    const attest::Document& d = *document;
    if (d.bytes.size() > tcg::kMaxLogSize) {
      context.findings.notes.push_back("left out: " + d.name + ": an event log of more than " +
                                       std::to_string(tcg::kMaxLogSize) + " octets");
      continue;
    }
    // A composite's parts share their documents: the log of a TPM refuses no TD beside it.
    if (foreign < kMaxLogs && is_foreign(d.bytes)) {
      context.findings.notes.push_back("passed over: " + d.name +
                                       ": an event log of other registers");
      ++foreign;
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

// LogWork writes down what a log's checks are derived from.
class LogWork {
 public:
  LogWork(dcap::Context& context, const dcap::Quote& quote, const attest::Document& document)
      : context_(context),
        work_(*context.work),
        quote_(quote.raw),
        log_(document.bytes),
        material_(work_.add({.kind = attest::MaterialKind::kDocument,
                             .object = attest::object_of(info(OwnCheck::kEventLogForm)),
                             .title = "event log of measured boot",
                             .name = document.name,
                             .bytes = document.bytes})) {}

  // `registers` are the quote's, in the order of their numbers.
  void show(const tcg::EventLog& log, std::span<const tcg::ExpectedRegister> registers,
            const std::vector<tcg::Comparison>& found) {
    for (const tcg::Comparison& c : found) {
      if (c.outcome == Outcome::kNotLogged) continue;  // nothing was compared
      attest::DigestFact fact{.check = &info(kRtmrChecks[c.number]),
                              .algorithm = "SHA-384",
                              .extended = true,
                              .expected = c.expected,
                              .expected_from = "RTMR" + std::to_string(c.number) + " of the quote",
                              .place = part(0, quote_, registers[c.number].value),
                              .holds = c.outcome != Outcome::kDiffers};
      for (const tcg::Event& event : log.events) {
        if (number_of(event) == c.number) fact.message.push_back(digest_part(log, event));
      }
      work_.digests.push_back(std::move(fact));
    }
    show_separators(log);
  }

 private:
  [[nodiscard]] const attest::CheckInfo& info(OwnCheck id) const {
    return context_.checks.info(check_id(id));
  }

  // What register an event extends.
  static std::optional<std::uint32_t> number_of(const tcg::Event& event) {
    if (event.type == tcg::event_type::kNoAction) return std::nullopt;
    return tcg::register_number(tcg::Registers::kRtmr, event.register_index);
  }

  static attest::Part part(std::size_t material, Bytes whole, Bytes view) {
    return {material, static_cast<std::size_t>(view.data() - whole.data()), view.size()};
  }

  [[nodiscard]] attest::Part digest_part(const tcg::EventLog& log, const tcg::Event& event) const {
    return part(material_, log_, *log.digest(event, tcg::Algorithm::kSha384));
  }

  // The first separator of each register, and the first that is wrong: a log may hold thousands.
  void show_separators(const tcg::EventLog& log) {
    std::set<std::uint32_t> shown;
    bool wrong = false;
    for (const tcg::Event& event : log.events) {
      const auto number = number_of(event);
      if (event.type != tcg::event_type::kSeparator || !number) continue;
      const bool holds = equal(tcg::digest(tcg::Algorithm::kSha384, event.data),
                               *log.digest(event, tcg::Algorithm::kSha384));
      if (!shown.insert(*number).second && (holds || wrong)) continue;
      wrong = wrong || !holds;
      show_separator(log, event);
    }
  }

  void show_separator(const tcg::EventLog& log, const tcg::Event& event) {
    attest::DigestFact fact{.check = &info(OwnCheck::kEventLogEvents),
                            .algorithm = "SHA-384",
                            .message = {part(material_, log_, event.data)},
                            .expected_from = "the digest of this separator",
                            .place = digest_part(log, event)};
    fact.expected = to_buffer(work_.bytes(*fact.place));
    fact.holds = equal(tcg::digest(tcg::Algorithm::kSha384, event.data), fact.expected);
    work_.digests.push_back(std::move(fact));
  }

  dcap::Context& context_;
  attest::Work& work_;
  Bytes quote_;
  Bytes log_;
  std::size_t material_;
};

}  // namespace

void check_event_log(dcap::Context& context, const dcap::Quote& quote,
                     std::span<const attest::Document* const> documents) {
  dcap::CheckList& checks = context.checks;
  const TdReport report(quote);
  const tcg::ExpectedRegister registers[] = {{0, report.get<td_report::RtMr0>()},
                                             {1, report.get<td_report::RtMr1>()},
                                             {2, report.get<td_report::RtMr2>()},
                                             {3, report.get<td_report::RtMr3>()}};
  std::vector<Examined> logs = examine_all(context, registers, documents);
  if (logs.empty()) {
    checks.not_asked(check_id(OwnCheck::kEventLogForm), "no event log");
    checks.not_asked(check_id(OwnCheck::kEventLogEvents), "no event log");
    for (const OwnCheck id : kRtmrChecks) {
      checks.not_asked(check_id(id), "no event log");
    }
    return;
  }
  for (std::size_t i = 1; i < logs.size(); ++i) {
    context.findings.notes.push_back("passed over: " + logs[i].origin());
  }
  Examined& best = logs.front();
  const std::string origin = best.origin();
  if (!checks.record(check_id(OwnCheck::kEventLogForm), best.findings.has_value(),
                     best.findings ? origin : std::string(best.findings.error().what()),
                     {"an event log with SHA-384 digests"})) {
    return;
  }
  record_faults(checks, *best.findings, origin);
  for (const tcg::Comparison& c : best.findings->registers) {
    record_register(checks, c, origin);
  }
  if (context.work != nullptr) {
    LogWork(context, quote, *best.document)
        .show(*tcg::parse_event_log(best.document->bytes), registers, best.findings->registers);
  }
  auto& claims = context.findings.claims;
  claims.insert(claims.end(), std::make_move_iterator(best.findings->claims.begin()),
                std::make_move_iterator(best.findings->claims.end()));
}

}  // namespace ward::tdx
