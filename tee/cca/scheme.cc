#include "tee/cca/scheme.h"

#include <algorithm>
#include <utility>

#include "attest/fields.h"
#include "tee/arm/keys.h"
#include "tee/cca/token.h"
#include "tee/cca/verify.h"
#include "tee/x509/given.h"
#include "tee/x509/work.h"

namespace ward::cca {
namespace {

constexpr attest::CheckInfo kChecks[] = {
#define WARD_CCA_CHECK(name, id, reference, meaning, hint) {"cca." id, reference, meaning, hint},
#define WARD_CCA_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/cca/checks.def"
#undef WARD_CCA_CHECK
#undef WARD_CCA_POLICY_CHECK
#define WARD_CCA_CHECK(name, id, reference, meaning, hint)
#define WARD_CCA_POLICY_CHECK(name, id, reference, meaning, hint) \
  {"cca." id, reference, meaning, hint},
#include "tee/cca/checks.def"
#undef WARD_CCA_CHECK
#undef WARD_CCA_POLICY_CHECK
#define WARD_FIELD(claim, id, form, reference) \
  {"cca." id, reference, attest::kFieldMeaning, attest::kFieldHint},
#include "tee/cca/fields.def"
#undef WARD_FIELD
};

// Components as "type=hex": never hex digits alone.
constexpr attest::FieldForm kItems{.kind = attest::FieldKind::kItems, .size = 64};

constexpr attest::FieldInfo kFields[] = {
#define WARD_FIELD(claim, id, form, reference) {"cca." id, claim, form},
#include "tee/cca/fields.def"
#undef WARD_FIELD
};

constexpr attest::PolicyLine kDefaultPolicy[] = {
#define WARD_POLICY_LINE(line, value, why) {line, value, why},
#include "tee/cca/policy.def"
#undef WARD_POLICY_LINE
};

constexpr auto kPolicyAt = static_cast<std::size_t>(CheckId::kEnd);

std::span<const attest::CheckInfo> field_checks() {
  return std::span<const attest::CheckInfo>(kChecks).last(std::size(kFields));
}

// The head of tag 399 and of a map, whatever its size.
constexpr std::uint8_t kTagHead[] = {0xd9, 0x01, 0x8f};

attest::Facts facts_without_values() {
  const auto info = [](PolicyCheckId id) {
    return &kChecks[kPolicyAt + static_cast<std::size_t>(id)];
  };
  attest::Facts facts;
  facts.debug_check = info(PolicyCheckId::kDebug);
  facts.memory = attest::MemoryKept::kEncrypted;
  facts.report_data_check = info(PolicyCheckId::kReportData);
  facts.measurement_check = info(PolicyCheckId::kMeasurement);
  facts.workload_check = info(PolicyCheckId::kWorkload);
  facts.chip_check = info(PolicyCheckId::kChip);
  facts.development_check = info(PolicyCheckId::kDevelopment);
  return facts;
}

void fill_facts(const Token& token, attest::Facts& facts) {
  facts.debug = arm::is_debug(arm::lifecycle_of(token.platform.lifecycle));
  assign(token.realm.challenge, facts.report_data);
  assign(token.realm.initial_measurement, facts.measurement);
  assign(token.realm.personalization_value, facts.workload);
  facts.chips = {to_buffer(token.platform.instance_id)};
}

// The forms in the order in which they are read; those that come before a wrong one are right.
constexpr CheckId kForms[] = {CheckId::kForm, CheckId::kPlatformForm, CheckId::kRealmForm};

void record_forms(CheckList& checks, const FormError* error) {
  for (const CheckId id : kForms) {
    if (error != nullptr && id == error->check) {
      checks.record(id, false, error->found, {error->expected});
      return;
    }
    checks.record(id, true, "well formed", {"well formed"});
  }
}

Error form_failure(CheckId check) {
  if (check == CheckId::kPlatformForm) {
    return {Errc::kMalformed, "its platform token is no COSE_Sign1 of a platform's claims"};
  }
  if (check == CheckId::kRealmForm) {
    return {Errc::kMalformed, "its realm token is no COSE_Sign1 of a realm's claims"};
  }
  return {Errc::kMalformed, "no CBOR tag 399 of a platform and a realm token, and no JSON of one"};
}

// Read is a token with the octets that it borrows from.
struct Read {
  Bytes octets;
  Token token;
};

std::variant<Read, FormError> read(Bytes evidence, Buffer& storage) {
  auto octets = token_octets(evidence, storage);
  if (auto* error = std::get_if<FormError>(&octets)) return std::move(*error);
  auto token = parse_token(std::get<Bytes>(octets));
  if (auto* error = std::get_if<FormError>(&token)) return std::move(*error);
  return Read{std::get<Bytes>(octets), std::get<Token>(std::move(token))};
}

Result<Read> form_only(Bytes evidence, Buffer& storage) {
  auto out = read(evidence, storage);
  if (const auto* error = std::get_if<FormError>(&out)) return form_failure(error->check);
  return std::get<Read>(std::move(out));
}

}  // namespace

attest::SchemeInfo Cca::info() const {
  return {.name = "cca",
          .title = "Arm CCA (attestation token of platform and realm)",
          .media_type = R"(application/eat-collection; profile="http://arm.com/CCA-SSD/1.0.0")",
          .report_data_size = kChallengeSize,
          .measurement_size = 0,
          .workload_size = kPersonalizationSize,
          .checks = kChecks,
          .fields = kFields,
          .default_policy = kDefaultPolicy,
          .measurement_sizes = attest::kDigestSizes};
}

attest::Recognition Cca::recognises(Bytes evidence) const {
  using attest::Recognition;
  if (is_json(evidence)) {
    // Its one member, behind the brace and any blanks.
    std::string_view text = as_text(evidence);
    text.remove_prefix(text.find('{') + 1);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return text.starts_with(R"("token")") ? Recognition::kSure : Recognition::kNo;
  }
  const bool tagged = evidence.size() > std::size(kTagHead) && evidence[0] == kTagHead[0] &&
                      equal(evidence.first(std::size(kTagHead)), kTagHead);
  return tagged ? Recognition::kSure : Recognition::kNo;
}

Result<std::vector<attest::Claim>> Cca::inspect(Bytes evidence) const {
  Buffer storage;
  WARD_TRY(const Read read, form_only(evidence, storage));
  std::vector<attest::Claim> out;
  read.token.add_claims(out);
  return out;
}

Result<std::vector<attest::LayoutField>> Cca::layout(Bytes evidence) const {
  Buffer storage;
  WARD_TRY(const Read read, form_only(evidence, storage));
  if (!is_json(evidence)) return read.token.layout(evidence);
  return std::vector<attest::LayoutField>{{.offset = 0,
                                           .size = evidence.size(),
                                           .name = "token",
                                           .type = "JSON",
                                           .value = to_hex(read.octets)}};
}

Result<std::vector<attest::CollateralRequest>> Cca::needs(Bytes evidence) const {
  Buffer storage;
  WARD_TRY(const Read read, form_only(evidence, storage));
  return std::vector<attest::CollateralRequest>{
      {"cca.platform_key", to_hex(read.token.platform.instance_id),
       kChecks[static_cast<std::size_t>(CheckId::kKeyPresent)].id}};
}

std::unique_ptr<const attest::Prepared> Cca::prepare(const attest::Collateral& collateral) const {
  return std::make_unique<x509::PreparedSet<arm::Keys>>(
      collateral, arm::read_keys(x509::all_of(collateral), nullptr), nullptr);
}

Result<void> Cca::verify(const attest::Job& job, attest::Findings& out) const {
  if (job.work != nullptr) job.work->add(x509::evidence_material(job.evidence, "token"));
  out = {};
  out.tee = "cca";
  out.facts = facts_without_values();
  CheckList checks(std::span<const attest::CheckInfo>(kChecks).first(kPolicyAt), out.checks);
  Buffer storage;
  const auto parsed = read(job.evidence, storage);
  if (const auto* error = std::get_if<FormError>(&parsed)) {
    record_forms(checks, error);
    attest::write_field_facts(field_checks(), kFields, {}, out.facts.fields);
    return {};
  }
  record_forms(checks, nullptr);
  const auto& found = std::get<Read>(parsed);
  found.token.add_claims(out.claims);
  fill_facts(found.token, out.facts);
  x509::Given<arm::Keys> given(job, nullptr, arm::read_keys);
  const arm::Keys& keys = given.collateral();
  out.notes = keys.notes;
  out.notes.insert(out.notes.end(), found.token.unknown.begin(), found.token.unknown.end());
  Context context{checks, keys, job.anchors, out, job.work, found.octets};
  verify_token(context, found.token);
  attest::write_field_facts(field_checks(), kFields, out.claims, out.facts.fields);
  return {};
}

}  // namespace ward::cca
