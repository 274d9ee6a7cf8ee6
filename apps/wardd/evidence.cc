#include "apps/wardd/evidence.h"

#include <utility>

#include "codec/json.h"
#include "tee/all.h"
#include "verifier/platform_cache.h"
#include "verifier/verifier.h"

namespace ward::wardd {

namespace {

// What anyone who sends evidence may make the service remember, in memory that it locks.
constexpr verifier::CacheLimits kRemembered{.platforms = 10'000, .octets = std::size_t{128} << 20U};

}  // namespace

Result<Buffer> evidence_of(std::string_view primary_evidence) {
  const auto json = codec::parse_json(as_bytes(primary_evidence));
  if (json && json->is_object() && json->find("quote") == nullptr) {
    return to_buffer(as_bytes(primary_evidence));
  }
  const auto* member = json ? json->find("quote") : nullptr;
  const auto text = member != nullptr ? member->as_string() : std::nullopt;
  auto octets = text ? from_base64(*text, Base64::kStandard) : std::nullopt;
  if (!octets || octets->empty()) {
    return Error(Errc::kMalformed, "evidence: no member quote in base64");
  }
  return *std::move(octets);
}

PipelineVerifier::PipelineVerifier(std::vector<attest::Anchor> extra_anchors,
                                   attest::Collateral collateral)
    : extra_anchors_(std::move(extra_anchors)),
      collateral_(tee::all_schemes(), std::move(collateral)),
      platforms_(std::make_shared<verifier::PlatformCache>(kRemembered)) {}

Result<attest::Appraisal> PipelineVerifier::appraise(const broker::EvidenceRequest& request) const {
  WARD_TRY(const Buffer evidence, evidence_of(request.primary_evidence));
  const verifier::Verifier pipeline(tee::all_schemes(), extra_anchors_, request.policy, platforms_);
  const attest::Scheme* scheme = pipeline.recognise(evidence);
  if (scheme == nullptr || scheme->info().name != request.tee) {
    return Error(Errc::kUnsupported, "evidence: not of the TEE that the session is for");
  }
  const attest::Collateral beside;
  return pipeline.appraise({.evidence = evidence,
                            .collateral = beside,
                            .now = request.now,
                            .expected = request.expected,
                            .prepared = &collateral_});
}

std::vector<attest::FieldInfo> PipelineVerifier::fields() const {
  return attest::all_fields(tee::all_schemes());
}

}  // namespace ward::wardd
