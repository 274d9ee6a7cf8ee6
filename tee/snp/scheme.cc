#include "tee/snp/scheme.h"

#include <iterator>

#include "attest/field_table.h"
#include "attest/fields.h"
#include "tee/snp/evidence.h"
#include "tee/snp/verify.h"
#include "tee/x509/work.h"

namespace ward::snp {
namespace {

constexpr attest::CheckInfo kChecks[] = {
#define WARD_SNP_CHECK(name, id, reference, meaning, hint) {"snp." id, reference, meaning, hint},
#define WARD_SNP_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/snp/checks.def"
#undef WARD_SNP_CHECK
#undef WARD_SNP_POLICY_CHECK
#define WARD_SNP_CHECK(name, id, reference, meaning, hint)
#define WARD_SNP_POLICY_CHECK(name, id, reference, meaning, hint) \
  {"snp." id, reference, meaning, hint},
#include "tee/snp/checks.def"
#undef WARD_SNP_CHECK
#undef WARD_SNP_POLICY_CHECK
#define WARD_FIELD(claim, id, form, reference) \
  {"snp." id, reference, attest::kFieldMeaning, attest::kFieldHint},
#include "tee/snp/fields.def"
#undef WARD_FIELD
};

// The words that claims of words may have.
constexpr const char* kProducts[] = {"Milan", "Genoa", "Bergamo or Siena", "Turin"};
constexpr const char* kLines[] = {"Milan", "Genoa", "Turin"};
constexpr const char* kSigningKeys[] = {"VCEK", "VLEK"};
constexpr const char* kEngines[] = {kAesEither, kAes256Xts};
constexpr const char* kIntegrities[] = {kRmp};

// Parts of the platform's TCB: a policy that names their least values judges it, as AMD does not.
constexpr attest::FieldForm kTcbPart{
    .kind = attest::FieldKind::kNumber, .size = 255, .of_tcb = true};

// A migration agent gets the guest's memory; the host chooses it where the guest's policy lets it.
constexpr attest::FieldForm kNoMigrationAgent{.kind = attest::FieldKind::kFlag, .usual = "false"};

constexpr attest::FieldInfo kFields[] = {
#define WARD_FIELD(claim, id, form, reference) {"snp." id, claim, form},
#include "tee/snp/fields.def"
#undef WARD_FIELD
};

constexpr attest::PolicyLine kDefaultPolicy[] = {
#define WARD_POLICY_LINE(line, value, why) {line, value, why},
#include "tee/snp/policy.def"
#undef WARD_POLICY_LINE
};

constexpr auto kPolicyAt = static_cast<std::size_t>(CheckId::kEnd);

std::span<const attest::CheckInfo> field_checks() {
  return std::span<const attest::CheckInfo>(kChecks).last(std::size(kFields));
}

// AMD Root Keys, one per product line: SHA-256 of their SubjectPublicKeyInfo. Source: the
// certificates that AMD publishes at its KDS (cert_chain); the same keys stand in go-sev-guest, the
// crate sev and Trustee.
const attest::Anchor kAnchors[] = {
    {.spki_sha256 = {0x9f, 0x05, 0x6b, 0xee, 0x44, 0x37, 0x7e, 0x29, 0x30, 0x8c, 0xb5,
                     0xff, 0xa8, 0x95, 0xbd, 0xfb, 0x62, 0xd1, 0x88, 0x81, 0xfa, 0x6b,
                     0xed, 0x8d, 0x6f, 0x07, 0x5b, 0x02, 0x04, 0x08, 0x9c, 0xb9},
     .name = "AMD ARK-Milan"},
    {.spki_sha256 = {0x42, 0x9a, 0x69, 0xc9, 0x42, 0x2a, 0xa2, 0x58, 0xee, 0x4d, 0x8d,
                     0xb5, 0xfc, 0xda, 0x9c, 0x64, 0x70, 0xef, 0x15, 0xf8, 0xcd, 0x5a,
                     0x9c, 0xeb, 0xd6, 0xcb, 0xc7, 0xd9, 0x0b, 0x86, 0x38, 0x31},
     .name = "AMD ARK-Genoa (Genoa, Bergamo, Siena)"},
    {.spki_sha256 = {0x4f, 0x12, 0x54, 0x10, 0x56, 0x3a, 0x2a, 0xb9, 0xa5, 0x03, 0x56,
                     0xf9, 0x24, 0x3f, 0x6f, 0xe0, 0xb6, 0xf7, 0x3d, 0xe9, 0x86, 0x03,
                     0xf5, 0x3f, 0x90, 0x33, 0x9c, 0x70, 0xe9, 0xd7, 0xad, 0x08},
     .name = "AMD ARK-Turin"}};

// A development platform's chain says so in its root, not here: any root's name ends alike.
constexpr const char* kMilanWarning =
    "product line Milan: its root seed was extracted by software (arXiv 2605.12990), so a report "
    "of "
    "it may be forged at any TCB; --refuse-product Milan refuses the line";

constexpr std::size_t kAlgoEnd = report::SignatureAlgo::kEnd;

bool looks_like_json(Bytes evidence) {
  return is_json(evidence) &&
         as_text(evidence).find("\"attestation_report\"") != std::string_view::npos;
}

void record_form(CheckList& checks, const Report& r) {
  checks.record(CheckId::kReportForm, true, "1184 octets", {"1184 octets"});
  checks.record(CheckId::kReportVersion, true, std::to_string(r.version()), {"2, 3, 4 or 5"});
  checks.record(CheckId::kReportSignatureAlgo, true, "1", {"1 (ECDSA P-384 with SHA-384)"});
  checks.record(CheckId::kReportSigningKey, true,
                std::to_string(static_cast<unsigned>(r.signing_key())), {"0 (VCEK) or 1 (VLEK)"});
  checks.record(CheckId::kReportReserved, true, "zero", {"zero"});
  checks.record(CheckId::kGuestPolicyReserved, true, to_hex(r.get<report::Policy>()),
                {"bit 17 one, bits 26 to 63 zero"});
  checks.record(CheckId::kReportVmpl, true, std::to_string(r.vmpl()), {"0 to 3"});
}

// A form error fails its check; the size is right where another is wrong.
void record_form_error(CheckList& checks, FormError error) {
  if (error.check != CheckId::kReportForm) {
    checks.record(CheckId::kReportForm, true, "1184 octets", {"1184 octets"});
  }
  checks.record(error.check, false, std::move(error.found), {std::move(error.expected)});
}

void record_order(CheckList& checks, CheckId id, const Tcb& low, const Tcb& high,
                  const char* name) {
  checks.record(id, reaches(high, low), tcb_text(low),
                {std::string("at most ") + name + ", " + tcb_text(high)});
}

void record_tcb(CheckList& checks, const Report& r, Line line) {
  const Tcb reported = read_tcb(r.get<report::ReportedTcb>(), line);
  const Tcb committed = read_tcb(r.get<report::CommittedTcb>(), line);
  const Tcb current = read_tcb(r.get<report::CurrentTcb>(), line);
  const Tcb launch = read_tcb(r.get<report::LaunchTcb>(), line);
  const bool zero = reported.reserved_zero && committed.reserved_zero && current.reserved_zero &&
                    launch.reserved_zero;
  checks.record(CheckId::kTcbReserved, zero, zero ? "zero" : "another value", {"zero"});
  record_order(checks, CheckId::kTcbReportedCommitted, reported, committed, "COMMITTED_TCB");
  record_order(checks, CheckId::kTcbCommittedCurrent, committed, current, "CURRENT_TCB");
  record_order(checks, CheckId::kTcbLaunchCurrent, launch, current, "CURRENT_TCB");
}

void record_version(CheckList& checks, const Report& r) {
  const ReportParts p = report_parts(r);
  const auto text = [](const std::array<std::uint8_t, 3>& v) {
    return std::to_string(v[0]) + "." + std::to_string(v[1]) + "." + std::to_string(v[2]);
  };
  checks.record(CheckId::kVersionCommittedCurrent, p.committed_version <= p.current_version,
                text(p.committed_version), {"at most the current one, " + text(p.current_version)});
}

attest::Facts facts_without_values() {
  const auto info = [](PolicyCheckId id) {
    return &kChecks[kPolicyAt + static_cast<std::size_t>(id)];
  };
  attest::Facts facts;
  facts.debug_check = info(PolicyCheckId::kDebug);
  facts.report_data_check = info(PolicyCheckId::kReportData);
  facts.measurement_check = info(PolicyCheckId::kMeasurement);
  facts.workload_check = info(PolicyCheckId::kWorkload);
  facts.development_check = info(PolicyCheckId::kDevelopment);
  facts.product_check = info(PolicyCheckId::kProduct);
  facts.chip_check = info(PolicyCheckId::kChip);
  for (const CheckId id :
       {CheckId::kCrlPresent, CheckId::kCrlSignature, CheckId::kCrlThisUpdate,
        CheckId::kCrlNextUpdate, CheckId::kCrlExtensions, CheckId::kAskRevocation}) {
    facts.revocation_checks.push_back(&kChecks[static_cast<std::size_t>(id)]);
  }
  return facts;
}

void fill_facts(const Report& r, attest::Facts& facts) {
  facts.debug = r.policy_bit(guest_policy::kDebug);
  facts.report_data = to_buffer(r.get<report::ReportData>());
  facts.measurement = to_buffer(r.get<report::Measurement>());
  facts.workload = to_buffer(r.get<report::HostData>());
  if (!all_zero(r.get<report::IdKeyDigest>())) {
    facts.signer = to_buffer(r.get<report::IdKeyDigest>());
  }
}

x509::Documents sorted(const attest::Collateral& collateral) {
  x509::Documents out;
  std::size_t number = 0;
  for (const attest::Document& document : collateral.documents) {
    if (x509::within_limits(document, number++, out)) x509::add_document(document, out);
  }
  return out;
}

// add_sent puts the certificates that came with the evidence behind the caller's own, which they
// neither push out nor replace.
void add_sent(const x509::Documents& sent, x509::Documents& out) {
  out.certificates.insert(out.certificates.end(), sent.certificates.begin(),
                          sent.certificates.end());
  out.unknown.insert(out.unknown.end(), sent.unknown.begin(), sent.unknown.end());
}

void verify_evidence(CheckList& checks, const Evidence& evidence,
                     const attest::Collateral& collateral, std::span<const attest::Anchor> anchors,
                     UnixTime now, attest::Findings& findings, attest::Work* work) {
  if (auto wrong = check_form(evidence.report)) {
    record_form_error(checks, *std::move(wrong));
    return;
  }
  const Report report = *parse_report(evidence.report);
  record_form(checks, report);
  fill_facts(report, findings.facts);
  const x509::Documents sent = sorted(evidence.documents());
  x509::Documents documents = sorted(collateral);
  add_sent(sent, documents);
  for (const x509::Malformed& m : documents.unknown)
    findings.notes.push_back("not recognised: " + m.name + ": " + m.why);
  Context context{checks, documents, sent, anchors, now, findings, work};
  const auto line = verify_report(context, report);
  record_version(checks, report);
  std::vector<attest::Claim> claims = report.claims(line);
  claims.insert(claims.end(), std::make_move_iterator(findings.claims.begin()),
                std::make_move_iterator(findings.claims.end()));
  findings.claims = std::move(claims);
  if (!line) return;
  findings.facts.products = product_names(report.cpuid(), *line);
  findings.claims.push_back({"product_line", std::string(line_name(*line))});
  if (*line == Line::kMilan) findings.warnings.emplace_back(kMilanWarning);
  record_tcb(checks, report, *line);
}

Error form_failure(CheckId check) {
  if (check == CheckId::kReportVersion) {
    return {Errc::kUnsupported, "the report's version is not 2, 3, 4 or 5"};
  }
  if (check == CheckId::kReportSignatureAlgo) {
    return {Errc::kUnsupported, "the signature algorithm is not ECDSA P-384"};
  }
  if (check == CheckId::kReportSigningKey) {
    return {Errc::kMalformed, "no VCEK and no VLEK signed the report"};
  }
  if (check == CheckId::kReportReserved) {
    return {Errc::kMalformed, "a reserved octet is not zero"};
  }
  if (check == CheckId::kGuestPolicyReserved) {
    return {Errc::kMalformed, "a reserved bit of the guest policy is not as it must be"};
  }
  if (check == CheckId::kReportVmpl) {
    return {Errc::kMalformed, "VMPL is above 3: the host asked for the report"};
  }
  return {Errc::kMalformed, "no report of 1184 octets, extended report or JSON of one"};
}

// What report there is, for those who only look.
Result<Evidence> form_only(Bytes evidence) {
  auto parsed = parse_evidence(evidence);
  if (const auto* error = std::get_if<FormError>(&parsed)) return form_failure(error->check);
  Evidence& out = std::get<Evidence>(parsed);
  if (const auto wrong = check_form(out.report)) return form_failure(wrong->check);
  return std::move(out);
}

std::optional<Line> line_of(const Report& report) {
  const auto cpuid = report.cpuid();
  const auto product = cpuid ? product_of(*cpuid) : std::nullopt;
  return product ? std::optional(product->line) : std::nullopt;
}

}  // namespace

attest::SchemeInfo Snp::info() const {
  return {.name = "snp",
          .title = "AMD SEV-SNP (attestation report, versions 2 to 5)",
          .media_type = "application/vnd.amd.sev.snp.report",
          .report_data_size = 64,
          .measurement_size = 48,
          .workload_size = 32,
          .checks = kChecks,
          .fields = kFields,
          .anchors = kAnchors,
          .default_policy = kDefaultPolicy,
          .products = kProductNames};
}

attest::Recognition Snp::recognises(Bytes evidence) const {
  using attest::Recognition;
  if (looks_like_json(evidence)) return Recognition::kSure;
  if (evidence.size() < kAlgoEnd) return Recognition::kNo;
  const std::uint64_t version = attest::little_endian(report::Version::in(evidence.first<4>()));
  const std::uint64_t algorithm = attest::little_endian(evidence.subspan(0x34, 4));
  // The upper half of GUEST_POLICY is reserved; a quote of Intel's has its maker's name there.
  const bool policy = all_zero(evidence.subspan(0x0c, 4));
  if (version == 0 || version > 255 || algorithm != 1 || !policy) return Recognition::kNo;
  return Recognition::kSure;  // a cut one, too: an SGX quote of version 3 begins alike
}

Result<std::vector<attest::Claim>> Snp::inspect(Bytes evidence) const {
  const auto parsed = form_only(evidence);
  if (!parsed) return parsed.error();
  const Report report = *parse_report(parsed->report);
  const auto line = line_of(report);
  auto claims = report.claims(line);
  if (line) claims.push_back({"product_line", std::string(line_name(*line))});
  return claims;
}

Result<std::vector<attest::LayoutField>> Snp::layout(Bytes evidence) const {
  const auto parsed = form_only(evidence);
  if (!parsed) return parsed.error();
  auto out = parse_report(parsed->report)->layout();
  out.insert(out.end(), parsed->table_layout.begin(), parsed->table_layout.end());
  return out;
}

Result<std::vector<attest::CollateralRequest>> Snp::needs(Bytes evidence) const {
  const auto parsed = form_only(evidence);
  if (!parsed) return parsed.error();
  const Report report = *parse_report(parsed->report);
  const auto line = line_of(report);
  const SigningKey key = report.signing_key();
  const bool vlek = key == SigningKey::kVlek;
  const auto request = [](const char* kind, CheckId check, std::string address) {
    return attest::CollateralRequest{kind, address, kChecks[static_cast<std::size_t>(check)].id,
                                     address};
  };
  return std::vector<attest::CollateralRequest>{
      request(vlek ? "snp.vlek" : "snp.vcek", CheckId::kVekPresent,
              vlek ? "" : vcek_address(report, line)),
      request("snp.cert_chain", CheckId::kVekChainPresent, chain_address(key, line)),
      request("snp.crl", CheckId::kCrlPresent, crl_address(key, line))};
}

Result<attest::Findings> Snp::verify(Bytes evidence, const attest::Collateral& collateral,
                                     std::span<const attest::Anchor> anchors, UnixTime now,
                                     attest::Work* work) const {
  attest::Findings findings;
  findings.tee = "snp";
  findings.facts = facts_without_values();
  CheckList checks(std::span<const attest::CheckInfo>(kChecks).first(kPolicyAt));
  if (work != nullptr) work->add(x509::evidence_material(evidence, "report"));
  auto parsed = parse_evidence(evidence);
  if (auto* error = std::get_if<FormError>(&parsed)) {
    record_form_error(checks, std::move(*error));
  } else {
    verify_evidence(checks, std::get<Evidence>(parsed), collateral, anchors, now, findings, work);
  }
  findings.checks = checks.take();
  findings.facts.fields = attest::field_facts(field_checks(), kFields, findings.claims);
  return findings;
}

}  // namespace ward::snp
