#include "verifier/verifier.h"

#include <algorithm>
#include <iterator>

namespace ward::verifier {

namespace {

attest::Collateral joined(const PreparedCollateral& prepared, const attest::Collateral& beside) {
  attest::Collateral out = prepared.documents();
  out.documents.insert(out.documents.end(), beside.documents.begin(), beside.documents.end());
  return out;
}

}  // namespace

Verifier::Verifier(std::span<const attest::Scheme* const> schemes,
                   std::vector<attest::Anchor> extra_anchors, attest::Policy policy,
                   std::shared_ptr<attest::PlatformStore> platforms)
    : schemes_(schemes.begin(), schemes.end()),
      policy_(std::move(policy)),
      platforms_(std::move(platforms)) {
  for (const attest::Scheme* scheme : schemes_) {
    const attest::SchemeInfo info = scheme->info();
    auto& all = anchors_.emplace_back(info.anchors.begin(), info.anchors.end());
    std::ranges::copy_if(extra_anchors, std::back_inserter(all), [&](const attest::Anchor& one) {
      return one.tee.empty() || one.tee == info.name;
    });
  }
  const auto fields = attest::named_fields(policy_);
  known_fields_ =
      std::ranges::all_of(fields, [&](const std::string& field) { return knows(field); });
}

const attest::Scheme* Verifier::recognise(Bytes evidence) const {
  return attest::recognise(schemes_, evidence);
}

bool Verifier::knows(const std::string& field) const {
  return std::ranges::any_of(schemes_, [&](const attest::Scheme* scheme) {
    return attest::find_field(scheme->info().fields, field) != nullptr;
  });
}

std::span<const attest::Anchor> Verifier::anchors_of(const attest::Scheme& scheme) const {
  const auto at = std::ranges::find(schemes_, &scheme);
  return anchors_[static_cast<std::size_t>(at - schemes_.begin())];
}

Result<attest::Appraisal> Verifier::appraise(const Request& request) const {
  attest::Slate slate;
  WARD_CHECK_OK(appraise(request, slate));
  return slate.take();
}

Result<void> Verifier::appraise(const Request& request, attest::Slate& slate) const {
  attest::Findings& findings = slate.wipe();  // first: what was there is no answer to this request
  if (!known_fields_) return Error(Errc::kMalformed, "policy: a field that no TEE has");
  const attest::Scheme* scheme = recognise(request.evidence);
  if (scheme == nullptr) return Error(Errc::kUnsupported, "no kind of evidence that ward knows");
  const PreparedCollateral* prepared = request.prepared;
  // Whoever asks for the whole work gets all of it, from the documents themselves.
  if (prepared != nullptr && (request.work != nullptr || prepared->of(*scheme) == nullptr)) {
    const attest::Collateral all = joined(*prepared, request.collateral);
    return appraise({.evidence = request.evidence,
                     .collateral = all,
                     .now = request.now,
                     .expected = request.expected,
                     .work = request.work},
                    slate);
  }
  attest::Job job{.evidence = request.evidence,
                  .collateral = request.collateral,
                  .anchors = anchors_of(*scheme),
                  .now = request.now,
                  .work = request.work,
                  .platforms = platforms_.get()};
  if (prepared != nullptr) {
    job.prepared = prepared->of(*scheme);
    job.source = &prepared->documents();
  }
  WARD_CHECK_OK(scheme->verify(job, findings));
  slate.judge(policy_, request.expected, request.now);
  return {};
}

}  // namespace ward::verifier
