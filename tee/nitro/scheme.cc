#include "tee/nitro/scheme.h"

#include <algorithm>
#include <utility>

#include "attest/fields.h"
#include "tee/nitro/document.h"
#include "tee/nitro/verify.h"
#include "tee/x509/given.h"
#include "tee/x509/work.h"

namespace ward::nitro {
namespace {

constexpr attest::CheckInfo kChecks[] = {
#define WARD_NITRO_CHECK(name, id, reference, meaning, hint) \
  {"nitro." id, reference, meaning, hint},
#define WARD_NITRO_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/nitro/checks.def"
#undef WARD_NITRO_CHECK
#undef WARD_NITRO_POLICY_CHECK
#define WARD_NITRO_CHECK(name, id, reference, meaning, hint)
#define WARD_NITRO_POLICY_CHECK(name, id, reference, meaning, hint) \
  {"nitro." id, reference, meaning, hint},
#include "tee/nitro/checks.def"
#undef WARD_NITRO_CHECK
#undef WARD_NITRO_POLICY_CHECK
#define WARD_FIELD(claim, id, form, reference) \
  {"nitro." id, reference, attest::kFieldMeaning, attest::kFieldHint},
#include "tee/nitro/fields.def"
#undef WARD_FIELD
};

constexpr attest::FieldInfo kFields[] = {
#define WARD_FIELD(claim, id, form, reference) {"nitro." id, claim, form},
#include "tee/nitro/fields.def"
#undef WARD_FIELD
};

constexpr attest::PolicyLine kDefaultPolicy[] = {
#define WARD_POLICY_LINE(line, value, why) {line, value, why},
#include "tee/nitro/policy.def"
#undef WARD_POLICY_LINE
};

constexpr auto kPolicyAt = static_cast<std::size_t>(CheckId::kEnd);

std::span<const attest::CheckInfo> field_checks() {
  return std::span<const attest::CheckInfo>(kChecks).last(std::size(kFields));
}

// SHA-256 of the root's SubjectPublicKeyInfo. Source: the certificate that AWS publishes
// (AWS_NitroEnclaves_Root-G1.zip, certificate sha256 641a0321a3e244efe456463195d606317ed7cdcc3c175
// 6e09893f3c68f79bb5b); documents of three publishers end in it.
const attest::Anchor kAnchors[] = {
    {.spki_sha256 = {0xf2, 0xca, 0xf5, 0xec, 0xc6, 0x19, 0x0b, 0x4a, 0x83, 0x99, 0xb7,
                     0x8b, 0xc5, 0x8a, 0x2b, 0xbc, 0xd0, 0x38, 0x23, 0x75, 0xdb, 0x8a,
                     0x1b, 0xfd, 0x78, 0xa8, 0x27, 0x43, 0x87, 0x4f, 0xd2, 0x25},
     .name = "AWS Nitro Enclaves root (aws.nitro-enclaves)"}};

constexpr std::uint8_t kTaggedSign1 = 0xd2;
constexpr std::uint8_t kArrayOfFour = 0x84;

// No collateral counts: nothing is read.
struct Nothing {};

Nothing read_nothing(std::span<const attest::Document* const> /*documents*/,
                     x509::OwnDocument /*belongs*/) {
  return {};
}

attest::Facts facts_without_values() {
  const auto info = [](PolicyCheckId id) {
    return &kChecks[kPolicyAt + static_cast<std::size_t>(id)];
  };
  attest::Facts facts;
  facts.debug_check = info(PolicyCheckId::kDebug);
  facts.memory = attest::MemoryKept::kIsolated;
  facts.report_data_check = info(PolicyCheckId::kReportData);
  facts.measurement_check = info(PolicyCheckId::kMeasurement);
  facts.workload_check = info(PolicyCheckId::kWorkload);
  facts.workload_is_extended = true;
  facts.development_check = info(PolicyCheckId::kDevelopment);
  return facts;
}

void fill_facts(const Document& document, attest::Facts& facts) {
  facts.debug = document.debug();
  assign(document.user_data.value_or(Bytes()), facts.report_data);
  assign(document.pcr(kImagePcr).value_or(Bytes()), facts.measurement);
  assign(document.pcr(kWorkloadPcr).value_or(Bytes()), facts.workload);
  const Bytes signer = document.pcr(kSignerPcr).value_or(Bytes());
  assign(all_zero(signer) ? Bytes() : signer, facts.signer);
}

// A form error fails its check; those that come before it are right.
void record_form_error(CheckList& checks, const FormError& error) {
  if (error.check == CheckId::kDigest) {
    checks.record(CheckId::kForm, true, "an attestation document", {"an attestation document"});
    checks.record(CheckId::kAlgorithm, true, "ES384", {"ES384"});
  }
  checks.record(error.check, false, error.found, {error.expected});
}

Error form_failure(CheckId check) {
  if (check == CheckId::kAlgorithm) return {Errc::kUnsupported, "it is not signed with ES384"};
  if (check == CheckId::kDigest) return {Errc::kUnsupported, "its digest is not SHA384"};
  return {Errc::kMalformed, "no COSE_Sign1 of an attestation document"};
}

Result<Document> form_only(Bytes evidence) {
  auto parsed = parse_document(evidence);
  if (const auto* error = std::get_if<FormError>(&parsed)) return form_failure(error->check);
  return std::get<Document>(std::move(parsed));
}

}  // namespace

attest::SchemeInfo Nitro::info() const {
  return {.name = "nitro",
          .title = "AWS Nitro Enclaves (attestation document)",
          .media_type = "application/vnd.aws.nitro.attestation+cose",
          .report_data_size = 0,
          .measurement_size = kPcrSize,
          .workload_size = kPcrSize,
          .checks = kChecks,
          .fields = kFields,
          .anchors = kAnchors,
          .default_policy = kDefaultPolicy};
}

attest::Recognition Nitro::recognises(Bytes evidence) const {
  using attest::Recognition;
  const std::size_t at = !evidence.empty() && evidence[0] == kTaggedSign1 ? 1 : 0;
  if (evidence.size() <= at || evidence[at] != kArrayOfFour) return Recognition::kNo;
  // The key with its head (69, a text of nine octets): it stands in every document, mostly first.
  const bool named = as_text(evidence).find("imodule_id") != std::string_view::npos;
  return named ? Recognition::kSure : Recognition::kNo;
}

Result<std::vector<attest::Claim>> Nitro::inspect(Bytes evidence) const {
  WARD_TRY(const Document document, form_only(evidence));
  std::vector<attest::Claim> out;
  attest::ClaimList list(out);
  document.add_claims(list);
  list.finish();
  return out;
}

Result<std::vector<attest::LayoutField>> Nitro::layout(Bytes evidence) const {
  WARD_TRY(const Document document, form_only(evidence));
  return document.layout(evidence);
}

Result<std::vector<attest::CollateralRequest>> Nitro::needs(Bytes evidence) const {
  WARD_TRY(const Document document, form_only(evidence));
  static_cast<void>(document);
  return std::vector<attest::CollateralRequest>{};
}

std::unique_ptr<const attest::Prepared> Nitro::prepare(const attest::Collateral& collateral) const {
  return std::make_unique<x509::PreparedSet<Nothing>>(collateral, Nothing{}, nullptr);
}

Result<void> Nitro::verify(const attest::Job& job, attest::Findings& out) const {
  if (job.work != nullptr) job.work->add(x509::evidence_material(job.evidence, "document"));
  out = {};
  out.tee = "nitro";
  out.facts = facts_without_values();
  CheckList checks(std::span<const attest::CheckInfo>(kChecks).first(kPolicyAt), out.checks);
  const auto parsed = parse_document(job.evidence);
  if (const auto* error = std::get_if<FormError>(&parsed)) {
    record_form_error(checks, *error);
    attest::write_field_facts(field_checks(), kFields, {}, out.facts.fields);
    return {};
  }
  const auto& document = std::get<Document>(parsed);
  checks.record(CheckId::kForm, true, "an attestation document", {"an attestation document"});
  checks.record(CheckId::kAlgorithm, true, "ES384", {"ES384"});
  checks.record(CheckId::kDigest, true, "SHA384", {"SHA384"});
  attest::ClaimList claims(out.claims);
  document.add_claims(claims);
  claims.finish();
  fill_facts(document, out.facts);
  x509::Given<Nothing> given(job, nullptr, read_nothing);
  Context context{checks, job.anchors, job.now, out, given.signatures(), job.work};
  verify_document(context, document);
  attest::write_field_facts(field_checks(), kFields, out.claims, out.facts.fields);
  return {};
}

}  // namespace ward::nitro
