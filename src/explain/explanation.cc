#include "explain/explanation.h"

#include <algorithm>

namespace ward::explain {
namespace {

constexpr std::int64_t kSecondsADay = 86400;

bool needs_advice(const attest::Check& check) {
  return check.outcome == attest::Outcome::kFailed || check.not_done == attest::NotDone::kAbsent;
}

}  // namespace

const char* to_text(AdviceKind kind) {
  switch (kind) {
    case AdviceKind::kFetch:
      return "fetch";
    case AdviceKind::kUpdate:
      return "update";
    case AdviceKind::kAccept:
      return "accept";
    case AdviceKind::kHint:
      return "hint";
  }
  return "hint";
}

std::optional<std::int64_t> days_left(const attest::Material& material, UnixTime at) {
  if (!material.until) return std::nullopt;
  const std::int64_t seconds = material.until->seconds - at.seconds;
  // Whole days, so that -1 is what ended within the last day.
  return seconds >= 0 ? seconds / kSecondsADay : -((-seconds + kSecondsADay - 1) / kSecondsADay);
}

std::vector<Advice> advice_for(const Explanation& explanation, const attest::Check& check) {
  std::vector<Advice> out;
  std::ranges::copy_if(explanation.advice, std::back_inserter(out),
                       [&](const Advice& a) { return a.check == check.info->id; });
  return out;
}

Explanation explain(attest::Appraisal appraisal, attest::Work work,
                    const std::vector<attest::CollateralRequest>& /*requests*/) {
  Explanation out{std::move(appraisal), std::move(work), {}};
  for (const attest::Check& check : out.appraisal.checks) {
    if (!needs_advice(check)) continue;
    out.advice.push_back({.check = check.info->id, .what = check.info->hint});
  }
  return out;
}

}  // namespace ward::explain
