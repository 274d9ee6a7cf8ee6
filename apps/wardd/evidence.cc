#include "apps/wardd/evidence.h"

#include <utility>

#include "codec/json.h"
#include "tee/all.h"
#include "tee/tcg/event_log.h"
#include "verifier/platform_cache.h"
#include "verifier/verifier.h"

namespace ward::wardd {

namespace {

// What anyone who sends evidence may make the service remember, in memory that it locks.
constexpr verifier::CacheLimits kRemembered{.platforms = 10'000, .octets = std::size_t{128} << 20U};

std::optional<Buffer> base64_of(const codec::JsonValue* member) {
  const auto text = member != nullptr ? member->as_string() : std::nullopt;
  return text ? from_base64(*text, Base64::kStandard) : std::nullopt;
}

}  // namespace

Result<KbsEvidence> evidence_of(std::string_view primary_evidence) {
  const auto json = codec::parse_json(as_bytes(primary_evidence));
  if (json && json->is_object() && json->find("quote") == nullptr) {
    return KbsEvidence{.evidence = to_buffer(as_bytes(primary_evidence)), .beside = {}};
  }
  auto octets = json ? base64_of(json->find("quote")) : std::nullopt;
  if (!octets || octets->empty()) {
    return Error(Errc::kMalformed, "evidence: no member quote in base64");
  }
  KbsEvidence out{.evidence = *std::move(octets), .beside = {}};
  const codec::JsonValue* log = json->find("cc_eventlog");
  if (log == nullptr || log->kind() == codec::JsonValue::Kind::kNull) return out;
  auto events = base64_of(log);
  if (!events || !tcg::is_event_log(*events)) {
    return Error(Errc::kMalformed, "evidence: member cc_eventlog is no event log in base64");
  }
  out.beside.documents.push_back({.name = "cc_eventlog", .bytes = *std::move(events)});
  return out;
}

PipelineVerifier::PipelineVerifier(std::vector<attest::Anchor> extra_anchors,
                                   attest::Collateral collateral)
    : extra_anchors_(std::move(extra_anchors)),
      collateral_(tee::all_schemes(), std::move(collateral)),
      platforms_(std::make_shared<verifier::PlatformCache>(kRemembered)) {}

Result<attest::Appraisal> PipelineVerifier::appraise(const broker::EvidenceRequest& request) const {
  WARD_TRY(const KbsEvidence sent, evidence_of(request.primary_evidence));
  const Buffer& evidence = sent.evidence;
  const verifier::Verifier pipeline(tee::all_schemes(), extra_anchors_, request.policy, platforms_);
  const attest::Scheme* scheme = pipeline.recognise(evidence);
  if (scheme == nullptr || scheme->info().name != request.tee) {
    return Error(Errc::kUnsupported, "evidence: not of the TEE that the session is for");
  }
  return pipeline.appraise({.evidence = evidence,
                            .collateral = sent.beside,
                            .now = request.now,
                            .expected = request.expected,
                            .prepared = &collateral_});
}

std::vector<attest::FieldInfo> PipelineVerifier::fields() const {
  return attest::all_fields(tee::all_schemes());
}

}  // namespace ward::wardd
