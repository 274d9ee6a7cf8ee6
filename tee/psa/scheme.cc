#include "tee/psa/scheme.h"

#include <utility>

#include "attest/fields.h"
#include "tee/arm/keys.h"
#include "tee/psa/token.h"
#include "tee/x509/given.h"
#include "tee/x509/work.h"

namespace ward::psa {
namespace {

using attest::Origin;

constexpr attest::CheckInfo kChecks[] = {
#define WARD_PSA_CHECK(name, id, reference, meaning, hint) {"psa." id, reference, meaning, hint},
#define WARD_PSA_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/psa/checks.def"
#undef WARD_PSA_CHECK
#undef WARD_PSA_POLICY_CHECK
#define WARD_PSA_CHECK(name, id, reference, meaning, hint)
#define WARD_PSA_POLICY_CHECK(name, id, reference, meaning, hint) \
  {"psa." id, reference, meaning, hint},
#include "tee/psa/checks.def"
#undef WARD_PSA_CHECK
#undef WARD_PSA_POLICY_CHECK
#define WARD_FIELD(claim, id, form, reference) \
  {"psa." id, reference, attest::kFieldMeaning, attest::kFieldHint},
#include "tee/psa/fields.def"
#undef WARD_FIELD
};

// Components as "type=hex": never hex digits alone.
constexpr attest::FieldForm kItems{.kind = attest::FieldKind::kItems, .size = 64};

constexpr attest::FieldInfo kFields[] = {
#define WARD_FIELD(claim, id, form, reference) {"psa." id, claim, form},
#include "tee/psa/fields.def"
#undef WARD_FIELD
};

constexpr attest::PolicyLine kDefaultPolicy[] = {
#define WARD_POLICY_LINE(line, value, why) {line, value, why},
#include "tee/psa/policy.def"
#undef WARD_POLICY_LINE
};

constexpr const char* kMeasuredBy[] = {"psa.device.components", "psa.device.signers"};

constexpr auto kPolicyAt = static_cast<std::size_t>(CheckId::kEnd);
constexpr std::uint8_t kUeidRandom = 0x01;  // RFC 9711 4.2.1: RAND
constexpr std::uint8_t kHeadMac0 = 0xd1;
constexpr std::uint8_t kHeadSign1 = 0xd2;

std::span<const attest::CheckInfo> field_checks() {
  return std::span<const attest::CheckInfo>(kChecks).last(std::size(kFields));
}

attest::Facts facts_without_values() {
  const auto info = [](PolicyCheckId id) {
    return &kChecks[kPolicyAt + static_cast<std::size_t>(id)];
  };
  attest::Facts facts;
  facts.debug_check = info(PolicyCheckId::kDebug);
  facts.report_data_check = info(PolicyCheckId::kReportData);
  facts.chip_check = info(PolicyCheckId::kChip);
  facts.development_check = info(PolicyCheckId::kDevelopment);
  facts.measured_by = kMeasuredBy;
  return facts;
}

void fill_facts(const Token& token, attest::Facts& facts) {
  facts.debug = arm::is_debug(arm::lifecycle_of(token.lifecycle));
  assign(token.nonce, facts.report_data);
  facts.chips = {to_buffer(token.instance_id)};
}

void record_form(CheckList& checks, const FormError* error) {
  const bool form = error == nullptr || error->check != CheckId::kForm;
  checks.record(CheckId::kForm, form, form ? "a signed token" : error->found,
                {form ? "a signed token" : error->expected});
  if (error != nullptr && error->check != CheckId::kForm) {
    checks.record(error->check, false, error->found, {error->expected});
  }
}

void record_device(CheckList& checks, const Token& token) {
  const std::string profile(name_of(token.profile));
  checks.record(CheckId::kProfile, true, token.names_profile ? profile : "none", {profile});
  checks.record_octets(CheckId::kInstanceId, token.instance_id.front() == kUeidRandom,
                       token.instance_id, {"33 octets that begin with 01"});
  const auto state = arm::lifecycle_of(token.lifecycle);
  const std::string number = std::to_string(token.lifecycle);
  checks.record(CheckId::kLifecycle, arm::in_service(state),
                state ? number + ", " + arm::to_text(*state) : number,
                {"a secured device (or one in debug, which has a check of its own)"});
}

void record_key(CheckList& checks, const attest::Job& job, const arm::Keys& keys,
                const Token& token, attest::Findings& out) {
  const auto* key = arm::find_signer(keys, job.anchors, [&](const arm::NamedKey& k) {
    return arm::signed_by(token.message, k.key);
  });
  if (key == nullptr) {
    checks.absent(CheckId::kKeyPresent, "the attestation key of instance " +
                                            to_hex(token.instance_id) +
                                            ", as PEM or JWK: the device's maker tells it");
    return;
  }
  checks.record(CheckId::kKeyPresent, true, key->name, {"the device's attestation key"});
  const attest::Anchor* anchor = arm::find_anchor(job.anchors, *key);
  checks.record(CheckId::kKeyRoot, anchor != nullptr, "public key sha256:" + to_hex(key->digest),
                {"a key that was named as a root of trust", Origin::kPolicy, "trust anchors"});
  out.development = anchor != nullptr && anchor->development;
  const bool holds = arm::signed_by(token.message, key->key);
  checks.record(CheckId::kSignature, holds,
                holds ? "by the device's key" : "not by the device's key",
                {"signed by the key of " + key->name, Origin::kCollateral, key->name});
  if (job.work == nullptr) return;
  const attest::Part spki =
      arm::show_signature(*job.work, {.check = &checks.info(CheckId::kSignature),
                                      .message = &token.message,
                                      .spki = key->spki,
                                      .key_title = "device's attestation key (IAK)",
                                      .key_name = key->name,
                                      .holds = holds});
  arm::show_root(*job.work, checks.info(CheckId::kKeyRoot), spki, anchor);
}

Result<Token> form_only(Bytes evidence) {
  auto out = parse_token(evidence);
  if (const auto* error = std::get_if<FormError>(&out)) {
    if (error->check == CheckId::kProfile) return Error(Errc::kUnsupported, "an unknown profile");
    return Error(Errc::kMalformed, "no COSE_Sign1 of a PSA token's claims");
  }
  return std::get<Token>(std::move(out));
}

}  // namespace

attest::SchemeInfo Psa::info() const {
  return {.name = "psa",
          .title = "Arm PSA (attestation token of a device, RFC 9783)",
          .media_type = R"(application/eat+cwt; eat_profile="tag:psacertified.org,2023:psa#tfm")",
          .report_data_size = 0,
          .checks = kChecks,
          .fields = kFields,
          .default_policy = kDefaultPolicy,
          .report_data_sizes = attest::kDigestSizes};
}

attest::Recognition Psa::recognises(Bytes evidence) const {
  using attest::Recognition;
  // The first octet tells most other evidence apart: a tag's or an array's head (RFC 8949 3.1).
  constexpr unsigned kArray = 4;
  constexpr unsigned kTag = 6;
  const unsigned major = evidence.empty() ? 0 : evidence[0] >> 5U;
  if (major != kTag && major != kArray) return Recognition::kNo;
  if (is_token(evidence)) return Recognition::kSure;
  // A cut one: its head, and the name of a profile.
  const bool tagged = evidence.size() > 2 && evidence[1] == 0x84 &&
                      (evidence[0] == kHeadSign1 || evidence[0] == kHeadMac0);
  if (!tagged) return Recognition::kNo;
  const auto names = [&](const char* profile) {
    return as_text(evidence).find(profile) != std::string_view::npos;
  };
  const bool named = names("/psa/2") || names("2023:psa#") || names("PSA_IOT_PROFILE_1");
  return named ? Recognition::kDamaged : Recognition::kNo;
}

Result<std::vector<attest::Claim>> Psa::inspect(Bytes evidence) const {
  WARD_TRY(const Token token, form_only(evidence));
  std::vector<attest::Claim> out;
  token.add_claims(out);
  return out;
}

Result<std::vector<attest::LayoutField>> Psa::layout(Bytes evidence) const {
  WARD_TRY(const Token token, form_only(evidence));
  return token.layout(evidence);
}

Result<std::vector<attest::CollateralRequest>> Psa::needs(Bytes evidence) const {
  WARD_TRY(const Token token, form_only(evidence));
  return std::vector<attest::CollateralRequest>{
      {"psa.device_key", to_hex(token.instance_id),
       kChecks[static_cast<std::size_t>(CheckId::kKeyPresent)].id}};
}

std::unique_ptr<const attest::Prepared> Psa::prepare(const attest::Collateral& collateral) const {
  return std::make_unique<x509::PreparedSet<arm::Keys>>(
      collateral, arm::read_keys(x509::all_of(collateral), nullptr), nullptr);
}

Result<void> Psa::verify(const attest::Job& job, attest::Findings& out) const {
  if (job.work != nullptr) job.work->add(x509::evidence_material(job.evidence, "token"));
  out = {};
  out.tee = "psa";
  out.facts = facts_without_values();
  CheckList checks(std::span<const attest::CheckInfo>(kChecks).first(kPolicyAt), out.checks);
  const auto parsed = parse_token(job.evidence);
  if (const auto* error = std::get_if<FormError>(&parsed)) {
    record_form(checks, error);
    attest::write_field_facts(field_checks(), kFields, {}, out.facts.fields);
    return {};
  }
  record_form(checks, nullptr);
  const auto& token = std::get<Token>(parsed);
  token.add_claims(out.claims);
  fill_facts(token, out.facts);
  x509::Given<arm::Keys> given(job, nullptr, arm::read_keys);
  const arm::Keys& keys = given.collateral();
  out.notes = keys.notes;
  out.notes.insert(out.notes.end(), token.unknown.begin(), token.unknown.end());
  record_device(checks, token);
  record_key(checks, job, keys, token, out);
  attest::write_field_facts(field_checks(), kFields, out.claims, out.facts.fields);
  return {};
}

}  // namespace ward::psa
