#include "token/ear.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/json.h"
#include "codec/json_write.h"
#include "token/ear_names.h"

namespace ward::token {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::array<VectorMember, 8> kVector = {{
    {"instance-identity", 0, &TrustVector::instance_identity},
    {"configuration", 1, &TrustVector::configuration},
    {"executables", 2, &TrustVector::executables},
    {"file-system", 3, &TrustVector::file_system},
    {"hardware", 4, &TrustVector::hardware},
    {"runtime-opaque", 5, &TrustVector::runtime_opaque},
    {"storage-opaque", 6, &TrustVector::storage_opaque},
    {"sourced-data", 7, &TrustVector::sourced_data},
}};

struct Profile {
  EarProfile profile;
  std::string_view name;
  std::string_view type;
};

constexpr std::array<Profile, 3> kProfiles = {{{EarProfile::kTrustee, "trustee", "eat+jwt"},
                                               {EarProfile::kIetf, "ietf", "eat+jwt"},
                                               {EarProfile::kCwt, "cwt", "eat+cwt"}}};

const Profile& row_of(EarProfile profile) {
  return *std::find_if(kProfiles.begin(), kProfiles.end(),
                       [&](const Profile& row) { return row.profile == profile; });
}

// draft-ietf-rats-ear-03 section 3, RFC 9711 section 4.1.
constexpr std::size_t kLeastNonce = 8;
constexpr std::size_t kMostNonce = 64;

void write_texts(JsonWriter& w, std::string_view name, const std::vector<std::string>& texts) {
  w.name(name).begin_array();
  for (const std::string& text : texts) {
    w.string(text);
  }
  w.end_array();
}

// Who verifies a result reads no more levels than JsonLimits has, and so many stand above a part:
// the claim set, its submods, the submod, and where the part stands.
constexpr std::uint32_t kLevelsAbove = 4;

constexpr codec::JsonLimits kPart{.max_depth = codec::JsonLimits{}.max_depth - kLevelsAbove};

Result<void> write_annotated(JsonWriter& w, const EarSubmod& submod, const EarNames& names) {
  w.name(names.annotated).begin_object();
  const auto part = [&w](std::string_view name, std::string_view json) -> Result<void> {
    if (json.empty()) return {};
    const auto value = codec::parse_json(as_bytes(json), kPart);
    if (!value || !value->is_object()) {
      return Error(Errc::kMalformed, "ear: claims are not a JSON object");
    }
    w.name(name).copy(*value);
    return {};
  };
  if (!submod.init_data.empty()) w.member("init_data", to_hex(submod.init_data));
  WARD_CHECK_OK(part("init_data_claims", submod.init_data_json));
  if (!submod.report_data.empty()) w.member("report_data", to_hex(submod.report_data));
  WARD_CHECK_OK(part("runtime_data_claims", submod.runtime_data_json));
  if (!submod.tee.empty()) {
    const std::string_view claims = submod.tee_claims_json;
    WARD_CHECK_OK(part(submod.tee, claims.empty() ? "{}" : claims));
  }
  w.end_object();
  return {};
}

// write_check writes what is known of one that did not pass: it says nothing that is empty.
void write_check(JsonWriter& w, const EarCheck& check) {
  const auto text = [&w](std::string_view name, const std::string& value) {
    if (!value.empty()) w.member(name, value);
  };
  w.begin_object();
  text("expected", check.expected);
  text("expected_from", check.expected_from);
  text("found", check.found);
  text("hint", check.hint);
  w.member("id", check.id).member("outcome", check.outcome);
  text("reference", check.reference);
  w.end_object();
}

// Of the checks that passed the ids alone: most of a result would be their texts, which say what is
// known without it.
Result<void> write_reasons(JsonWriter& w, const EarSubmod& submod) {
  WARD_CHECK_OK(check_reasons(submod.checks, submod.verdict));
  WARD_CHECK_OK(check_once(submod.checks));
  w.name("ward.appraisal").begin_object().name("checks").begin_array();
  for (const EarCheck& check : submod.checks) {
    if (check.outcome != kPassed) write_check(w, check);
  }
  w.end_array().member("development", submod.development).name("passed").begin_array();
  for (const EarCheck& check : submod.checks) {
    if (check.outcome == kPassed) w.string(check.id);
  }
  w.end_array().member("schema", kAppraisalSchema);
  write_texts(w, "tcb_advisories", submod.tcb_advisories);
  w.member("tcb_status", submod.tcb_status);
  write_texts(w, "unchecked", submod.unchecked);
  w.member("verdict", submod.verdict).end_object();
  return {};
}

// What a submod says of its policy and its nonce, which each profile has in a way of its own.
Result<void> write_context(JsonWriter& w, const EarSubmod& submod, EarProfile profile) {
  if (profile == EarProfile::kTrustee) {
    w.member(kTrusteePolicy, submod.policy_id);
    return {};
  }
  if (!submod.policy_id.empty()) write_texts(w, kIetfPolicies, {submod.policy_id});
  if (submod.nonce.empty()) return {};
  if (submod.nonce.size() < kLeastNonce || submod.nonce.size() > kMostNonce) {
    return Error(Errc::kMalformed, "ear: size of a nonce", submod.nonce.size());
  }
  w.member("eat_nonce", to_base64(submod.nonce, Base64::kUrl));
  return {};
}

Result<void> write_extensions(JsonWriter& w, const EarSubmod& submod, EarProfile profile) {
  if (profile != EarProfile::kTrustee || submod.extensions.empty()) return {};
  std::vector<std::pair<std::string_view, JsonValue>> others;
  for (const auto& [name, json] : submod.extensions) {
    auto value = codec::parse_json(as_bytes(json), kPart);
    if (!value) return Error(Errc::kMalformed, "ear: an extension is no JSON");
    if (is_extension_name(name)) {
      w.name(name).copy(*value);
    } else {
      others.emplace_back(name, *std::move(value));
    }
  }
  if (others.empty()) return {};
  w.name("ward.extensions").begin_object();
  for (const auto& [name, value] : others) {
    w.name(name).copy(value);
  }
  w.end_object();
  return {};
}

TrustTier status_of(const EarSubmod& submod) {
  return submod.verdict == kAccepted ? submod.vector.status() : TrustTier::kContraindicated;
}

Result<void> write_submod(JsonWriter& w, const EarSubmod& submod, EarProfile profile) {
  // DESIGN decision 7: whatever it says, a development platform is no genuine hardware.
  if (submod.development && tier_of(submod.vector.hardware) == TrustTier::kAffirming) {
    return Error(Errc::kDenied, "ear: a development platform with affirming hardware");
  }
  const EarNames& names = names_of(profile);
  w.begin_object();
  WARD_CHECK_OK(write_context(w, submod, profile));
  w.member(names.status, to_text(status_of(submod)));
  w.name(names.vector).begin_object();
  for (const VectorMember& member : kVector) {
    w.member(member.name, submod.vector.*member.claim);
  }
  w.end_object();
  WARD_CHECK_OK(write_annotated(w, submod, names));
  WARD_CHECK_OK(write_reasons(w, submod));
  WARD_CHECK_OK(write_extensions(w, submod, profile));
  w.end_object();
  return {};
}

}  // namespace

