#include "tee/snp/scheme.h"

#include <algorithm>
#include <array>
#include <utility>

#include "attest/field_table.h"
#include "attest/fields.h"
#include "attest/recall.h"
#include "tee/snp/evidence.h"
#include "tee/snp/verify.h"
#include "tee/x509/given.h"
#include "tee/x509/platform_key.h"
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
  checks.record_octets(CheckId::kGuestPolicyReserved, true, r.get<report::Policy>(),
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
  facts.memory = attest::MemoryKept::kEncrypted;
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
  assign(r.get<report::ReportData>(), facts.report_data);
  assign(r.get<report::Measurement>(), facts.measurement);
  assign(r.get<report::HostData>(), facts.workload);
  const Bytes signer = r.get<report::IdKeyDigest>();
  assign(all_zero(signer) ? Bytes{} : signer, facts.signer);
}

x509::Documents sorted(std::span<const attest::Document* const> documents,
                       x509::OwnDocument /*none*/ = nullptr) {
  x509::Documents out;
  std::size_t number = 0;
  for (const attest::Document* document : documents) {
    if (x509::within_limits(*document, number++, out)) x509::add_document(*document, out);
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

// What was found out of a platform: all findings but those of the report itself, whose checks are
// blocked; and the key that signs its reports.
struct Found {
  attest::Findings findings;
  PlatformFacts facts;
  attest::Window window;
};

// The same, as it is kept.
struct KnownPlatform final : attest::Platform {
  KnownPlatform(const Found& found, UnixTime at)
      : findings(found.findings, at), facts(found.facts) {
    window = found.window;
  }

  [[nodiscard]] std::size_t memory() const override {
    return sizeof *this + findings.memory() + crypto::kPublicKeyMemory;
  }

  const attest::KeptFindings findings;
  const PlatformFacts facts;
};

// Parts of a report that speak of its platform: the version; the firmware's TCB, the platform's
// settings, who signs; TCBs, processor, chip, firmware versions.
std::array<Bytes, 3> platform_parts(const Report& r) {
  static_assert(report::SignatureAlgo::kEnd == report::CurrentTcb::kBegin &&
                report::CurrentTcb::kEnd == report::PlatformInfo::kBegin &&
                report::PlatformInfo::kEnd == report::KeyInfo::kBegin &&
                report::LaunchTcb::kBegin - report::ReportedTcb::kBegin == 112);
  const auto range = [&](std::size_t begin, std::size_t end) {
    return r.raw().subspan(begin, end - begin);
  };
  return {r.get<report::Version>(), range(report::SignatureAlgo::kBegin, report::KeyInfo::kEnd),
          range(report::ReportedTcb::kBegin, report::LaunchTcb::kEnd)};
}

// Sight is one report with what came beside it: the octets of its certificate table, or, of JSON,
// the documents that were in it.
struct Sight {
  Report report;
  Bytes table;
  std::span<const attest::Document* const> documents;
};

attest::PlatformKey platform_key(const attest::Job& job, const Sight& sight,
                                 std::span<const attest::Document* const> beside) {
  x509::KeyWriter key("snp", job);
  key.add(beside);
  key.add(sight.table);
  key.add(sight.documents);
  for (const Bytes part : platform_parts(sight.report)) {
    key.add(part);
  }
  return key.finish();
}

// What follows from the platform's part of the report, from a copy that has zeros elsewhere.
Found verify_masked(const attest::Job& job, const Report& whole, const x509::Documents& collateral,
                    const x509::Documents& sent, x509::Signatures& signatures) {
  std::array<std::uint8_t, kReportSize> masked{};
  for (const Bytes part : platform_parts(whole)) {
    std::copy(part.begin(), part.end(), masked.begin() + (part.data() - whole.raw().data()));
  }
  const Report report{masked};
  std::optional<x509::Documents> both;
  if (!sent.certificates.empty() || !sent.unknown.empty()) add_sent(sent, both.emplace(collateral));
  const x509::Documents& documents = both ? *both : collateral;
  Found out;
  attest::Findings& found = out.findings;
  found.tee = "snp";
  found.facts = facts_without_values();
  for (const x509::Malformed& m : documents.unknown) {
    found.notes.push_back("not recognised: " + m.name + ": " + m.why);
  }
  CheckList checks(std::span<const attest::CheckInfo>(kChecks).first(kPolicyAt), found.checks);
  Context context{checks, documents, sent, job.anchors, job.now, found, signatures, job.work};
  out.facts = verify_platform(context, report, whole);
  record_version(checks, report);
  if (out.facts.line) {
    const Line line = *out.facts.line;
    found.facts.products = product_names(report.cpuid(), line);
    found.claims.push_back({"product_line", std::string(line_name(line))});
    if (line == Line::kMilan) found.warnings.emplace_back(kMilanWarning);
    record_tcb(checks, report, line);
  }
  std::vector<UnixTime> changes;
  x509::add_changes(documents, changes);
  x509::add_changes(sent, changes);
  out.window = attest::window_at(changes, job.now);
  return out;
}

// What follows from the report itself, beside the platform's findings, which `out` holds already
// but for their claims. `holds` says whether the key of the certificate that is meant signed the
// report; nullopt where none is meant.
void verify_evidence(const Report& report, std::optional<Line> line,
                     const std::vector<attest::Claim>& of_platform, std::optional<bool> holds,
                     attest::Findings& out) {
  attest::ClaimList claims(out.claims);
  report.add_claims(line, claims);
  claims.append(of_platform);
  claims.finish();
  fill_facts(report, out.facts);
  CheckList checks(out.checks);
  record_form(checks, report);
  const bool form = report.signature_rs().has_value();
  checks.record(CheckId::kSignatureForm, form, form ? "48 octets each" : "octets beyond 48",
                {"R and S of 48 octets, zero behind them"});
  if (holds) record_signature(checks, report.signing_key(), *holds);
  attest::write_field_facts(field_checks(), kFields, out.claims, out.facts.fields);
}

void report_ill_formed(FormError wrong, attest::Findings& out) {
  out = {};
  out.tee = "snp";
  out.facts = facts_without_values();
  CheckList checks(std::span<const attest::CheckInfo>(kChecks).first(kPolicyAt), out.checks);
  record_form_error(checks, std::move(wrong));
  attest::write_field_facts(field_checks(), kFields, {}, out.facts.fields);
}

// recalled is true where the platform is known and its key signed the report; then `out` is
// written. Where another key did, everything is found out anew.
bool recalled(attest::PlatformStore& platforms, const attest::PlatformKey& key,
              const Report& report, UnixTime now, attest::Findings& out) {
  const auto held = platforms.find(key, now);
  if (held.get() == nullptr) return false;
  const auto& known = static_cast<const KnownPlatform&>(*held.get());
  if (!signs(*known.facts.key, report)) return false;
  known.findings.recall(now, out);
  verify_evidence(report, known.facts.line, known.findings.claims(), true, out);
  return true;
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
  std::vector<attest::Claim> out;
  attest::ClaimList list(out);
  report.add_claims(line, list);
  if (line) list.text("product_line", line_name(*line));
  list.finish();
  return out;
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

std::unique_ptr<const attest::Prepared> Snp::prepare(const attest::Collateral& collateral) const {
  return std::make_unique<x509::PreparedSet<x509::Documents>>(
      collateral, sorted(x509::all_of(collateral)), nullptr);
}

Result<void> Snp::verify(const attest::Job& job, attest::Findings& out) const {
  if (job.work != nullptr) job.work->add(x509::evidence_material(job.evidence, "report"));
  x509::Given<x509::Documents> given(job, nullptr, sorted);
  attest::PlatformStore* const platforms = given.platforms();
  attest::PlatformKey key{};
  // Octets need not be taken apart where the platform is known; JSON must be.
  const bool octets = !is_json(job.evidence) && job.evidence.size() >= kReportSize &&
                      job.evidence.size() <= kReportSize + kMaxTableSize;
  const auto seen = octets ? parse_report(job.evidence.first(kReportSize)) : std::nullopt;
  if (platforms != nullptr && seen) {
    key = platform_key(job, {*seen, job.evidence.subspan(kReportSize), {}}, given.beside());
    if (recalled(*platforms, key, *seen, job.now, out)) return {};
  }
  auto parsed = parse_evidence(job.evidence);
  if (auto* error = std::get_if<FormError>(&parsed)) {
    report_ill_formed(std::move(*error), out);
    return {};
  }
  const Evidence& evidence = std::get<Evidence>(parsed);
  if (auto wrong = check_form(evidence.report)) {
    report_ill_formed(*std::move(wrong), out);
    return {};
  }
  const Report report = *parse_report(evidence.report);
  const attest::Collateral sent = evidence.documents();
  if (platforms != nullptr && !seen) {
    key = platform_key(job, {report, {}, x509::all_of(sent)}, given.beside());
    if (recalled(*platforms, key, report, job.now, out)) return {};
  }
  Found found = verify_masked(job, report, given.collateral(), sorted(x509::all_of(sent)),
                              given.signatures());
  if (evidence.unread != 0) {
    found.findings.notes.push_back("behind the report, " + std::to_string(evidence.unread) +
                                   " octets that its certificate table does not name, not read");
  }
  const PlatformFacts& facts = found.facts;
  const bool keep = platforms != nullptr && facts.signed_by_key && facts.only_key &&
                    attest::is_sound(found.findings);
  if (keep) {
    x509::try_to_keep(*platforms, key, x509::known_of<KnownPlatform>(found, job.now));
  }
  out = std::move(found.findings);
  const std::vector<attest::Claim> claims = std::exchange(out.claims, {});
  verify_evidence(report, facts.line, claims,
                  facts.key ? std::optional(facts.signed_by_key) : std::nullopt, out);
  return {};
}

}  // namespace ward::snp
