#include "explain/composite.h"

#include <utility>

#include "attest/appraisal_json.h"
#include "explain/explanation_json.h"
#include "explain/groups.h"
#include "explain/visible.h"

namespace ward::explain {

Result<CompositeExplanation> appraise_composite(const verifier::Verifier& verifier,
                                                verifier::CompositeRequest request) {
  request.work = true;
  CompositeExplanation out;
  WARD_TRY(out.composite, verifier::appraise_composite(verifier, request));
  for (std::size_t i = 0; i < request.parts.size(); ++i) {
    verifier::PartAppraisal& part = out.composite.parts[i];
    const Bytes evidence = request.parts[i].evidence;
    // Malformed evidence needs nothing: its form is what is wrong.
    const auto needs = verifier.recognise(evidence)->needs(evidence);
    out.parts.push_back(explain(part.appraisal, std::move(part.work),
                                needs ? *needs : std::vector<attest::CollateralRequest>{},
                                verifier.policy()));
  }
  return out;
}

std::string composite_head(const CompositeExplanation& explanation) {
  const verifier::CompositeAppraisal& composite = explanation.composite;
  std::string out = std::string(attest::to_text(composite.verdict)) + ": " +
                    count(composite.parts.size(), "part", "parts") + " as of " +
                    format_rfc3339(composite.at) +
                    (composite.development ? " (DEVELOPMENT PLATFORM, NOT A TEE)" : "") + "\n";
  for (const verifier::PartAppraisal& part : composite.parts) {
    out += "  " + visible(part.name + ": " + attest::summary(part.appraisal)) + "\n";
  }
  for (const attest::Check& check : composite.checks) {
    if (!is_problem(check)) continue;
    out += std::string("  ") + (check.outcome == attest::Outcome::kFailed ? "failed" : "missing") +
           " " + check.info->id + ": " + check.info->meaning + "\n    found    " +
           visible(check.found) + "\n    expected " + visible(check.expected) + "\n    do       " +
           check.info->hint + "\n";
  }
  return out;
}

void write_composite(codec::JsonWriter& out, const CompositeExplanation& explanation) {
  const verifier::CompositeAppraisal& composite = explanation.composite;
  out.begin_object().member("schema", "ward.composite/1");
  out.member("verdict", attest::to_text(composite.verdict));
  out.member("at", format_rfc3339(composite.at)).member("development", composite.development);
  out.name("checks");
  attest::write_checks(out, composite.checks);
  out.name("parts").begin_array();
  for (std::size_t i = 0; i < composite.parts.size(); ++i) {
    out.begin_object().member("name", composite.parts[i].name).name("appraisal");
    write_explanation(out, explanation.parts[i]);
    out.end_object();
  }
  out.end_array().end_object();
}

}  // namespace ward::explain