std::string_view to_text(TrustTier tier) { return kEarTiers[static_cast<std::size_t>(tier)]; }

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

bool is_extension_name(std::string_view name) { return name.starts_with("ear.trustee."); }

std::span<const VectorMember> vector_members() { return kVector; }

std::string_view to_text(EarProfile profile) { return row_of(profile).name; }

std::optional<EarProfile> ear_profile(std::string_view name) {
  for (const Profile& row : kProfiles) {
    if (row.name == name) return row.profile;
  }
  return std::nullopt;
}

std::string media_type(EarProfile profile) {
  return "application/" + std::string(row_of(profile).type) + "; eat_profile=\"" +
         std::string(names_of(profile).profile) + "\"";
}

Result<std::string> ear_payload(const Ear& ear, EarProfile profile) {
  if (ear.submods.empty()) return Error(Errc::kMalformed, "ear: no submod");
  if (ear.submods.size() > kMaxEarSubmods) {
    return Error(Errc::kLimit, "ear: submods", ear.submods.size());
  }
  const EarNames& names = names_of(profile);
  // Members stand in canonical order already, as far as they can: else the writer sorts them.
  JsonWriter w(JsonWriter::Style::kCanonical);
  w.begin_object();
  if (!ear.audience.empty()) w.member("aud", ear.audience);
  w.name(names.verifier_id).begin_object();
  w.member("build", ear.verifier_build).member("developer", ear.verifier_developer).end_object();
  w.member("eat_profile", names.profile).member("exp", ear.expires.seconds);
  w.member("iat", ear.issued.seconds).member("iss", ear.issuer);
  if (!ear.id.empty()) w.member("jti", ear.id);
  TrustTier worst = TrustTier::kNone;
  w.name("submods").begin_object();
  for (const EarSubmod& submod : ear.submods) {
    w.name(submod.name);
    WARD_CHECK_OK(write_submod(w, submod, profile));
    worst = std::max(worst, status_of(submod));
  }
  w.end_object();
  if (profile != EarProfile::kTrustee) w.member(names.status, to_text(worst));
  WARD_TRY(std::string text, w.end_object().take());
  // A text of fewer octets than a reader takes values has no more values.
  constexpr codec::JsonLimits kReader{.max_bytes = kMaxJwsBytes};
  if (text.size() > kReader.max_values && !codec::parse_json(as_bytes(text), kReader)) {
    return Error(Errc::kLimit, "ear: size");
  }
  return text;
}

Result<std::string> sign_ear_claims(const JwsSigner& signer, std::string_view claims,
                                    EarProfile profile) {
  if (profile == EarProfile::kCwt) return Error(Errc::kUnsupported, "ear: a CWT is not text");
  return sign_jws(signer, profile == EarProfile::kTrustee ? "JWT" : "eat+jwt", as_bytes(claims));
}

Result<std::string> sign_ear(const JwsSigner& signer, const Ear& ear, EarProfile profile) {
  if (profile == EarProfile::kCwt) return Error(Errc::kUnsupported, "ear: a CWT is not text");
  WARD_TRY(const std::string payload, ear_payload(ear, profile));
  return sign_ear_claims(signer, payload, profile);
}

}  // namespace ward::token
