#include "tee/sev/scheme.h"

#include <algorithm>
#include <utility>

#include "attest/field_table.h"
#include "attest/fields.h"
#include "tee/sev/evidence.h"
#include "tee/sev/platform.h"
#include "tee/sev/verify.h"
#include "tee/x509/given.h"
#include "tee/x509/work.h"

namespace ward::sev {
namespace {

constexpr attest::CheckInfo kChecks[] = {
#define WARD_SEV_CHECK(name, id, reference, meaning, hint) {"sev." id, reference, meaning, hint},
#define WARD_SEV_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/sev/checks.def"
#undef WARD_SEV_CHECK
#undef WARD_SEV_POLICY_CHECK
#define WARD_SEV_CHECK(name, id, reference, meaning, hint)
#define WARD_SEV_POLICY_CHECK(name, id, reference, meaning, hint) \
  {"sev." id, reference, meaning, hint},
#include "tee/sev/checks.def"
#undef WARD_SEV_CHECK
#undef WARD_SEV_POLICY_CHECK
#define WARD_FIELD(claim, id, form, reference) \
  {"sev." id, reference, attest::kFieldMeaning, attest::kFieldHint},
#include "tee/sev/fields.def"
#undef WARD_FIELD
};

// The words that claims of words may have.
constexpr const char* kEngines[] = {kEngine};
constexpr const char* kIntegrities[] = {kNoIntegrity};

// What a guest's policy must say where nobody says otherwise: policy.def has the reasons.
constexpr attest::FieldForm kDemanded{.kind = attest::FieldKind::kFlag, .usual = "true"};

constexpr attest::FieldInfo kFields[] = {
#define WARD_FIELD(claim, id, form, reference) {"sev." id, claim, form},
#include "tee/sev/fields.def"
#undef WARD_FIELD
};

constexpr attest::PolicyLine kDefaultPolicy[] = {
#define WARD_POLICY_LINE(line, value, why) {line, value, why},
#include "tee/sev/policy.def"
#undef WARD_POLICY_LINE
};

constexpr auto kPolicyAt = static_cast<std::size_t>(CheckId::kEnd);

constexpr const char* kWarnings[] = {
    "SEV and SEV-ES keep the host from reading a guest's memory, not from changing or replaying "
    "it; attacks on both are published (SEVurity, SEVered, undeSErVed trust), and SEV-SNP is what "
    "answers them",
    "keys of chips (CEK) were extracted from Naples, Rome and Milan, so that a report may be "
    "forged: accept chips that you know (--chips)",
    "the host asks for the report, and chooses its nonce: it binds no key of the guest's, so give "
    "secrets by the launch (ward sev secret)"};

// Of a platform alone, before a guest's owner trusts it.
constexpr const char* kPlatformWarning =
    "keys of chips (CEK) were extracted from Naples, Rome and Milan, so that whoever has one "
    "passes "
    "for its chip: accept chips alone that you know";

std::span<const attest::CheckInfo> field_checks() {
  return std::span<const attest::CheckInfo>(kChecks).last(std::size(kFields));
}

attest::Facts facts_without_values() {
  const auto info = [](PolicyCheckId id) {
    return &kChecks[kPolicyAt + static_cast<std::size_t>(id)];
  };
  attest::Facts facts;
  facts.debug_check = info(PolicyCheckId::kDebug);
  facts.memory = attest::MemoryKept::kEncrypted;
  facts.report_data_check = info(PolicyCheckId::kReportData);
  facts.measurement_check = info(PolicyCheckId::kMeasurement);
  facts.development_check = info(PolicyCheckId::kDevelopment);
  facts.product_check = info(PolicyCheckId::kProduct);
  facts.chip_check = info(PolicyCheckId::kChip);
  return facts;
}

void record_form(CheckList& checks, const Evidence& evidence) {
  const Report& r = evidence.report;
  checks.record(CheckId::kReportForm, true, "208 octets", {"208 octets"});
  checks.record(CheckId::kReportSigUsage, true, "PEK", {"PEK"});
  checks.record(CheckId::kReportSigAlgo, true,
                r.sig_algo() == kEcdsaSha256 ? "ECDSA with SHA-256" : "ECDSA with SHA-384",
                {"ECDSA with SHA-256 or SHA-384"});
  checks.record(CheckId::kReportReserved, true, "zero", {"zero"});
  checks.record(CheckId::kPolicyReserved, true, "zero", {"bits 6 to 15 zero"});
  checks.record(CheckId::kSignatureForm, true, "48 octets each",
                {"R and S of at most 48 octets, zero behind them"});
  checks.record(CheckId::kCertificatesForm, true,
                evidence.sent.empty() ? "none" : "PDH, PEK, OCA, CEK, ASK, ARK",
                {"PDH, PEK, OCA, CEK, ASK, ARK behind the report, or nothing"});
}

CheckList begin(attest::Findings& out) {
  out = {};
  out.tee = "sev";
  out.facts = facts_without_values();
  return {std::span<const attest::CheckInfo>(kChecks).first(kPolicyAt), out.checks};
}

void report_ill_formed(const FormError& wrong, attest::Findings& out) {
  CheckList checks = begin(out);
  if (wrong.check != CheckId::kReportForm) {
    checks.record(CheckId::kReportForm, true, "208 octets", {"208 octets"});
  }
  checks.record(wrong.check, false, wrong.found, {wrong.expected});
  attest::write_field_facts(field_checks(), kFields, {}, out.facts.fields);
}

void fill_facts(const Report& r, attest::Facts& facts) {
  facts.debug = !r.policy_bit(guest_policy::kNodbg);
  assign(r.get<report::Mnonce>(), facts.report_data);
  assign(r.get<report::LaunchDigest>(), facts.measurement);
}

Error form_failure(CheckId check) {
  if (check == CheckId::kReportSigUsage || check == CheckId::kReportSigAlgo) {
    return {Errc::kUnsupported, "the report is not one that a PEK signed with ECDSA"};
  }
  if (check == CheckId::kReportReserved || check == CheckId::kPolicyReserved) {
    return {Errc::kMalformed, "a reserved bit is not zero"};
  }
  if (check == CheckId::kCertificatesForm) {
    return {Errc::kMalformed, "what stands behind the report is not the platform's certificates"};
  }
  return {Errc::kMalformed, "no attestation report of 208 octets"};
}

Result<Evidence> form_only(Bytes octets) {
  auto parsed = parse_evidence(octets);
  if (const auto* error = std::get_if<FormError>(&parsed)) return form_failure(error->check);
  return std::get<Evidence>(std::move(parsed));
}

const Held* find_sent_pdh(const Pool& pool, const Evidence& evidence) {
  if (evidence.sent.empty()) return nullptr;
  const auto& digest = evidence.sent.front().digest;
  const auto held = std::ranges::find_if(
      pool.certificates, [&](const Held& h) { return h.certificate.digest == digest; });
  return held == pool.certificates.end() ? nullptr : &*held;
}

}  // namespace

attest::SchemeInfo Sev::info() const {
  return {.name = "sev",
          .title = "AMD SEV and SEV-ES (first generation, attestation report)",
          .media_type = "application/vnd.amd.sev.report",
          .report_data_size = 16,
          .measurement_size = 32,
          .checks = kChecks,
          .fields = kFields,
          .anchors = pinned_roots(),
          .default_policy = kDefaultPolicy,
          .products = kLines,
          .host_chooses_report_data = true};
}

attest::Recognition Sev::recognises(Bytes evidence) const {
  using attest::Recognition;
  constexpr std::size_t kMarksEnd = report::Reserved::kEnd;
  if (evidence.size() < kMarksEnd) return Recognition::kNo;
  const std::uint64_t usage = attest::little_endian(evidence.subspan(report::SigUsage::kBegin, 4));
  const std::uint64_t algo = attest::little_endian(evidence.subspan(report::SigAlgo::kBegin, 4));
  const bool pek = usage == static_cast<std::uint64_t>(Usage::kPek);
  const bool ecdsa = algo == kEcdsaSha256 || algo == kEcdsaSha384;
  if (pek && ecdsa) return Recognition::kSure;
  // Neither field is signed: another key of a platform's there, or another algorithm, is damage.
  const bool of_platform = usage >= static_cast<std::uint64_t>(Usage::kNone) &&
                           usage <= static_cast<std::uint64_t>(Usage::kCek);
  return pek || (of_platform && ecdsa) ? Recognition::kDamaged : Recognition::kNo;
}

Result<std::vector<attest::Claim>> Sev::inspect(Bytes evidence) const {
  WARD_TRY(const Evidence parsed, form_only(evidence));
  std::vector<attest::Claim> out;
  attest::ClaimList list(out);
  parsed.report.add_claims(list);
  list.finish();
  return out;
}

Result<std::vector<attest::LayoutField>> Sev::layout(Bytes evidence) const {
  WARD_TRY(const Evidence parsed, form_only(evidence));
  return layout_of(parsed);
}

Result<std::vector<attest::CollateralRequest>> Sev::needs(Bytes evidence) const {
  WARD_TRY(const Evidence parsed, form_only(evidence));
  std::vector<attest::CollateralRequest> out;
  if (!parsed.sent.empty()) return out;
  const auto request = [&](const char* kind, CheckId check) {
    out.push_back({kind, "", kChecks[static_cast<std::size_t>(check)].id});
  };
  request("sev.pek", CheckId::kPekPresent);
  request("sev.oca", CheckId::kOcaPresent);
  request("sev.cek", CheckId::kCekPresent);
  request("sev.ask", CheckId::kAskPresent);
  request("sev.ark", CheckId::kArkPresent);
  return out;
}

std::unique_ptr<const attest::Prepared> Sev::prepare(const attest::Collateral& collateral) const {
  return std::make_unique<x509::PreparedSet<Pool>>(
      collateral, read_documents(x509::all_of(collateral)), nullptr);
}

Result<void> Sev::verify(const attest::Job& job, attest::Findings& out) const {
  if (job.work != nullptr) job.work->add(x509::evidence_material(job.evidence, "report"));
  auto parsed = parse_evidence(job.evidence);
  if (const auto* wrong = std::get_if<FormError>(&parsed)) {
    report_ill_formed(*wrong, out);
    return {};
  }
  const Evidence& evidence = std::get<Evidence>(parsed);
  x509::Given<Pool> given(job, nullptr, read_documents);
  std::optional<Pool> both;
  if (!evidence.sent.empty()) {
    both.emplace(given.collateral()).add_sent(job.evidence, kReportSize, evidence.sent);
  }
  const Pool& pool = both ? *both : given.collateral();
  CheckList checks = begin(out);
  record_form(checks, evidence);
  attest::ClaimList claims(out.claims);
  evidence.report.add_claims(claims);
  claims.finish();
  fill_facts(evidence.report, out.facts);
  out.warnings.assign(std::begin(kWarnings), std::end(kWarnings));
  for (const x509::Malformed& m : pool.unknown) {
    out.notes.push_back("not recognised: " + m.name + ": " + m.why);
  }
  Context context{checks, pool, job.anchors, out, given.signatures(), job.work};
  const Certificate* const pek = verify_report(context, evidence.report);
  record_sent_pdh(context, find_sent_pdh(pool, evidence), pek);
  attest::write_field_facts(field_checks(), kFields, out.claims, out.facts.fields);
  return {};
}

attest::Findings judge_platform(const attest::Collateral& collateral,
                                std::span<const attest::Anchor> anchors,
                                std::optional<crypto::PublicKey>& pdh) {
  attest::Findings out;
  CheckList checks = begin(out);
  const Pool pool = read_documents(x509::all_of(collateral));
  for (const x509::Malformed& m : pool.unknown) {
    out.notes.push_back("not recognised: " + m.name + ": " + m.why);
  }
  x509::Signatures signatures;
  Context context{checks, pool, anchors, out, signatures, nullptr};
  out.warnings.emplace_back(kPlatformWarning);
  const Certificate* const found = verify_pdh(context);
  pdh = found == nullptr ? std::nullopt : std::optional(found->key);
  // There is no report: only what was found out of the platform is left.
  std::erase_if(out.checks, [](const attest::Check& check) {
    const auto id = static_cast<CheckId>(check.info - kChecks);
    return id < CheckId::kPekPresent || id == CheckId::kSignature;
  });
  return out;
}

}  // namespace ward::sev
