#include "tee/azure/scheme.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "attest/fields.h"
#include "tee/azure/tables.h"
#include "tee/azure/verify.h"
#include "tee/snp/scheme.h"
#include "tee/tdx/scheme.h"
#include "tee/tpm/logs.h"
#include "tee/tpm/scheme.h"
#include "tee/x509/given.h"
#include "tee/x509/work.h"

namespace ward::azure {
namespace {

using attest::Collateral;
using attest::Document;

constexpr const char* kProtocolNames[] = {"az-snp-vtpm", "az-tdx-vtpm"};

constexpr attest::PolicyLine kDefaultPolicy[] = {
#define WARD_POLICY_LINE(line, value, why) {line, value, why},
#include "tee/azure/policy.def"
#undef WARD_POLICY_LINE
};

const attest::Scheme& scheme_of(Form form) {
  static const snp::Snp kSnp;
  static const tdx::Tdx kTdx;
  if (is_tdx(form)) return kTdx;
  return kSnp;
}

const char* name_of(Form form) { return is_tdx(form) ? "tdx" : "snp"; }

// Event logs and measurement lists are of the virtual TPM; TDX's code would compare them with the
// TD's own registers.
bool is_log(const Document& document) {
  return document.bytes.size() <= attest::kMaxDocumentBytes && tpm::is_log(document.bytes);
}

bool has_logs(const Collateral& collateral) {
  return std::ranges::any_of(collateral.documents, is_log);
}

Collateral without_logs(const Collateral& collateral) {
  Collateral out;
  std::ranges::remove_copy_if(collateral.documents, std::back_inserter(out.documents), is_log);
  return out;
}

// Ready is collateral that both kinds of hardware's code have read.
class Ready final : public attest::Prepared {
 public:
  explicit Ready(const Collateral& all)
      : Prepared(x509::digest_of(x509::all_of(all))),
        plain_(without_logs(all)),
        snp_(scheme_of(Form::kSnp).prepare(plain_)),
        tdx_(scheme_of(Form::kTdx).prepare(plain_)) {}

  [[nodiscard]] const Prepared* of(Form form) const {
    return is_tdx(form) ? tdx_.get() : snp_.get();
  }

  [[nodiscard]] const Collateral& plain() const { return plain_; }

