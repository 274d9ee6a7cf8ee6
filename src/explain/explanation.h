#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "advisory/advisory.h"
#include "attest/appraisal.h"
#include "attest/scheme.h"
#include "attest/work.h"
#include "base/result.h"
#include "verifier/verifier.h"

// A verdict explained: what it rests on, every check, and what to do about it. Pure.
namespace ward::explain {

enum class AdviceKind : std::uint8_t {
  kFetch,   // a document to get
  kUpdate,  // something to install or to set on the platform
  kAccept,  // an option that would accept it, and what that would mean
  kHint,    // what the check itself says
};

[[nodiscard]] const char* to_text(AdviceKind kind);  // "fetch", "update", "accept", "hint"

// Advice is one thing that a reader can do about a check that did not pass.
struct Advice {
  AdviceKind kind = AdviceKind::kHint;
  std::string check;    // id
  std::string what;     // a sentence, an address, or an option as it is written
  std::string meaning;  // kAccept: what that would mean; else empty
};

// Explanation is all that an explanation prints.
struct Explanation {
  attest::Appraisal appraisal;
  attest::Work work;
  std::vector<Advice> advice;                 // in the order of the checks
  std::vector<advisory::Exposure> exposures;  // the known attacks on this TEE, and how they stand
};

// explain adds the advice and the known attacks, and spells out what is not UTF-8. `requests` are
// what the scheme says that the evidence needs (attest::Scheme::needs).
// `policy` is what the appraisal was made by.
[[nodiscard]] Explanation explain(attest::Appraisal appraisal, attest::Work work,
                                  const std::vector<attest::CollateralRequest>& requests,
                                  const attest::Policy& policy);

// appraise appraises evidence and explains the verdict; `request.work` is its own. Errors of
// verifier::Verifier::appraise.
[[nodiscard]] Result<Explanation> appraise(const verifier::Verifier& verifier,
                                           verifier::Request request);

// days_left is how many whole days a material is valid beyond `at`; negative where it has ended,
// nullopt where it states no end.
[[nodiscard]] std::optional<std::int64_t> days_left(const attest::Material& material, UnixTime at);

// advice_for lists what concerns one check; empty where it passed.
[[nodiscard]] std::vector<Advice> advice_for(const Explanation& explanation,
                                             const attest::Check& check);

}  // namespace ward::explain
