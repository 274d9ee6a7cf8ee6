#include "attest/recall.h"

#include <algorithm>
#include <string>

namespace ward::attest {
namespace {

// Such a text is "not after 2024-05-18T18:22:51Z".
void write_time(UnixTime now, std::vector<Check>& checks) {
  for (Check& check : checks) {
    if (check.origin != Origin::kCaller || check.expected_from != kTimeOfAppraisal) continue;
    check.expected.resize(check.expected.rfind(' ') + 1);
    append_rfc3339(now, check.expected);
  }
}

std::size_t heap_of(const std::string& text) {
  return text.capacity() > std::string().capacity() ? text.capacity() + 1 : 0;
}

std::size_t heap_of(const std::vector<std::string>& texts) {
  std::size_t out = texts.capacity() * sizeof(std::string);
  for (const std::string& text : texts)
    out += heap_of(text);
  return out;
}

std::size_t heap_of(const ClaimValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return heap_of(*text);
  if (const auto* octets = std::get_if<Buffer>(&value)) return octets->capacity();
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) return heap_of(*texts);
  return 0;
}

}  // namespace

void recall(const Findings& known, UnixTime then, UnixTime now, Findings& out) {
  out.tee = known.tee;
  out.checks = known.checks;
  if (then != now) write_time(now, out.checks);
  out.notes = known.notes;
  out.warnings = known.warnings;
  out.tcb = known.tcb;
  out.development = known.development;
  std::vector<FieldFact> fields = std::move(out.facts.fields);
  out.facts = known.facts;
  out.facts.fields = std::move(fields);
}

bool is_sound(const Findings& findings) {
  const auto& waived = findings.facts.revocation_checks;
  return std::ranges::none_of(findings.checks, [&](const Check& check) {
    return check.outcome == Outcome::kFailed ||
           (check.not_done == NotDone::kAbsent && std::ranges::count(waived, check.info) == 0);
  });
}

std::size_t memory_of(const Findings& findings) {
  std::size_t out = sizeof findings + findings.checks.capacity() * sizeof(Check) +
                    findings.claims.capacity() * sizeof(Claim) + heap_of(findings.notes) +
                    heap_of(findings.warnings) + heap_of(findings.tcb.advisories) +
                    heap_of(findings.tcb.behind);
  for (const Check& check : findings.checks)
    out += heap_of(check.found) + heap_of(check.expected) + heap_of(check.expected_from);
  for (const Claim& claim : findings.claims)
    out += heap_of(claim.name) + heap_of(claim.value);
  for (const TcbPart& part : findings.tcb.parts)
    out += sizeof part + heap_of(part.name) + heap_of(part.status) + heap_of(part.advisories);
  out += heap_of(findings.facts.products);
  for (const Buffer& chip : findings.facts.chips)
    out += sizeof chip + chip.capacity();
  return out + findings.facts.revocation_checks.capacity() * sizeof(CheckInfo*);
}

}  // namespace ward::attest
