#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "tee/sev/made/cases.h"
#include "tee/sev/made/stage.h"
#include "tee/sev/scheme.h"
#include "verifier/verifier.h"

// For tests: how a made platform's evidence is judged, and what is expected of it.
namespace ward::sev::made {

inline const attest::Scheme& scheme() {
  static const Sev kSev;
  return kSev;
}

// judge_octets judges evidence that may be any octets; an empty appraisal (refused) where no scheme
// knows it.
inline attest::Appraisal judge_octets(const Given& g, Bytes evidence) {
  static const std::array<const attest::Scheme*, 1> kSchemes = {&scheme()};
  const verifier::Verifier verifier(kSchemes, {g.anchor}, g.policy);
  attest::Collateral collateral{g.collateral};
  auto out = verifier.appraise({.evidence = evidence,
                                .collateral = collateral,
                                .now = {1'790'000'000},
                                .expected = g.expected});
  return out ? *std::move(out) : attest::Appraisal{};
}

inline attest::Appraisal judge(const Given& g) { return judge_octets(g, g.made.evidence()); }

}  // namespace ward::sev::made
