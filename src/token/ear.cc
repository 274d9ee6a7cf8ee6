#include "token/ear.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/jcs.h"
#include "codec/json_write.h"

namespace ward::token {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::array<std::string_view, 4> kTiers = {"none", "affirming", "warning",
                                                    "contraindicated"};

struct VectorMember {
  std::string_view name;  // draft-ietf-rats-ear, JSON names of AR4SI's claims
  std::int8_t TrustVector::*claim;
};

constexpr std::array<VectorMember, 8> kVector = {{
    {"instance-identity", &TrustVector::instance_identity},
    {"configuration", &TrustVector::configuration},
    {"executables", &TrustVector::executables},
    {"file-system", &TrustVector::file_system},
    {"hardware", &TrustVector::hardware},
    {"runtime-opaque", &TrustVector::runtime_opaque},
    {"storage-opaque", &TrustVector::storage_opaque},
    {"sourced-data", &TrustVector::sourced_data},
}};

void write_texts(JsonWriter& w, std::string_view name, const std::vector<std::string>& texts) {
  w.name(name).begin_array();
  for (const std::string& text : texts) {
    w.string(text);
  }
  w.end_array();
}

Result<void> check_object(std::string_view json) {
  const auto value = codec::parse_json(as_bytes(json));
  if (!value || !value->is_object()) {
    return Error(Errc::kMalformed, "ear: claims are not a JSON object");
  }
  return {};
}

Result<void> write_annotated(JsonWriter& w, const EarSubmod& submod) {
  w.name("ear.veraison.annotated-evidence").begin_object();
  if (!submod.report_data.empty()) w.member("report_data", to_hex(submod.report_data));
  if (!submod.init_data.empty()) w.member("init_data", to_hex(submod.init_data));
  const auto part = [&w](std::string_view name, std::string_view json) -> Result<void> {
    if (json.empty()) return {};
    WARD_CHECK_OK(check_object(json));
    w.name(name).raw_json(json);
    return {};
  };
  WARD_CHECK_OK(part("runtime_data_claims", submod.runtime_data_json));
  WARD_CHECK_OK(part("init_data_claims", submod.init_data_json));
  if (!submod.tee.empty()) {
    const std::string_view claims = submod.tee_claims_json;
    WARD_CHECK_OK(part(submod.tee, claims.empty() ? "{}" : claims));
  }
  w.end_object();
  return {};
}

void write_reasons(JsonWriter& w, const EarSubmod& submod) {
  w.name("ward.appraisal").begin_object();
  w.member("schema", "ward.ear-appraisal/1");
  w.member("verdict", submod.verdict);
  w.member("development", submod.development);
  w.member("tcb_status", submod.tcb_status);
  write_texts(w, "tcb_advisories", submod.tcb_advisories);
  write_texts(w, "unchecked", submod.unchecked);
  w.name("checks").begin_array();
  for (const EarCheck& check : submod.checks) {
    w.begin_object();
    w.member("id", check.id).member("outcome", check.outcome);
    w.member("found", check.found).member("expected", check.expected);
    w.member("expected_from", check.expected_from).member("reference", check.reference);
    w.member("hint", check.hint).end_object();
  }
  w.end_array().end_object();
}

Result<void> write_submod(JsonWriter& w, const EarSubmod& submod) {
  if (submod.checks.size() > kMaxEarChecks) {
    return Error(Errc::kLimit, "ear: checks", submod.checks.size());
  }
  // DESIGN decision 7: whatever it says, a development platform is no genuine hardware.
  if (submod.development && tier_of(submod.vector.hardware) == TrustTier::kAffirming) {
    return Error(Errc::kDenied, "ear: a development platform with affirming hardware");
  }
  const bool accepted = submod.verdict == "accepted";
  w.begin_object();
  w.member("ear.status", to_text(accepted ? submod.vector.status() : TrustTier::kContraindicated));
  w.name("ear.trustworthiness-vector").begin_object();
  for (const VectorMember& member : kVector) {
    w.member(member.name, submod.vector.*member.claim);
  }
  w.end_object();
  w.member("ear.appraisal-policy-id", submod.policy_id);
  WARD_CHECK_OK(write_annotated(w, submod));
  write_reasons(w, submod);
  w.end_object();
  return {};
}

Result<std::string_view> text_of(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  if (value == nullptr || !value->as_string()) {
    return Error(Errc::kMalformed, "ear: a claim is absent or not a string");
  }
  return *value->as_string();
}

Result<TrustTier> tier_named(std::string_view name) {
  const auto* found = std::find(kTiers.begin(), kTiers.end(), name);
  if (found == kTiers.end()) return Error(Errc::kMalformed, "ear: status");
  return static_cast<TrustTier>(found - kTiers.begin());
}

Result<TrustVector> read_vector(const JsonValue& submod) {
  TrustVector out;
  const JsonValue* vector = submod.find("ear.trustworthiness-vector");
  if (vector == nullptr) return out;  // optional in the draft
  if (!vector->is_object()) return Error(Errc::kMalformed, "ear: vector");
  for (const JsonValue::Member& entry : vector->members()) {
    const auto* member = std::find_if(kVector.begin(), kVector.end(),
                                      [&](const VectorMember& m) { return m.name == entry.first; });
    const auto claim = entry.second.as_int();
    if (member == kVector.end() || !claim || *claim < -128 || *claim > 127) {
      return Error(Errc::kMalformed, "ear: vector");
    }
    out.*member->claim = static_cast<std::int8_t>(*claim);
  }
  return out;
}

Result<void> read_reasons(const JsonValue& submod, EarView::Submod& out) {
  const JsonValue* reasons = submod.find("ward.appraisal");
  if (reasons == nullptr) return {};
  WARD_TRY(const std::string_view verdict, text_of(*reasons, "verdict"));
  out.verdict = std::string(verdict);
  const JsonValue* development = reasons->find("development");
  const JsonValue* unchecked = reasons->find("unchecked");
  if (development == nullptr || !development->as_bool() || unchecked == nullptr ||
      !unchecked->is_array()) {
    return Error(Errc::kMalformed, "ear: ward.appraisal");
  }
  out.development = *development->as_bool();
  for (const JsonValue& item : unchecked->items()) {
    if (!item.as_string()) return Error(Errc::kMalformed, "ear: unchecked");
    out.unchecked.emplace_back(*item.as_string());
  }
  return {};
}

Result<EarView::Submod> read_submod(const std::string& name, const JsonValue& submod) {
  if (!submod.is_object()) return Error(Errc::kMalformed, "ear: submod");
  EarView::Submod out;
  out.name = name;
  WARD_TRY(const std::string_view status, text_of(submod, "ear.status"));
  WARD_TRY(out.status, tier_named(status));
  WARD_TRY(const TrustVector vector, read_vector(submod));
  if (out.status < vector.status()) {
    return Error(Errc::kMalformed, "ear: status is better than the vector");
  }
  WARD_CHECK_OK(read_reasons(submod, out));
  if (const JsonValue* annotated = submod.find("ear.veraison.annotated-evidence")) {
    out.runtime_data = annotated->find("runtime_data_claims");
    if (out.runtime_data != nullptr) out.tee_pubkey = out.runtime_data->find("tee-pubkey");
  }
  return out;
}

}  // namespace

