#include "broker/result_token.h"

#include <algorithm>
#include <utility>

#include "broker/appraise_request.h"
#include "broker/facts.h"
#include "broker/trust_rules.h"
#include "crypto/digest.h"
#include "token/ear.h"
#include "token/ear_cwt.h"

namespace ward::broker {
namespace {

// Of a check that passed a result has the id alone.
token::EarCheck to_ear(const attest::Check& check) {
  if (check.outcome == attest::Outcome::kPassed) {
    return {.id = check.info->id, .outcome = to_text(check.outcome)};
  }
  return {
      .id = check.info->id,
      .outcome = to_text(check.outcome),
      .found = check.found,
      .expected = check.expected,
      .expected_from = check.expected_from.empty() ? to_text(check.origin) : check.expected_from,
      .reference = check.info->reference,
      .hint = check.info->hint};
}

void append(std::string& text, const std::string& more) {
  if (!more.empty() && text != more) text += (text.empty() ? "" : "; ") + more;
}

// add_check: of composite evidence a check may be there for each part. In a result it stands once:
// passed where it passed each time, else with what all others found.
void add_check(std::vector<token::EarCheck>& checks, const attest::Check& check) {
  const auto known =
      std::ranges::find(checks, std::string_view(check.info->id), &token::EarCheck::id);
  if (known == checks.end()) {
    checks.push_back(to_ear(check));
  } else if (known->outcome == to_text(attest::Outcome::kPassed)) {
    *known = to_ear(check);
  } else if (check.outcome != attest::Outcome::kPassed) {
    if (check.outcome == attest::Outcome::kFailed) known->outcome = to_text(check.outcome);
    append(known->found, check.found);
    append(known->expected, check.expected);
  }
}

// add_claims lets policies in Rego worsen what the checks make of the vector, and say what they say
// nothing of; but nobody calls a development platform's hardware genuine.
void add_claims(token::TrustVector& vector, const RegoClaims& claims, bool development) {
  for (const auto& [name, value] : claims) {
    for (const token::VectorMember& member : token::vector_members()) {
      std::int8_t& claim = vector.*member.claim;
      const bool hardware = member.claim == &token::TrustVector::hardware;
      if (member.name != name || (hardware && development)) continue;
      if (token::tier_of(value) > token::tier_of(claim)) claim = value;
    }
  }
}

Result<token::Ear> ear_of(const Service& service, const attest::Appraisal& appraisal,
                          const ResultInputs& inputs, std::string id, UnixTime now) {
  WARD_TRY(token::EarSubmod submod, submod_of(appraisal, inputs));
  token::Ear ear;
  ear.issuer = issuer_of(service.options);
  ear.audience = inputs.audience.empty() ? service.options.name : std::string(inputs.audience);
  ear.verifier_build = "wardd";
  ear.id = std::move(id);
  ear.issued = now;
  ear.expires = {now.seconds + service.options.token_life_s};
  ear.submods.push_back(std::move(submod));
  return ear;
}

}  // namespace

Result<token::EarSubmod> submod_of(const attest::Appraisal& appraisal, const ResultInputs& inputs) {
  token::EarSubmod submod;
  submod.vector = trust_vector(appraisal);
  add_claims(submod.vector, inputs.rego.claims, appraisal.development);
  submod.extensions = inputs.rego.extensions;
  submod.policy_id = std::string(inputs.policy_id);
  submod.tee = appraisal.tee;
  WARD_TRY(submod.tee_claims_json, tee_claims(appraisal, inputs.protocol));
  if (!inputs.runtime_data.empty()) {
    WARD_TRY(submod.runtime_data_json, told_text(inputs.runtime_data));
  }
  submod.report_data = appraisal.facts.report_data;
  submod.nonce = to_buffer(inputs.nonce);
  submod.init_data = to_buffer(inputs.init_data_digest);
  submod.verdict = to_text(appraisal.verdict);
  submod.tcb_status = appraisal.tcb.status.value_or("");
  submod.tcb_advisories = appraisal.tcb.advisories;
  submod.development = appraisal.development;
  for (const attest::Check& check : appraisal.checks) {
    add_check(submod.checks, check);
  }
  submod.unchecked = appraisal.unchecked;
  return submod;
}

Result<SignedResult> make_result(const Service& service, const attest::Appraisal& appraisal,
                                 const ResultInputs& inputs, UnixTime now) {
  std::string id = to_hex(crypto::random_array<16>(service.rng));
  WARD_TRY(const token::Ear ear, ear_of(service, appraisal, inputs, std::move(id), now));
  SignedResult out{.token = {}, .claims = {}, .issued = ear.issued, .expires = ear.expires};
  const token::JwsSigner& signer = service.keys.token_signer;
  if (inputs.profile == token::EarProfile::kCwt) {
    WARD_TRY(const Buffer cwt, token::sign_ear_cwt(signer, ear));
    out.token = to_base64(cwt, Base64::kStandard);
    return out;
  }
  WARD_TRY(out.claims, token::ear_payload(ear, inputs.profile));
  WARD_TRY(out.token, token::sign_ear_claims(signer, out.claims, inputs.profile));
  return out;
}

std::string result_digest(std::string_view token) {
  return to_hex(crypto::sha256(as_bytes(token.substr(0, token.rfind('.')))));
}

Result<std::string> result_claims(const Service& service, const attest::Appraisal& appraisal,
                                  const ResultInputs& inputs, std::string id, UnixTime now) {
  WARD_TRY(const token::Ear ear, ear_of(service, appraisal, inputs, std::move(id), now));
  return token::ear_payload(ear);
}

}  // namespace ward::broker
