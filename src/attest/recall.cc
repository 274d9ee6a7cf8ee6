#include "attest/recall.h"

#include <algorithm>
#include <map>
#include <utility>

#include "attest/claim_list.h"
#include "base/refill.h"

namespace ward::attest {
namespace {

std::size_t heap_of(const std::string& text) {
  return text.capacity() > std::string().capacity() ? text.capacity() + 1 : 0;
}

std::size_t heap_of(const std::vector<std::string>& texts) {
  std::size_t out = texts.capacity() * sizeof(std::string);
  for (const std::string& text : texts) {
    out += heap_of(text);
  }
  return out;
}

std::size_t heap_of(const ClaimValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return heap_of(*text);
  if (const auto* octets = std::get_if<Buffer>(&value)) return octets->capacity();
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) return heap_of(*texts);
  return 0;
}

std::size_t heap_of(const Findings& findings) {
  constexpr std::size_t kPointer = sizeof(void*);
  std::size_t out = findings.claims.capacity() * sizeof(Claim) + heap_of(findings.notes) +
                    heap_of(findings.warnings) + heap_of(findings.tcb.advisories) +
                    heap_of(findings.tcb.behind);
  for (const Claim& claim : findings.claims) {
    out += heap_of(claim.name) + heap_of(claim.value);
  }
  for (const TcbPart& part : findings.tcb.parts) {
    out += sizeof part + heap_of(part.name) + heap_of(part.status) + heap_of(part.advisories);
  }
  out += heap_of(findings.facts.products);
  for (const Buffer& chip : findings.facts.chips) {
    out += sizeof(Buffer) + chip.capacity();
  }
  return out + findings.facts.revocation_checks.capacity() * kPointer;
}

// Such a text is "not after 2024-05-18T18:22:51Z".
bool names_time(const Check& check) {
  return check.origin == Origin::kCaller && check.expected_from == kTimeOfAppraisal;
}

}  // namespace

bool is_sound(const Findings& findings) {
  const auto& waived = findings.facts.revocation_checks;
  return std::ranges::none_of(findings.checks, [&](const Check& check) {
    return check.outcome == Outcome::kFailed ||
           (check.not_done == NotDone::kAbsent && std::ranges::count(waived, check.info) == 0);
  });
}

KeptFindings::KeptFindings(const Findings& findings, UnixTime at)
    : rest_{.tee = findings.tee,
            .checks = {},
            .claims = copies_of(findings.claims),
            .notes = findings.notes,
            .warnings = findings.warnings,
            .tcb = findings.tcb,
            .facts = findings.facts,
            .development = findings.development},
      at_(at) {
  std::map<std::string_view, Text> known;
  const auto keep = [&](const std::string& text) {
    const auto [place, is_new] = known.try_emplace(text);
    if (is_new) {
      place->second = {static_cast<std::uint32_t>(texts_.size()),
                       static_cast<std::uint32_t>(text.size())};
      texts_ += text;
    }
    return place->second;
  };
  if (!findings.checks.empty()) table_ = findings.checks.front().info;
  rows_.reserve(findings.checks.size());
  for (const Check& check : findings.checks) {
    rows_.push_back({keep(check.found), keep(check.expected), keep(check.expected_from),
                     check.outcome, check.not_done, check.origin, names_time(check)});
  }
  texts_.shrink_to_fit();
}

void KeptFindings::recall(UnixTime now, Findings& out) const {
  out.tee = rest_.tee;
  Refill<Check> checks(out.checks);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    Check& check = checks.next();
    check.info = table_ + i;
    check.outcome = row.outcome;
    check.not_done = row.not_done;
    check.found = text(row.found);
    check.expected = text(row.expected);
    if (row.timed && now != at_) {
      check.expected.resize(check.expected.rfind(' ') + 1);
      append_rfc3339(now, check.expected);
    }
    check.origin = row.origin;
    check.expected_from = text(row.expected_from);
  }
  checks.finish();
  out.notes = rest_.notes;
  out.warnings = rest_.warnings;
  out.tcb = rest_.tcb;
  out.development = rest_.development;
  std::vector<FieldFact> fields = std::move(out.facts.fields);
  out.facts = rest_.facts;
  out.facts.fields = std::move(fields);
}

std::size_t KeptFindings::memory() const {
  return sizeof *this + rows_.capacity() * sizeof(Row) + heap_of(texts_) + heap_of(rest_);
}

}  // namespace ward::attest
