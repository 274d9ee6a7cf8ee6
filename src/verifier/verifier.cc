#include "verifier/verifier.h"

#include <algorithm>

namespace ward::verifier {

Verifier::Verifier(std::span<const attest::Scheme* const> schemes,
                   std::vector<attest::Anchor> extra_anchors, attest::Policy policy)
    : schemes_(schemes.begin(), schemes.end()),
      extra_anchors_(std::move(extra_anchors)),
      policy_(std::move(policy)) {}

const attest::Scheme* Verifier::recognise(Bytes evidence) const {
  return attest::recognise(schemes_, evidence);
}

bool Verifier::knows(const std::string& field) const {
  return std::ranges::any_of(schemes_, [&](const attest::Scheme* scheme) {
    return attest::find_field(scheme->info().fields, field) != nullptr;
  });
}

Result<attest::Appraisal> Verifier::appraise(const Request& request) const {
  for (const std::string& field : attest::named_fields(policy_)) {
    if (!knows(field)) return Error(Errc::kMalformed, "policy: a field that no TEE has");
  }
  const attest::Scheme* scheme = recognise(request.evidence);
  if (scheme == nullptr) return Error(Errc::kUnsupported, "no kind of evidence that ward knows");
  const auto pinned = scheme->info().anchors;
  std::vector<attest::Anchor> anchors(pinned.begin(), pinned.end());
  anchors.insert(anchors.end(), extra_anchors_.begin(), extra_anchors_.end());
  auto findings =
      scheme->verify(request.evidence, request.collateral, anchors, request.now, request.work);
  if (!findings) return findings.error();
  return attest::appraise(*std::move(findings), policy_, request.expected, request.now);
}

}  // namespace ward::verifier
