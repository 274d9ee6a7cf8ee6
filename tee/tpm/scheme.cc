#include "tee/tpm/scheme.h"

#include <iterator>
#include <utility>

#include "attest/fields.h"
#include "tee/tpm/logs.h"
#include "tee/tpm/verify.h"
#include "tee/x509/work.h"

namespace ward::tpm {
namespace {

// A policy that names a PCR which can be reset is told so (attest::appraise).
constexpr const char* hint_of(std::string_view claim) {
  return claim == "pcr.16" || claim == "pcr.23"
             ? "Whoever runs on the machine may reset this PCR and extend it anew."
             : attest::kFieldHint;
}

constexpr attest::CheckInfo kChecks[] = {
#define WARD_TPM_CHECK(name, id, reference, meaning, hint) {"tpm." id, reference, meaning, hint},
#define WARD_TPM_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/tpm/checks.def"
#undef WARD_TPM_CHECK
#undef WARD_TPM_POLICY_CHECK
#define WARD_TPM_CHECK(name, id, reference, meaning, hint)
#define WARD_TPM_POLICY_CHECK(name, id, reference, meaning, hint) \
  {"tpm." id, reference, meaning, hint},
#include "tee/tpm/checks.def"
#undef WARD_TPM_CHECK
#undef WARD_TPM_POLICY_CHECK
#define WARD_FIELD(claim, id, form, reference) \
  {"tpm." id, reference, attest::kFieldMeaning, hint_of(claim)},
#include "tee/tpm/fields.def"
#undef WARD_FIELD
};

// The words that claims of words may have.
constexpr const char* kSchemes[] = {"rsassa", "rsapss", "ecdsa"};
constexpr const char* kHashes[] = {"sha256", "sha384", "sha512"};
constexpr const char* kHierarchies[] = {"owner", "endorsement", "platform", "null"};
constexpr const char* kTrustedBy[] = {"key", "certificate"};

constexpr attest::FieldForm kNoSha1{.kind = attest::FieldKind::kFlag, .usual = "false"};
constexpr attest::FieldForm kFirmware{.kind = attest::FieldKind::kOctets, .size = 8};
// A name is a digest behind its algorithm, or a handle (TPM2 Part 1, 16).
constexpr std::size_t kNameSizes[] = {4, 22, 34, 50, 66};
constexpr attest::FieldForm kName = attest::octets_of(kNameSizes);
constexpr attest::FieldForm kPcr{.kind = attest::FieldKind::kOctets,
                                 .source = "PCR of the quote's best bank",
                                 .sizes = kPcrSizes};

bool is_selection(std::string_view text) { return parse_selection(text).has_value(); }

constexpr attest::FieldForm kSelection{.kind = attest::FieldKind::kText,
                                       .is_text = is_selection,
                                       .like = "PCRs as sha256:0,1,7 or sha256:0,7+sha384:0,7"};
constexpr const char* kLogSource = "event log among the collateral";
constexpr attest::FieldForm kLogFlag{.kind = attest::FieldKind::kFlag, .source = kLogSource};
constexpr attest::FieldForm kLogItems{
    .kind = attest::FieldKind::kItems, .size = 32, .source = kLogSource};
constexpr const char* kImaSource = "measurement list among the collateral";
constexpr attest::FieldForm kImaItems{
    .kind = attest::FieldKind::kItems, .size = 32, .source = kImaSource};
constexpr attest::FieldForm kImaFlag{.kind = attest::FieldKind::kFlag, .source = kImaSource};
constexpr attest::FieldForm kImaCount{
    .kind = attest::FieldKind::kNumber, .size = 65536, .source = kImaSource};

constexpr attest::FieldInfo kFields[] = {
#define WARD_FIELD(claim, id, form, reference) {"tpm." id, claim, form},
#include "tee/tpm/fields.def"
#undef WARD_FIELD
};

constexpr attest::PolicyLine kDefaultPolicy[] = {
#define WARD_POLICY_LINE(line, value, why) {line, value, why},
#include "tee/tpm/policy.def"
#undef WARD_POLICY_LINE
};

constexpr auto kPolicyAt = static_cast<std::size_t>(CheckId::kEnd);

std::span<const attest::CheckInfo> field_checks() {
  return std::span<const attest::CheckInfo>(kChecks).last(std::size(kFields));
}

attest::Facts facts_without_values() {
  const auto info = [](PolicyCheckId id) {
    return &kChecks[kPolicyAt + static_cast<std::size_t>(id)];
  };
  attest::Facts facts;
  facts.report_data_check = info(PolicyCheckId::kReportData);
  facts.measurement_check = info(PolicyCheckId::kMeasurement);
  facts.workload_check = info(PolicyCheckId::kWorkload);
  facts.workload_is_extended = true;
  facts.development_check = info(PolicyCheckId::kDevelopment);
  for (const CheckId id : {CheckId::kCrlPresent, CheckId::kCrlSignature, CheckId::kCrlValid,
                           CheckId::kAkChainRevocation})
    facts.revocation_checks.push_back(&kChecks[static_cast<std::size_t>(id)]);
  return facts;
}

// PCR 8 is where a workload's digest is extended into (docs/formats/manifest.md).
constexpr std::uint32_t kWorkloadPcr = 8;

void fill_facts(const Parts& parts, std::span<const PcrValue> values, attest::Facts& facts) {
  if (parts.ak) facts.devices = {to_buffer(crypto::sha256(parts.ak_spki))};
  if (!parts.quote) return;
  facts.report_data = parts.quote->extra_data;
  facts.measurement = parts.quote->pcr_digest;
  const std::uint16_t bank = best_bank(values);
  for (const PcrValue& one : values) {
    if (one.hash == bank && one.number == kWorkloadPcr) facts.workload = to_buffer(one.value);
  }
}

// begin writes all checks of the verifier, blocked.
void begin(attest::Findings& out) {
  out = {};
  out.tee = "tpm";
  out.facts = facts_without_values();
}

// What the findings say aloud of a quote that may be right all the same.
void warn(const Parts& parts, attest::Findings& out) {
  if (parts.ak && !parts.ak_area) {
    out.warnings.emplace_back(
        "the evidence carries the AK's key alone: that it is a restricted key, whose quotes are "
        "the TPM's own word, only who vouches for the key can know");
  }
  if (parts.quote && parts.ak_area && hierarchy_of(*parts.quote, *parts.ak_area) == nullptr) {
    out.warnings.emplace_back(
        "no signature covers the AK's attributes and name (tpm.ak.attributes, tpm.ak.name): they "
        "are the word of whoever sent the evidence, and that the AK is a restricted key, only who "
        "vouches for it can know");
  }
  if (parts.quote && parts.quote->safe == 0) {
    out.warnings.emplace_back(
        "the TPM was not shut down in order: its clock may have gone back, and quotes with the "
        "same counters may be of different times");
  }
}

Error form_failure() {
  return {Errc::kMalformed, "no quote in ward's container or Trustee's JSON (ward tpm pack)"};
}

}  // namespace

attest::SchemeInfo Tpm::info() const {
  return {.name = "tpm",
          .title = "TPM 2.0 (quote)",
          .media_type = "application/vnd.ward.tpm.quote",
          .report_data_size = 0,
          .checks = kChecks,
          .fields = kFields,
          .anchors = {},
          .default_policy = kDefaultPolicy,
          .binding_size = 32,  // KBS protocol: qualifyingData is a SHA-256 digest's size
          .measurement_sizes = attest::kDigestSizes,
          .workload_sizes = kPcrSizes};
}

attest::Recognition Tpm::recognises(Bytes evidence) const {
  return looks_like_quote(evidence) ? attest::Recognition::kSure : attest::Recognition::kNo;
}

Result<std::vector<attest::Claim>> Tpm::inspect(Bytes evidence) const {
  const auto parsed = parse_evidence(evidence);
  if (!parsed) return form_failure();
  attest::Findings found;
  begin(found);
  CheckList checks(std::span<const attest::CheckInfo>(kChecks).first(kPolicyAt), found.checks);
  const Collateral none;
  x509::Signatures signatures;
  Context context{checks, none, {}, {}, {}, found, signatures};
  const Parts parts = read_parts(context, *parsed);
  const auto values = judge_quote(context, *parsed, parts);
  std::vector<attest::Claim> out;
  attest::ClaimList list(out);
  add_claims(parts, values, list);
  list.finish();
  return out;
}

Result<std::vector<attest::LayoutField>> Tpm::layout(Bytes evidence) const {
  if (!parse_evidence(evidence)) return form_failure();
  return layout_of(evidence);
}

Result<std::vector<attest::CollateralRequest>> Tpm::needs(Bytes evidence) const {
  const auto parsed = parse_evidence(evidence);
  if (!parsed) return form_failure();
  const auto id = [](CheckId check) { return kChecks[static_cast<std::size_t>(check)].id; };
  const std::string key = "sha256:" + to_hex(crypto::sha256(parsed->ak));
  return std::vector<attest::CollateralRequest>{
      {"tpm.ak_certificate", key, id(CheckId::kAkCertificatePresent), ""},
      {"tpm.ak_chain", key, id(CheckId::kAkChainPresent), ""},
      {"tpm.crl", key, id(CheckId::kCrlPresent), ""}};
}

std::unique_ptr<const attest::Prepared> Tpm::prepare(const attest::Collateral& collateral) const {
  return std::make_unique<x509::PreparedSet<Collateral>>(
      collateral, read_collateral(x509::all_of(collateral), is_log), is_log);
}

Result<void> Tpm::verify(const attest::Job& job, attest::Findings& out) const {
  if (job.work != nullptr) job.work->add(x509::evidence_material(job.evidence, "quote"));
  begin(out);
  CheckList checks(std::span<const attest::CheckInfo>(kChecks).first(kPolicyAt), out.checks);
  auto parsed = parse_evidence(job.evidence);
  if (!checks.record(CheckId::kEvidenceForm, parsed.has_value(),
                     parsed ? std::to_string(job.evidence.size()) + " octets" : parsed.error(),
                     {"a quote with its signature, AK and PCR values"})) {
    attest::write_field_facts(field_checks(), kFields, {}, out.facts.fields);
    return {};
  }
  x509::Given<Collateral> given(job, is_log, read_collateral);
  const Collateral& collateral = given.collateral();
  for (const x509::Malformed& m : collateral.x509.unknown)
    out.notes.push_back("not recognised: " + m.name + ": " + m.why);
  std::vector<attest::Anchor> roots;
  std::ranges::copy_if(job.anchors, std::back_inserter(roots),
                       [](const attest::Anchor& one) { return !one.bare_key; });
  Context context{checks,  collateral, job.anchors,        roots,
                  job.now, out,        given.signatures(), job.work};
  const Parts parts = read_parts(context, *parsed);
  const auto values = judge_quote(context, *parsed, parts);
  judge_ak(context, parts);
  check_event_log(context, values, given.own());
  check_ima_log(context, values, given.own());
  const std::vector<attest::Claim> more = std::exchange(out.claims, {});
  attest::ClaimList claims(out.claims);
  add_claims(parts, values, claims);
  claims.append(more);
  claims.finish();
  fill_facts(parts, values, out.facts);
  warn(parts, out);
  attest::write_field_facts(field_checks(), kFields, out.claims, out.facts.fields);
  return {};
}

}  // namespace ward::tpm
