#include <algorithm>

#include "tee/tpm/ima.h"
#include "tee/tpm/logs.h"

namespace ward::tpm {
namespace {

using attest::Origin;

constexpr std::uint32_t kUsualPcr = 10;

// At most this many lists are replayed; a machine has one, in two forms.
constexpr std::size_t kMaxLists = 4;

// The PCR that the list extends: 10, unless the kernel was built for another one.
std::uint32_t pcr_of(const std::vector<ImaEntry>& entries) {
  return entries.empty() ? kUsualPcr : entries.front().pcr;
}

// Beheld is one list with how much of it the quote shows.
struct Beheld {
  const attest::Document* document = nullptr;
  std::vector<ImaEntry> entries;
  std::string fault;  // of form; empty where there is none
  std::uint32_t pcr = kUsualPcr;
  bool quoted = false;  // the PCR is among the quoted ones
  std::uint16_t bank = 0;
  ImaReplay replay;
};

Beheld behold(const attest::Document& document, std::span<const PcrValue> values) {
  Beheld out{.document = &document};
  auto entries = parse_ima_log(document.bytes);
  if (!entries) {
    out.fault = text_of(entries.error());
    return out;
  }
  out.entries = *std::move(entries);
  if (const auto wrong = wrong_digest(out.entries)) {
    out.fault = "entry " + std::to_string(*wrong) + ": its template digest is not of its data";
  }
  out.pcr = pcr_of(out.entries);
  out.bank = best_bank(values);
  for (const PcrValue& one : values) {
    if (one.number != out.pcr || one.hash != out.bank) continue;
    out.quoted = true;
    out.replay = replay_ima(out.entries, one.hash, one.number, one.value);
  }
  return out;
}

void add_claims(Context& context, const Beheld& list) {
  auto& claims = context.findings.claims;
  const std::size_t believed = list.replay.believed;
  std::uint64_t violations = 0;
  std::vector<std::string> measured;
  for (std::size_t i = 0; i < believed; ++i) {
    const ImaEntry& e = list.entries[i];
    if (e.is_violation()) {
      ++violations;
      continue;
    }
    if (e.pcr == list.pcr) measured.push_back(e.digest_text() + " " + e.path());
  }
  claims.push_back({"ima_log.entries", std::uint64_t{believed}});
  claims.push_back({"ima_log.entries_not_shown", std::uint64_t{list.entries.size() - believed}});
  claims.push_back({"ima_log.violations", violations});
  claims.push_back({"ima_log.sha1", list.replay.sha1});
  if (list.replay.sha1 && list.bank != alg::kSha1) {
    context.findings.warnings.push_back(
        "the measurement list stands in the " + name_of(list.bank) +
        " bank by SHA-1 digests alone (Linux before 5.8): two lists can be made that give the same "
        "PCR value; demand tpm.ima_log.sha1=false to refuse it");
  }
  if (!measured.empty()) claims.push_back({"ima_log.measured", std::move(measured)});
  if (believed < list.entries.size()) {
    context.findings.notes.push_back("of the measurement list, " +
                                     std::to_string(list.entries.size() - believed) +
                                     " entries came after the quote: nothing shows them");
  }
}

}  // namespace

void check_ima_log(Context& context, std::span<const PcrValue> values,
                   std::span<const attest::Document* const> documents) {
  CheckList& checks = context.checks;
  std::optional<Beheld> best;
  std::size_t lists = 0;
  for (const attest::Document* document : documents) {
    if (!is_ima_log(document->bytes)) continue;
    if (++lists > kMaxLists) {
      context.findings.notes.push_back("left out: " + document->name + ": one list too many");
      continue;
    }
    Beheld one = behold(*document, values);
    if (best) {
      const bool better = one.replay.matches && !best->replay.matches;
      context.findings.notes.push_back("passed over: " +
                                       (better ? best->document->name : one.document->name));
      if (!better) continue;
    }
    best = std::move(one);
  }
  if (!best) {
    checks.not_asked(CheckId::kImaForm, "no measurement list");
    checks.not_asked(CheckId::kImaPcr, "no measurement list");
    return;
  }
  if (values.empty()) return;  // blocked: no PCR that the quote vouches for
  const std::string number = std::to_string(best->pcr);
  if (!checks.record(CheckId::kImaForm, best->fault.empty(),
                     best->fault.empty() ? best->document->name : best->fault,
                     {"a list whose template digests are those of its data"})) {
    return;
  }
  if (!best->quoted) {
    checks.absent(CheckId::kImaPcr, "a quote of PCR " + number);
    return;
  }
  checks.record(CheckId::kImaPcr, best->replay.matches,
                best->replay.matches
                    ? "the first " + std::to_string(best->replay.believed) + " entries"
                    : to_hex(best->replay.last) + " by all entries",
                {"PCR " + number + " of the quote", Origin::kCollateral, best->document->name});
  if (best->replay.matches) add_claims(context, *best);
}

}  // namespace ward::tpm