std::string_view to_text(TrustTier tier) { return kTiers[static_cast<std::size_t>(tier)]; }

TrustTier tier_of(std::int8_t claim) {
  if (claim >= -1 && claim <= 1) return TrustTier::kNone;
  if (claim >= -32 && claim <= 31) return TrustTier::kAffirming;
  if (claim >= -96 && claim <= 95) return TrustTier::kWarning;
  return TrustTier::kContraindicated;
}

TrustTier TrustVector::status() const {
  TrustTier worst = TrustTier::kNone;
  for (const VectorMember& member : kVector) {
    worst = std::max(worst, tier_of(this->*member.claim));
  }
  return worst;
}

Result<std::string> ear_payload(const Ear& ear) {
  if (ear.submods.empty()) return Error(Errc::kMalformed, "ear: no submod");
  if (ear.submods.size() > kMaxEarSubmods) {
    return Error(Errc::kLimit, "ear: submods", ear.submods.size());
  }
  JsonWriter w;
  w.begin_object();
  w.member("eat_profile", kTrusteeProfile);
  w.member("iss", ear.issuer);
  w.member("iat", ear.issued.seconds).member("exp", ear.expires.seconds);
  if (!ear.audience.empty()) w.member("aud", ear.audience);
  if (!ear.id.empty()) w.member("jti", ear.id);
  w.name("ear.verifier-id").begin_object();
  w.member("developer", ear.verifier_developer).member("build", ear.verifier_build).end_object();
  w.name("submods").begin_object();
  for (const EarSubmod& submod : ear.submods) {
    w.name(submod.name);
    WARD_CHECK_OK(write_submod(w, submod));
  }
  WARD_TRY(const std::string plain, w.end_object().end_object().take());
  const auto parsed = codec::parse_json(as_bytes(plain), {.max_bytes = kMaxJwsBytes});
  if (!parsed) return Error(Errc::kLimit, "ear: size");
  return codec::canonical_json(*parsed);
}

Result<std::string> sign_ear(const JwsSigner& signer, const Ear& ear) {
  WARD_TRY(const std::string payload, ear_payload(ear));
  return sign_jws(signer, "JWT", as_bytes(payload));
}

Result<EarView> view_ear(const JsonValue& claims) {
  WARD_TRY(const std::string_view profile, text_of(claims, "eat_profile"));
  if (profile != kTrusteeProfile) return Error(Errc::kUnsupported, "ear: profile");
  const JsonValue* submods = claims.find("submods");
  if (submods == nullptr || !submods->is_object() || submods->members().empty()) {
    return Error(Errc::kMalformed, "ear: submods");
  }
  if (submods->members().size() > kMaxEarSubmods) return Error(Errc::kLimit, "ear: submods");
  EarView out;
  for (const auto& [name, value] : submods->members()) {
    WARD_TRY(EarView::Submod submod, read_submod(name, value));
    out.submods.push_back(std::move(submod));
  }
  return out;
}

Result<void> judge_ear(const EarView& ear, bool allow_development) {
  if (ear.submods.empty()) return Error(Errc::kDenied, "ear: nothing was appraised");
  for (const EarView::Submod& submod : ear.submods) {
    // A development platform's hardware claim is bad by rule, so its status says nothing; that
    // every check passed is then in the verdict alone.
    const bool tolerated = allow_development && submod.development && submod.verdict == "accepted";
    if (submod.status != TrustTier::kAffirming && !tolerated) {
      return Error(Errc::kDenied, "ear: a status is not affirming");
    }
    if (!submod.verdict.empty() && submod.verdict != "accepted") {
      return Error(Errc::kDenied, "ear: a verdict is not accepted");
    }
    if (!submod.unchecked.empty()) return Error(Errc::kDenied, "ear: something was not checked");
    if (submod.development && !allow_development) {
      return Error(Errc::kDenied, "ear: a development platform");
    }
  }
  return {};
}

}  // namespace ward::token
