#include "apps/wardd/evidence.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "codec/json.h"
#include "tee/all.h"
#include "tee/identifying.h"
#include "tee/tcg/event_log.h"
#include "verifier/composite.h"
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

// Device is one of those whose evidence a message carries.
struct Device {
  std::string tee;  // as the protocol calls it
  KbsEvidence sent;
  Bytes binding;
};

// devices_of reads primary and additional evidence; the latter is {"nvidia":{...},...}.
Result<std::vector<Device>> devices_of(const broker::EvidenceRequest& request) {
  std::vector<Device> out;
  WARD_TRY(KbsEvidence primary, evidence_of(request.primary_evidence));
  out.push_back({std::string(request.tee), std::move(primary), request.binding});
  if (request.additional_evidence.empty()) return out;
  const Bytes text = as_bytes(request.additional_evidence);
  const auto json = codec::parse_json(text);
  if (!json || !json->is_object()) {
    return Error(Errc::kMalformed, "evidence: additional_evidence is no JSON object");
  }
  for (const auto& [tee, value] : json->members()) {
    WARD_TRY(KbsEvidence sent, evidence_of(as_text(value.raw(text))));
    out.push_back({tee, std::move(sent), request.device_binding});
  }
  return out;
}

// is_called is true where the protocol means this TEE by the name.
bool is_called(const attest::SchemeInfo& info, std::string_view name) {
  if (info.protocol_names.empty()) return info.name == name;
  return std::ranges::find(info.protocol_names, name) != info.protocol_names.end();
}

// name_by_evidence names the first device, where the sender did not: by its TEE, if that has one
// name.
void name_by_evidence(const attest::Scheme* scheme, Device& device) {
  if (scheme == nullptr || !device.tee.empty()) return;
  const attest::SchemeInfo info = scheme->info();
  if (info.protocol_names.size() > 1) return;
  device.tee = info.protocol_names.empty() ? info.name : info.protocol_names.front();
}

attest::Expected expected_of(const std::optional<std::vector<Buffer>>& values) {
  if (!values) return attest::Unchecked{};
  return *values;
}

// classes_of sorts a device as Trustee does: NVIDIA's switches are apart from its GPUs, and all
// else is the platform itself. A list may hold both; what says neither may be either.
std::vector<std::string> classes_of(const attest::Appraisal& appraisal) {
  if (appraisal.tee != "nvidia") return {"cpu"};
  const auto arch = std::ranges::find(appraisal.claims, "arch", &attest::Claim::name);
  const auto names = arch == appraisal.claims.end() ? std::vector<std::string>()
                                                    : attest::value_texts(arch->value);
  const auto is_switch = [](const std::string& name) { return name == "LS10"; };
  std::vector<std::string> out;
  if (!std::ranges::all_of(names, is_switch) || names.empty()) out.emplace_back("gpu");
  if (std::ranges::any_of(names, is_switch) || names.empty()) out.emplace_back("switch");
  return out;
}

// claims_of is what each device's evidence says; the parts are in the devices' order.
std::vector<broker::DeviceClaims> claims_of(const std::vector<Device>& devices,
                                            const verifier::CompositeAppraisal& composite) {
  std::vector<broker::DeviceClaims> out;
  for (std::size_t i = 0; i < devices.size() && i < composite.parts.size(); ++i) {
    const attest::Appraisal& part = composite.parts[i].appraisal;
    out.push_back({.classes = classes_of(part),
                   .tee = devices[i].tee,
                   .scheme = part.tee,
                   .claims = part.claims,
                   .tcb = part.tcb});
  }
  return out;
}

}  // namespace

Result<KbsEvidence> evidence_of(std::string_view primary_evidence) {
  // Whose evidence it is reads the rest: here the members themselves are enough.
  const auto json = codec::parse_json(as_bytes(primary_evidence), {.kept_depth = 1});
  const codec::JsonValue* quote = json && json->is_object() ? json->find("quote") : nullptr;
  // A TPM's quote is an object (Azure's guests before the evidence had a version).
  if (json && json->is_object() && (quote == nullptr || quote->is_object())) {
    return KbsEvidence{.evidence = to_buffer(as_bytes(primary_evidence)), .beside = {}};
  }
  auto octets = base64_of(quote);
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

Result<broker::Appraised> PipelineVerifier::appraise(const broker::EvidenceRequest& request) const {
  const verifier::Verifier pipeline(tee::all_schemes(), extra_anchors_, request.policy.policy,
                                    platforms_);
  WARD_TRY(std::vector<Device> devices, devices_of(request));
  name_by_evidence(pipeline.recognise(devices.front().sent.evidence), devices.front());
  std::vector<verifier::PartRequest> parts;
  std::map<std::string, std::size_t> seen;
  // All that the service holds is prepared; another day's collateral is read as it comes.
  static const attest::Collateral kNone;
  const attest::Collateral& shared = request.collateral == nullptr ? kNone : *request.collateral;
  for (const Device& device : devices) {
    const attest::Scheme* scheme = pipeline.recognise(device.sent.evidence);
    if (scheme == nullptr || !is_called(scheme->info(), device.tee)) {
      return Error(Errc::kUnsupported, "evidence: not of the TEE that it is sent for");
    }
    if (scheme->info().host_chooses_report_data) {
      return Error(Errc::kUnsupported,
                   "evidence: the host chooses what this TEE's reports bind, so that they bind no "
                   "key of the workload's");
    }
    const std::string tee = scheme->info().name;
    // The owners' policies compare the workload, and the runtime is the first's.
    parts.push_back({.name = tee + std::to_string(seen[tee]++),
                     .evidence = device.sent.evidence,
                     .binding = std::vector<Buffer>{to_buffer(device.binding)},
                     .measurement = parts.empty() ? expected_of(request.policy.runtimes)
                                                  : attest::Expected(attest::Unchecked{}),
                     .workload = attest::Unchecked{},
                     .beside = device.sent.beside,
                     .whole_field = request.whole_field});
  }
  WARD_TRY(const verifier::CompositeAppraisal out,
           verifier::appraise_composite(
               pipeline, {.parts = parts,
                          .collateral = shared,
                          .now = request.now,
                          .required = request.policy.required_parts,
                          .prepared = request.collateral == nullptr ? &collateral_ : nullptr}));
  std::vector<broker::DeviceClaims> claims = claims_of(devices, out);
  attest::Identity identity;
  for (const verifier::PartAppraisal& part : out.parts) {
    attest::join(identity,
                 attest::identity_of(tee::identifying(part.appraisal.tee), part.appraisal));
  }
  return broker::Appraised{verifier::in_one(out), std::move(claims), std::move(identity)};
}

bool PipelineVerifier::serves(std::string_view tee) const {
  return std::ranges::any_of(tee::all_schemes(), [&](const attest::Scheme* scheme) {
    const attest::SchemeInfo info = scheme->info();
    return is_called(info, tee) && !info.host_chooses_report_data;
  });
}

std::vector<attest::FieldInfo> PipelineVerifier::fields() const {
  return attest::all_fields(tee::all_schemes());
}

}  // namespace ward::wardd