 private:
  Collateral plain_;
  std::unique_ptr<const Prepared> snp_;
  std::unique_ptr<const Prepared> tdx_;
};

attest::Facts facts_without_values() {
  const auto info = [](PolicyCheckId id) {
    return &Tables::all().of_policy()[static_cast<std::size_t>(id)];
  };
  attest::Facts facts;
  facts.debug_check = info(PolicyCheckId::kDebug);
  facts.report_data_check = info(PolicyCheckId::kReportData);
  facts.measurement_check = info(PolicyCheckId::kMeasurement);
  facts.workload_check = info(PolicyCheckId::kWorkload);
  facts.workload_is_extended = true;
  facts.development_check = info(PolicyCheckId::kDevelopment);
  facts.product_check = info(PolicyCheckId::kProduct);
  facts.chip_check = info(PolicyCheckId::kChip);
  return facts;
}

// Of TDX its maker states a status; of SEV-SNP nobody does, and policy has nothing to judge.
void begin_tcb(Form form, attest::Findings& out) {
  const auto checks = Tables::all().of_policy();
  const auto info = [&](PolicyCheckId id) { return &checks[static_cast<std::size_t>(id)]; };
  if (is_tdx(form)) {
    out.facts.tcb_status_check = info(PolicyCheckId::kTcbStatus);
    out.facts.tcb_evaluation_check = info(PolicyCheckId::kTcbEvaluation);
    out.facts.tcb_date_check = info(PolicyCheckId::kTcbDate);
    out.facts.tcb_advisories_check = info(PolicyCheckId::kTcbAdvisories);
    return;
  }
  for (const PolicyCheckId id : {PolicyCheckId::kTcbStatus, PolicyCheckId::kTcbAdvisories,
                                 PolicyCheckId::kTcbDate, PolicyCheckId::kTcbEvaluation}) {
    out.checks.push_back({.info = info(id),
                          .not_done = attest::NotDone::kNotAsked,
                          .found = "AMD states no status of a TCB"});
  }
}

// The roots that may vouch for one kind of hardware: its makers', and those that the relying party
// named.
std::vector<attest::Anchor> anchors_of(Form form, std::span<const attest::Anchor> all) {
  const attest::SchemeInfo other = scheme_of(is_tdx(form) ? Form::kSnp : Form::kTdx).info();
  std::vector<attest::Anchor> out;
  std::ranges::copy_if(all, std::back_inserter(out), [&](const attest::Anchor& anchor) {
    return std::ranges::find(other.anchors, anchor.spki_sha256, &attest::Anchor::spki_sha256) ==
           other.anchors.end();
  });
  return out;
}

// verify_hardware has SEV-SNP's or TDX's own code verify the hardware's report, with the same
// collateral.
Result<void> verify_hardware(const attest::Job& job, Form form, Bytes octets, Hardware& out) {
  const auto* ready = static_cast<const Ready*>(job.prepared);
  const bool logs = has_logs(job.collateral);
  const Collateral filtered = logs ? without_logs(job.collateral) : Collateral{};
  const std::vector<attest::Anchor> anchors = anchors_of(form, job.anchors);
  return scheme_of(form).verify({.evidence = octets,
                                 .collateral = logs ? filtered : job.collateral,
                                 .anchors = anchors,
                                 .now = job.now,
                                 .work = job.work == nullptr ? nullptr : &out.work,
                                 .prepared = ready == nullptr ? nullptr : ready->of(form),
                                 .source = ready == nullptr ? nullptr : &ready->plain(),
                                 .platforms = job.platforms},
                                out.findings);
}

// What the hardware's facts are worth here; the rest the TPM's quote says.
void take_facts(const Hardware& hardware, attest::Findings& out) {
  const attest::Facts& from = hardware.findings.facts;
  out.tcb = hardware.findings.tcb;
  out.development = hardware.findings.development;
  out.facts.tcb_matched = from.tcb_matched;
  out.facts.debug = from.debug;
  out.facts.memory = from.memory;
  out.facts.products = from.products;
  out.facts.chips = from.chips;
  out.facts.measurement = from.measurement;
  out.facts.signer = from.signer;
  for (const attest::CheckInfo* check : from.revocation_checks) {
    if (const auto* own = Tables::all().find(check)) out.facts.revocation_checks.push_back(own);
  }
}

// PCR 8 is where a workload's digest is extended into (docs/formats/manifest.md).
constexpr std::uint32_t kWorkloadPcr = 8;

// verify_quote has the TPM's code verify the quote under the key that the hardware vouches for.
void verify_quote(const attest::Job& job, const Evidence& evidence, const crypto::PublicKey& ak,
                  attest::Findings& out) {
  static const tpm::Collateral kNone;
  const std::size_t signatures = job.work == nullptr ? 0 : job.work->signatures.size();
  const std::size_t digests = job.work == nullptr ? 0 : job.work->digests.size();
  attest::Findings found;
  found.tee = "tpm";
  tpm::CheckList checks(
      tpm::Tpm().info().checks.first(static_cast<std::size_t>(tpm::CheckId::kEnd)), found.checks);
  x509::Signatures known;
  tpm::Context context{checks, kNone, {}, {}, job.now, found, known, job.work};
  const tpm::Evidence quote = tpm_evidence(evidence, ak);
  const tpm::Parts parts = tpm::read_parts(context, quote);
  const auto values = tpm::judge_quote(context, quote, parts);
  std::vector<const Document*> logs;
  for (const Document* document : x509::all_of(job.source == nullptr ? job.collateral : *job.source,
                                               job.source == nullptr ? nullptr : &job.collateral)) {
    if (is_log(*document)) logs.push_back(document);
  }
  tpm::check_event_log(context, values, logs);
  tpm::check_ima_log(context, values, logs);
  const std::vector<attest::Claim> more = std::exchange(found.claims, {});
  attest::ClaimList claims(found.claims);
  tpm::add_claims(parts, values, claims);
  claims.append(more);
  claims.finish();
  take_over(found, out);
  out.facts.devices = {to_buffer(crypto::sha256(ak.to_spki()))};
  if (job.work != nullptr) rename_work(signatures, digests, *job.work);
  if (!parts.quote) return;
  out.facts.report_data = parts.quote->extra_data;
  const std::uint16_t bank = tpm::best_bank(values);
  for (const tpm::PcrValue& one : values) {
    if (one.hash == bank && one.number == kWorkloadPcr) out.facts.workload = to_buffer(one.value);
  }
}

void begin(attest::Findings& out) {
  out = {};
  out.tee = "azure";
  out.facts = facts_without_values();
}

void finish(attest::Findings& out) {
  attest::write_field_facts(Tables::all().of_fields(), Tables::all().fields(), out.claims,
                            out.facts.fields);
}

void add_notes(const Evidence& evidence, attest::Findings& out) {
  for (const std::string& name : evidence.unread)
    out.notes.push_back("the evidence's " + name + " is not read");
  if (!evidence.ak_certificate.empty()) {
    out.notes.emplace_back(
        "the certificate of the AK beside the quote is not read: the hardware vouches for the AK");
  }
}

// Everything that follows from evidence whose form is right.
Result<void> verify_parsed(const attest::Job& job, const Evidence& evidence, Context& context) {
  attest::Findings& out = context.findings;
  not_asked(is_tdx(evidence.form) ? "snp" : "tdx",
            std::string("the hardware is ") + name_of(evidence.form), out);
  for (const CheckId id : {CheckId::kReportVmpl, CheckId::kReportMigration}) {
    if (is_tdx(evidence.form)) context.checks.not_asked(id, "the hardware is tdx");
  }
  for (const CheckId id : {CheckId::kTdReportForm, CheckId::kTdReportQuoted}) {
    if (!is_tdx(evidence.form)) context.checks.not_asked(id, "the hardware is snp");
  }
  add_notes(evidence, out);
  const auto hcl = judge_hcl(context, evidence);
  if (hcl) {
    Hardware hardware;
    const Buffer octets = hardware_evidence(evidence, *hcl);
    WARD_CHECK_OK(verify_hardware(job, evidence.form, octets, hardware));
    std::optional<RuntimeData> data;
    const auto ak = judge_runtime(context, *hcl, data);
    add_claims(evidence, *hcl, data, out.claims);
    take_over(hardware.findings, out);
    take_facts(hardware, out);
    if (job.work != nullptr) take_over_work(hardware.work, name_of(evidence.form), *job.work);
    judge_hardware(context, *hcl, octets, hardware.findings.facts.report_data);
    if (ak) verify_quote(job, evidence, *ak, out);
  }
  begin_tcb(evidence.form, out);
  return {};
}

Error form_failure() {
  return {Errc::kMalformed, "no JSON with an HCL report and a vTPM's quote of an Azure guest"};
}

// What the parts say, for those who only look.
struct Look {
  Evidence evidence;
  Hcl hcl;
  Buffer hardware;
};

Result<Look> look(Bytes octets) {
  auto evidence = parse_evidence(octets);
  if (!evidence) return form_failure();
  auto hcl = parse_hcl(evidence->hcl);
  if (!hcl) return Error(Errc::kMalformed, "the HCL report is malformed");
  Look out{*std::move(evidence), *std::move(hcl), {}};
  out.hardware = hardware_evidence(out.evidence, out.hcl);
  return out;
}

void append(const char* tee, const Result<std::vector<attest::Claim>>& claims,
            std::vector<attest::Claim>& out) {
  if (!claims) return;
  for (const attest::Claim& claim : *claims)
    out.push_back({std::string(tee) + "." + claim.name, claim.value});
}

}  // namespace

attest::SchemeInfo Azure::info() const {
  const Tables& tables = Tables::all();
  return {.name = "azure",
          .title = "Azure confidential virtual machines (vTPM quote on SEV-SNP or TDX)",
          .media_type = "application/vnd.ward.azure.evidence+json",
          .report_data_size = 0,
          .measurement_size = 48,
          .checks = tables.checks(),
          .fields = tables.fields(),
          .anchors = tables.anchors(),
          .tcb_statuses = scheme_of(Form::kTdx).info().tcb_statuses,
          .default_policy = kDefaultPolicy,
          .products = tables.products(),
          .protocol_names = kProtocolNames,
          .workload_sizes = tpm::kPcrSizes};
}

attest::Recognition Azure::recognises(Bytes evidence) const {
  return looks_like_evidence(evidence) ? attest::Recognition::kSure : attest::Recognition::kNo;
}

Result<std::vector<attest::Claim>> Azure::inspect(Bytes evidence) const {
  WARD_TRY(const Look seen, look(evidence));
  std::optional<RuntimeData> data;
  if (auto read = parse_runtime_data(seen.hcl.runtime_data)) data = *std::move(read);
  std::vector<attest::Claim> out;
  add_claims(seen.evidence, seen.hcl, data, out);
  const Form form = seen.evidence.form;
  append(name_of(form), scheme_of(form).inspect(seen.hardware), out);
  if (!data) return out;
  const auto ak = attestation_key(*data);
  if (!ak) return out;
  const Buffer quote = tpm::write_evidence(tpm_evidence(seen.evidence, *ak));
  append("tpm", tpm::Tpm().inspect(quote), out);
  return out;
}

Result<std::vector<attest::LayoutField>> Azure::layout(Bytes evidence) const {
  if (!parse_evidence(evidence)) return form_failure();
  return layout_of(evidence);
}

Result<std::vector<attest::CollateralRequest>> Azure::needs(Bytes evidence) const {
  WARD_TRY(const Look seen, look(evidence));
  WARD_TRY(auto out, scheme_of(seen.evidence.form).needs(seen.hardware));
  for (attest::CollateralRequest& request : out)
    request.check.insert(0, "azure.");
  return out;
}

std::unique_ptr<const attest::Prepared> Azure::prepare(const Collateral& collateral) const {
  return std::make_unique<Ready>(collateral);
}

Result<void> Azure::verify(const attest::Job& job, attest::Findings& out) const {
  if (job.work != nullptr) job.work->add(x509::evidence_material(job.evidence, "evidence"));
  begin(out);
  CheckList checks(Tables::all().of_verifier(), out.checks);
  const auto evidence = parse_evidence(job.evidence);
  if (checks.record(CheckId::kEvidenceForm, evidence.has_value(),
                    evidence ? std::to_string(job.evidence.size()) + " octets" : evidence.error(),
                    {"JSON of an HCL report, what vouches for it, and a quote"})) {
    Context context{checks, out, job.work};
    WARD_CHECK_OK(verify_parsed(job, *evidence, context));
  }
  finish(out);
  return {};
}

}  // namespace ward::azure
