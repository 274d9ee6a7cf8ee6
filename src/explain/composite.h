#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "codec/json_write.h"
#include "explain/explanation.h"
#include "verifier/composite.h"

// A verdict on composite evidence explained: that of the whole, then each part's own.
namespace ward::explain {

// CompositeExplanation is the verdict on the whole and each part explained.
struct CompositeExplanation {
  verifier::CompositeAppraisal composite;
  std::vector<Explanation> parts;  // in the order of `composite.parts`
};

// appraise_composite appraises evidence and explains the verdicts. Errors of
// verifier::appraise_composite.
[[nodiscard]] Result<CompositeExplanation> appraise_composite(const verifier::Verifier& verifier,
                                                              verifier::CompositeRequest request);

// composite_head is what it says first: the verdict of the whole, a line for each part, and the
// checks of the whole that did not pass, with what to do.
[[nodiscard]] std::string composite_head(const CompositeExplanation& explanation);

// write_composite writes one JSON object, ward.composite/1.
void write_composite(codec::JsonWriter& out, const CompositeExplanation& explanation);

}  // namespace ward::explain
