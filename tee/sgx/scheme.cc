#include "tee/sgx/scheme.h"

#include <array>

#include "tee/dcap/verify.h"
#include "tee/sgx/evidence.h"

namespace ward::sgx {
namespace {

using attest::CheckInfo;
using attest::Findings;
using dcap::CheckId;

constexpr CheckInfo kChecks[] = {
#define WARD_DCAP_CHECK(name, id, reference, meaning, hint) {"sgx." id, reference, meaning, hint},
#include "tee/dcap/checks.def"
#undef WARD_DCAP_CHECK
};

// Intel SGX Root CA: SHA-256 of its SubjectPublicKeyInfo. Source: the certificate that Intel
// publishes at its PCS, "Intel_SGX_Provisioning_Certification_RootCA"; the same key stands in
// dcap-qvl, dcap-rs, go-tdx-guest and Open Enclave.
const attest::Anchor kAnchors[] = {
    {.spki_sha256 = {0xa0, 0xaf, 0x03, 0x12, 0x89, 0xf5, 0xd5, 0xd4, 0x13, 0x2f, 0x91,
                     0x86, 0x06, 0x8a, 0x7f, 0xc1, 0x36, 0x28, 0x63, 0x3b, 0xa2, 0x35,
                     0x77, 0x74, 0x72, 0xe2, 0x9b, 0x6b, 0x6c, 0x67, 0xa4, 0x9e},
     .name = "Intel SGX Root CA"}};

constexpr dcap::TeeIds kIds = {.tcb_info = "SGX", .qe_identity = "QE"};
constexpr std::size_t kVendorAt = header::QeVendorId::kBegin;

const CheckInfo* info_of(CheckId id) { return &kChecks[static_cast<std::size_t>(id)]; }

attest::Facts facts_without_values() {
  attest::Facts facts;
  facts.tcb_status_check = info_of(CheckId::kTcbStatus);
  facts.tcb_evaluation_check = info_of(CheckId::kTcbEvaluation);
  facts.debug_check = info_of(CheckId::kDebug);
  facts.report_data_check = info_of(CheckId::kReportData);
  facts.measurement_check = info_of(CheckId::kMeasurement);
  facts.workload_check = info_of(CheckId::kWorkload);
  facts.development_check = info_of(CheckId::kDevelopment);
  return facts;
}

void fill_facts(const Quote& quote, attest::Facts& facts) {
  const dcap::ReportBody body(quote.body);
  facts.debug = body.debug();
  facts.report_data = to_buffer(body.get<dcap::report_body::ReportData>());
  facts.measurement = to_buffer(body.get<dcap::report_body::MrEnclave>());
  facts.workload = to_buffer(body.get<dcap::report_body::ConfigId>());
  facts.signer = to_buffer(body.get<dcap::report_body::MrSigner>());
}

void record_form(dcap::CheckList& checks, const Quote& quote) {
  checks.record(CheckId::kQuoteSize, true, std::to_string(quote.raw.size()) + " octets",
                {"lengths that agree"});
  checks.record(CheckId::kQuoteVersion, true, "3", {"3"});
  checks.record(CheckId::kQuoteAttKeyType, true, "2", {"2 (ECDSA P-256)"});
  checks.record(CheckId::kQuoteTeeType, true, "0", {"0"});
  checks.record(CheckId::kQuoteVendorId, true, to_hex(intel_qe_vendor_id()),
                {to_hex(intel_qe_vendor_id())});
  checks.record(CheckId::kQuoteReserved, true, "zero", {"zero"});
}

void record_form_error(dcap::CheckList& checks, const FormError& form) {
  std::string found = form.error.what();
  if (form.error.value()) found += " " + std::to_string(*form.error.value());
  checks.record(form.check, false, found, {"a well-formed SGX quote of version 3"});
}

void verify_quote(dcap::Context& context, const Quote& quote) {
  const auto platform = dcap::verify_pck_chain(context, quote.qe);
  const dcap::Platform* known = platform ? &*platform : nullptr;
  dcap::TcbDocuments documents;
  if (const pki::Certificate* root = dcap::anchored_root(context, known)) {
    const auto* root_crl = dcap::verify_root_crl(context, *root);
    if (known != nullptr) dcap::verify_revocation(context, *known, root_crl);
    documents = dcap::verify_tcb_documents(context, known, *root, root_crl, kIds);
  }
  const auto* qe_level =
      dcap::verify_qe(context, quote.qe, quote.attestation_key, known, documents.qe_identity);
  dcap::verify_quote_signature(context, quote.attestation_key, quote.signed_part(),
                               quote.signature);
  dcap::conclude_tcb(context, known, documents, qe_level);
}

Error form_to_error(const FormError& form) { return form.error; }

}  // namespace

attest::SchemeInfo Sgx::info() const {
  return {.name = "sgx",
          .title = "Intel SGX (DCAP ECDSA quote, version 3)",
          .media_type = "application/vnd.intel.sgx.quote",
          .report_data_size = 64,
          .measurement_size = 32,
          .workload_size = 64,
          .checks = kChecks,
          .anchors = kAnchors,
          .tcb_statuses = dcap::acceptable_tcb_statuses()};
}

bool Sgx::recognises(Bytes evidence) const {
  // A cut quote is still one: as far as they go, the first octets are version 3's.
  static constexpr std::array<std::uint8_t, 2> kVersion3 = {3, 0};
  const std::size_t n = std::min(evidence.size(), kVersion3.size());
  if (equal(evidence.first(n), Bytes(kVersion3).first(n))) return true;
  // A quote with a damaged start still names Intel's quoting enclave. Versions 4 and 5 are other
  // kinds.
  const Bytes vendor = intel_qe_vendor_id();
  if (evidence.size() < kVendorAt + vendor.size()) return false;
  const bool later_version = (evidence[0] == 4 || evidence[0] == 5) && evidence[1] == 0;
  return !later_version && equal(evidence.subspan(kVendorAt, vendor.size()), vendor);
}

Result<std::vector<attest::Claim>> Sgx::inspect(Bytes evidence) const {
  const auto quote = parse_quote(evidence);
  if (!quote) return form_to_error(quote.error());
  return quote_claims(*quote);
}

Result<std::vector<attest::LayoutField>> Sgx::layout(Bytes evidence) const {
  const auto quote = parse_quote(evidence);
  if (!quote) return form_to_error(quote.error());
  return quote_layout(*quote);
}

Result<std::vector<attest::CollateralRequest>> Sgx::needs(Bytes evidence) const {
  const auto quote = parse_quote(evidence);
  if (!quote) return form_to_error(quote.error());
  std::vector<attest::CollateralRequest> out{
      {"sgx.root_crl", ""}, {"sgx.tcb_signing_chain", ""}, {"sgx.qe_identity", ""}};
  const auto chain = pki::parse_certificates(as_text(quote->qe.certification_data));
  if (!chain || chain->empty()) {
    out.push_back({"sgx.pck_chain", to_hex(quote->qe.certification_data)});
    return out;
  }
  const pki::Certificate& leaf = chain->front();
  const bool platform_ca = leaf.issuer.common_name().ends_with(" SGX PCK Platform CA");
  out.push_back({"sgx.pck_crl", platform_ca ? "platform" : "processor"});
  if (const pki::Extension* extension = leaf.find(dcap::pck_extension_oid())) {
    if (const auto pck = dcap::parse_pck_extensions(extension->value)) {
      out.push_back({"sgx.tcb_info", to_hex(pck->fmspc)});
    }
  }
  return out;
}

Result<Findings> Sgx::verify(Bytes evidence, const attest::Collateral& collateral,
                             std::span<const attest::Anchor> anchors, UnixTime now) const {
  Findings findings;
  findings.tee = "sgx";
  findings.facts = facts_without_values();
  dcap::CheckList checks(kChecks);
  const auto quote = parse_quote(evidence);
  if (quote) {
    record_form(checks, *quote);
    findings.claims = quote_claims(*quote);
    fill_facts(*quote, findings.facts);
    const dcap::CollateralSet sorted = dcap::sort_collateral(collateral);
    for (const dcap::Malformed& m : sorted.unknown) {
      findings.notes.push_back("not recognised: " + m.name + ": " + m.why);
    }
    dcap::Context context{checks, sorted, anchors, now, findings};
    verify_quote(context, *quote);
  } else {
    record_form_error(checks, quote.error());
  }
  findings.checks = checks.take_before(dcap::kPolicyFirst);
  return findings;
}

}  // namespace ward::sgx
