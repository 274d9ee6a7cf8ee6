#include "protocol/channel/appraiser.h"

#include <algorithm>

namespace ward::protocol::channel {
namespace {

using attest::Check;
using attest::Outcome;
using attest::Verdict;

void tell(const Check& check, Judgement& out) {
  out.check = check.info->id;
  out.found = check.outcome == Outcome::kNotDone
                  ? "not done: " + std::string(to_text(check.not_done))
                  : check.found;
  out.expected = check.expected;
  out.source = check.expected_from.empty() ? check.info->reference : check.expected_from;
}

const Check* first(const attest::Appraisal& appraisal, Outcome outcome, const Check* passed_over) {
  for (const Check& check : appraisal.checks) {
    if (check.outcome != outcome || &check == passed_over) continue;
    if (outcome == Outcome::kNotDone && check.not_done == attest::NotDone::kNotAsked) continue;
    return &check;
  }
  return nullptr;
}

}  // namespace

Judgement judgement_of(const attest::Appraisal& appraisal) {
  const attest::CheckInfo* info = appraisal.facts.report_data_check;
  const Check* bound = info == nullptr ? nullptr : appraisal.check(info->id);
  const bool equal = bound != nullptr && bound->outcome == Outcome::kPassed;
  Judgement out;
  if (appraisal.verdict == Verdict::kAccepted && equal) {
    out.verdict = Verdict::kAccepted;
    return out;
  }
  if (const Check* failed = first(appraisal, Outcome::kFailed, bound)) {
    tell(*failed, out);
    return out;
  }
  if (bound != nullptr && bound->outcome == Outcome::kFailed) {
    tell(*bound, out);
    out.other_report_data = true;
    return out;
  }
  if (appraisal.verdict == Verdict::kUndetermined) {
    out.verdict = Verdict::kUndetermined;
    if (const Check* open = first(appraisal, Outcome::kNotDone, nullptr)) tell(*open, out);
  }
  return out;  // accepted without report data: refused
}

}  // namespace ward::protocol::channel
