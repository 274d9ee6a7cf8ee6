#include <algorithm>
#include <utility>

#include "token/ear.h"
#include "token/ear_names.h"

namespace ward::token {
namespace {

using codec::JsonValue;

Result<std::string_view> text_of(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  if (value == nullptr || !value->as_string()) {
    return Error(Errc::kMalformed, "ear: a claim is absent or not a string");
  }
  return *value->as_string();
}

Result<TrustTier> tier_named(std::string_view name) {
  const auto* found = std::find(kEarTiers.begin(), kEarTiers.end(), name);
  if (found == kEarTiers.end()) return Error(Errc::kMalformed, "ear: status");
  return static_cast<TrustTier>(found - kEarTiers.begin());
}

Result<TrustVector> read_vector(const JsonValue& submod, const EarNames& names) {
  TrustVector out;
  const JsonValue* vector = submod.find(names.vector);
  if (vector == nullptr) return out;  // optional in the draft
  if (!vector->is_object()) return Error(Errc::kMalformed, "ear: vector");
  const auto members = vector_members();
  for (const JsonValue::Member& entry : vector->members()) {
    const auto member = std::ranges::find(members, entry.first, &VectorMember::name);
    const auto claim = entry.second.as_int();
    if (member == members.end() || !claim || *claim < -128 || *claim > 127) {
      return Error(Errc::kMalformed, "ear: vector");
    }
    out.*member->claim = static_cast<std::int8_t>(*claim);
  }
  return out;
}

// One text or a list of texts; none where the member is absent.
Result<std::vector<std::string>> texts_of(const JsonValue& object, std::string_view name,
                                          bool list_only) {
  std::vector<std::string> out;
  const JsonValue* value = object.find(name);
  if (value == nullptr) return out;
  if (const auto one = value->as_string(); one && !list_only) {
    out.emplace_back(*one);
    return out;
  }
  if (!value->is_array() || value->items().size() > kMaxEarChecks) {
    return Error(Errc::kMalformed, "ear: a list of texts");
  }
  for (const JsonValue& item : value->items()) {
    if (!item.as_string()) return Error(Errc::kMalformed, "ear: a list of texts");
    out.emplace_back(*item.as_string());
  }
  return out;
}

Result<std::vector<std::string>> read_policies(const JsonValue& submod, EarProfile profile) {
  if (profile == EarProfile::kTrustee) return texts_of(submod, kTrusteePolicy, false);
  WARD_TRY(std::vector<std::string> out, texts_of(submod, kIetfPolicies, true));
  if (out.empty() && submod.find(kIetfPolicies) != nullptr) {
    return Error(Errc::kMalformed, "ear: an empty list of policies");
  }
  return out;
}

Result<EarCheck> read_check(const JsonValue& item) {
  EarCheck out;
  WARD_TRY(out.id, text_of(item, "id"));
  WARD_TRY(out.outcome, text_of(item, "outcome"));
  const std::pair<std::string_view, std::string EarCheck::*> texts[] = {
      {"found", &EarCheck::found},
      {"expected", &EarCheck::expected},
      {"expected_from", &EarCheck::expected_from},
      {"reference", &EarCheck::reference},
      {"hint", &EarCheck::hint}};
  for (const auto& [name, member] : texts) {
    if (item.find(name) == nullptr) continue;
    WARD_TRY(out.*member, text_of(item, name));
  }
  return out;
}

// In the old form every check stands in `checks`, composite evidence's more than once; in ours each
// stands in one of the two lists.
Result<std::vector<EarCheck>> read_checks(const JsonValue& reasons, std::string_view verdict) {
  WARD_TRY(const std::string_view schema, text_of(reasons, "schema"));
  const bool old = schema == kOldAppraisalSchema;
  if (!old && schema != kAppraisalSchema) {
    return Error(Errc::kUnsupported, "ear: ward.appraisal of another schema");
  }
  const JsonValue* passed = reasons.find("passed");
  const JsonValue* checks = reasons.find("checks");
  if (checks == nullptr || !checks->is_array() || (passed == nullptr) != old ||
      (passed != nullptr && !passed->is_array())) {
    return Error(Errc::kMalformed, "ear: the checks of ward.appraisal");
  }
  const std::size_t size = checks->items().size() + (old ? 0 : passed->items().size());
  if (size > kMaxEarChecks) return Error(Errc::kLimit, "ear: checks", size);
  std::vector<EarCheck> out;
  for (std::size_t i = 0; !old && i < passed->items().size(); ++i) {
    const auto id = passed->items()[i].as_string();
    if (!id) return Error(Errc::kMalformed, "ear: the id of a check");
    out.push_back({.id = std::string(*id), .outcome = std::string(kPassed)});
  }
  for (const JsonValue& item : checks->items()) {
    WARD_TRY(EarCheck check, read_check(item));
    if (!old && check.outcome == kPassed) {
      return Error(Errc::kMalformed, "ear: a check that passed is not among those that did");
    }
    out.push_back(std::move(check));
  }
  WARD_CHECK_OK(check_reasons(out, verdict));
  if (!old) WARD_CHECK_OK(check_once(out));
  return out;
}

Result<void> read_reasons(const JsonValue& submod, EarView::Submod& out) {
  const JsonValue* reasons = submod.find("ward.appraisal");
  if (reasons == nullptr) return {};
  WARD_TRY(const std::string_view verdict, text_of(*reasons, "verdict"));
  out.verdict = std::string(verdict);
  const JsonValue* development = reasons->find("development");
  if (development == nullptr || !development->as_bool() || reasons->find("unchecked") == nullptr) {
    return Error(Errc::kMalformed, "ear: ward.appraisal");
  }
  out.development = *development->as_bool();
  WARD_TRY(out.unchecked, texts_of(*reasons, "unchecked", true));
  if (const JsonValue* status = reasons->find("tcb_status")) {
    if (!status->as_string()) return Error(Errc::kMalformed, "ear: ward.appraisal");
    out.tcb_status = std::string(*status->as_string());
  }
  WARD_TRY(out.checks, read_checks(*reasons, out.verdict));
  return {};
}

Result<EarView::Submod> read_submod(const std::string& name, const JsonValue& submod,
                                    EarProfile profile) {
  if (!submod.is_object()) return Error(Errc::kMalformed, "ear: submod");
  const EarNames& names = names_of(profile);
  EarView::Submod out;
  out.name = name;
  WARD_TRY(const std::string_view status, text_of(submod, names.status));
  WARD_TRY(out.status, tier_named(status));
  WARD_TRY(out.vector, read_vector(submod, names));
  if (out.status < out.vector.status()) {
    return Error(Errc::kMalformed, "ear: status is better than the vector");
  }
  WARD_TRY(out.policy_ids, read_policies(submod, profile));
  WARD_TRY(out.nonces, texts_of(submod, "eat_nonce", false));
  WARD_CHECK_OK(read_reasons(submod, out));
  if (const JsonValue* annotated = submod.find(names.annotated)) {
    out.runtime_data = annotated->find("runtime_data_claims");
  }
  if (out.runtime_data != nullptr) {
    out.tee_pubkey = out.runtime_data->find("tee-pubkey");
    const JsonValue* nonce = out.runtime_data->find("nonce");
    if (nonce != nullptr && nonce->as_string()) out.nonces.emplace_back(*nonce->as_string());
  }
  return out;
}

// The status of all is optional; one that is better than a submod's misleads.
Result<void> check_overall(const JsonValue& claims, const EarView& view, const EarNames& names) {
  if (claims.find(names.status) == nullptr) return {};
  WARD_TRY(const std::string_view text, text_of(claims, names.status));
  WARD_TRY(const TrustTier overall, tier_named(text));
  for (const EarView::Submod& submod : view.submods) {
    if (overall < submod.status) {
      return Error(Errc::kMalformed, "ear: the status of all is better than a submod's");
    }
  }
  return {};
}

std::optional<Buffer> octets_of(std::string_view base64) {
  auto out = from_base64(base64, Base64::kUrl);
  if (!out) out = from_base64(base64, Base64::kStandard);
  return out ? std::optional<Buffer>(*std::move(out)) : std::nullopt;
}

bool one_is(const std::vector<std::string>& stated, std::string_view nonce) {
  const auto wanted = octets_of(nonce);
  return std::any_of(stated.begin(), stated.end(), [&](const std::string& text) {
    if (text == nonce) return true;
    const auto octets = octets_of(text);
    return wanted && octets && !wanted->empty() && equal(*wanted, *octets);
  });
}

}  // namespace

Result<EarView> view_ear(const JsonValue& claims) {
  WARD_TRY(const std::string_view profile, text_of(claims, "eat_profile"));
  EarView out;
  if (profile == kIetfProfile) {
    out.profile = EarProfile::kIetf;
  } else if (profile != kTrusteeProfile) {
    return Error(Errc::kUnsupported, "ear: profile");
  }
  const JsonValue* submods = claims.find("submods");
  if (submods == nullptr || !submods->is_object() || submods->members().empty()) {
    return Error(Errc::kMalformed, "ear: submods");
  }
  if (submods->members().size() > kMaxEarSubmods) return Error(Errc::kLimit, "ear: submods");
  WARD_TRY(out.nonces, texts_of(claims, "eat_nonce", false));
  for (const auto& [name, value] : submods->members()) {
    WARD_TRY(EarView::Submod submod, read_submod(name, value, out.profile));
    out.submods.push_back(std::move(submod));
  }
  WARD_CHECK_OK(check_overall(claims, out, names_of(out.profile)));
  return out;
}

bool answers_nonce(const EarView& ear, std::string_view nonce) {
  if (nonce.empty()) return false;
  if (one_is(ear.nonces, nonce)) return true;
  return !ear.submods.empty() &&
         std::all_of(ear.submods.begin(), ear.submods.end(),
                     [&](const EarView::Submod& submod) { return one_is(submod.nonces, nonce); });
}

Result<void> judge_ear(const EarView& ear, bool allow_development, std::string_view nonce) {
  if (ear.submods.empty()) return Error(Errc::kDenied, "ear: nothing was appraised");
  const bool answered = !nonce.empty() && answers_nonce(ear, nonce);
  for (const EarView::Submod& submod : ear.submods) {
    // A development platform's hardware claim is bad by rule, so its status says nothing; that
    // every check passed is then in the verdict alone.
    const bool tolerated = allow_development && submod.development && submod.verdict == kAccepted;
    if (submod.status != TrustTier::kAffirming && !tolerated) {
      return Error(Errc::kDenied, "ear: a status is not affirming");
    }
    if (!submod.verdict.empty() && submod.verdict != kAccepted) {
      return Error(Errc::kDenied, "ear: a verdict is not accepted");
    }
    for (const std::string& name : submod.unchecked) {
      if (name != kFreshness) return Error(Errc::kDenied, "ear: something was not checked");
      if (!answered) {
        return Error(Errc::kDenied,
                     "ear: its evidence answers what its sender stated, and may be old");
      }
    }
    if (submod.development && !allow_development) {
      return Error(Errc::kDenied, "ear: a development platform");
    }
  }
  return {};
}

}  // namespace ward::token
