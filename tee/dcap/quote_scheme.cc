#include "tee/dcap/quote_scheme.h"

#include <algorithm>

#include "attest/fields.h"
#include "attest/recall.h"
#include "tee/dcap/fields.h"
#include "tee/dcap/protection.h"
#include "tee/x509/given.h"
#include "tee/x509/platform_key.h"
#include "tee/x509/work.h"

namespace ward::dcap {
namespace {

// Intel SGX Root CA: SHA-256 of its SubjectPublicKeyInfo. Source: the certificate that Intel
// publishes at its PCS, "Intel_SGX_Provisioning_Certification_RootCA"; the same key stands in
// dcap-qvl, dcap-rs, go-tdx-guest and Open Enclave.
const attest::Anchor kAnchors[] = {
    {.spki_sha256 = {0xa0, 0xaf, 0x03, 0x12, 0x89, 0xf5, 0xd5, 0xd4, 0x13, 0x2f, 0x91,
                     0x86, 0x06, 0x8a, 0x7f, 0xc1, 0x36, 0x28, 0x63, 0x3b, 0xa2, 0x35,
                     0x77, 0x74, 0x72, 0xe2, 0x9b, 0x6b, 0x6c, 0x67, 0xa4, 0x9e},
     .name = "Intel SGX Root CA"}};

// Intel's Provisioning Certification Service, API v4.
constexpr const char* kService = "https://api.trustedservices.intel.com/";
constexpr const char* kRootCrlAddress =
    "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

bool names_intel(Bytes evidence) {
  const Bytes vendor = intel_qe_vendor_id();
  return evidence.size() >= header::QeVendorId::kEnd &&
         equal(evidence.subspan(header::QeVendorId::kBegin, vendor.size()), vendor);
}

// tee_of says whose quote `evidence` is, or is a damaged or cut piece of. What versions 4 and 5
// have in common up to the TEE type is taken for TDX's, and an empty file for SGX's.
std::optional<TeeType> tee_of(Bytes evidence) {
  if (evidence.empty()) return TeeType::kSgx;
  const std::uint64_t version =
      attest::little_endian(evidence.first(std::min<std::size_t>(evidence.size(), 2)));
  if (version == 3) return TeeType::kSgx;
  const bool whole_type = evidence.size() >= header::TeeTypeField::kEnd;
  const std::uint64_t type =
      whole_type ? attest::little_endian(evidence.subspan(header::TeeTypeField::kBegin, 4)) : 0;
  if (version == 4 || version == 5) {
    return whole_type && type == 0 ? TeeType::kSgx : TeeType::kTdx;
  }
  // A quote with a damaged start still names Intel's quoting enclave.
  if (!names_intel(evidence)) return std::nullopt;
  return type == static_cast<std::uint64_t>(TeeType::kTdx) ? TeeType::kTdx : TeeType::kSgx;
}

void record_form(CheckList& checks, const Quote& quote) {
  const std::string version = std::to_string(quote.version);
  const std::string tee =
      std::to_string(attest::little_endian(header::TeeTypeField::in(quote.head)));
  const std::string body = quote.version < 5
                               ? "none in version " + version
                               : std::to_string(static_cast<unsigned>(quote.body_type)) + ", " +
                                     std::to_string(quote.body.size()) + " octets";
  checks.record(CheckId::kQuoteSize, true, std::to_string(quote.raw.size()) + " octets",
                {"lengths that agree"});
  checks.record(CheckId::kQuoteVersion, true, version, {version});
  checks.record(CheckId::kQuoteAttKeyType, true, "2", {"2 (ECDSA P-256)"});
  checks.record(CheckId::kQuoteTeeType, true, tee, {tee});
  checks.record(CheckId::kQuoteVendorId, true, to_hex(intel_qe_vendor_id()),
                {to_hex(intel_qe_vendor_id())});
  checks.record(CheckId::kQuoteBodyType, true, body, {"a body of this TEE"});
  checks.record(CheckId::kQuoteReserved, true, "zero", {"zero"});
}

void record_form_error(CheckList& checks, const FormError& form, const char* name) {
  std::string found = form.error.what();
  if (form.error.value()) found += " " + std::to_string(*form.error.value());
  checks.record(form.check, false, found, {"a well-formed quote of " + std::string(name)});
}

}  // namespace

attest::SchemeInfo QuoteScheme::info() const {
  return {.name = profile_.name,
          .title = profile_.title,
          .media_type = profile_.media_type,
          .report_data_size = 64,
          .measurement_size = profile_.measurement_size,
          .workload_size = profile_.workload_size,
          .checks = profile_.checks,
          .fields = profile_.fields,
          .anchors = kAnchors,
          .tcb_statuses = profile_.tcb_statuses,
          .default_policy = profile_.default_policy,
          .products = kSgxTypes,
          .product_octets = std::tuple_size_v<decltype(PckExtensions::fmspc)>};
}

attest::Recognition QuoteScheme::recognises(Bytes evidence) const {
  if (tee_of(evidence) != profile_.tee) return attest::Recognition::kNo;
  return names_intel(evidence) ? attest::Recognition::kSure : attest::Recognition::kDamaged;
}

Result<std::vector<attest::Claim>> QuoteScheme::inspect(Bytes evidence) const {
  const auto quote = parse_quote(evidence, profile_.tee);
  if (!quote) return quote.error().error;
  std::vector<attest::Claim> out;
  attest::ClaimList list(out);
  add_claims(*quote, list);
  list.finish();
  return out;
}

Result<std::vector<attest::LayoutField>> QuoteScheme::layout(Bytes evidence) const {
  const auto quote = parse_quote(evidence, profile_.tee);
  if (!quote) return quote.error().error;
  return quote_layout(*quote, body_layout(*quote));
}

Result<std::vector<attest::CollateralRequest>> QuoteScheme::needs(Bytes evidence) const {
  const auto quote = parse_quote(evidence, profile_.tee);
  if (!quote) return quote.error().error;
  const auto request = [&](const char* kind, CheckId check, std::string key, std::string address) {
    return attest::CollateralRequest{std::string(profile_.name) + "." + kind, std::move(key),
                                     profile_.checks[static_cast<std::size_t>(check)].id,
                                     std::move(address)};
  };
  const std::string service = std::string(kService) + profile_.name + "/certification/v4/";
  std::vector<attest::CollateralRequest> out{
      request("root_crl", CheckId::kRootCrlPresent, "", kRootCrlAddress),
      request("qe_identity", CheckId::kQeIdentityPresent, "", service + "qe/identity")};
  const auto chain = pki::parse_certificates(as_text(quote->qe.certification_data));
  if (quote->qe.certification_type != certification::kPckChain) {
    out.push_back(
        request("pck_chain", CheckId::kPckChainPresent, to_hex(quote->qe.certification_data), ""));
  }
  if (chain && !chain->empty()) {
    const pki::Certificate& leaf = chain->front();
    const std::string ca = leaf.issuer.common_name() == kPlatformCaName ? "platform" : "processor";
    out.push_back(
        request("pck_crl", CheckId::kPckCrlPresent, ca,
                std::string(kService) + "sgx/certification/v4/pckcrl?ca=" + ca + "&encoding=der"));
    const pki::Extension* extension = leaf.find(pck_extension_oid());
    const auto pck = parse_pck_extensions(extension == nullptr ? Bytes{} : Bytes(extension->value));
    if (pck) {
      const std::string fmspc = to_hex(pck->fmspc);
      out.push_back(
          request("tcb_info", CheckId::kTcbInfoPresent, fmspc, service + "tcb?fmspc=" + fmspc));
    }
  }
  // It comes as a header of either signed document.
  out.push_back(request("tcb_signing_chain", CheckId::kTcbSigningPresent, "",
                        service + "qe/identity (header SGX-Enclave-Identity-Issuer-Chain, or "
                                  "TCB-Info-Issuer-Chain of the TCB info; URL-encoded PEM)"));
  return out;
}

attest::Facts QuoteScheme::facts_without_values() const {
  const auto info = [&](PolicyCheckId id) {
    return &profile_.checks[profile_.policy_at + static_cast<std::size_t>(id)];
  };
  attest::Facts facts;
  facts.tcb_status_check = info(PolicyCheckId::kTcbStatus);
  facts.tcb_evaluation_check = info(PolicyCheckId::kTcbEvaluation);
  facts.debug_check = info(PolicyCheckId::kDebug);
  facts.memory = attest::MemoryKept::kEncrypted;
  facts.report_data_check = info(PolicyCheckId::kReportData);
  facts.measurement_check = info(PolicyCheckId::kMeasurement);
  facts.workload_check = info(PolicyCheckId::kWorkload);
  facts.development_check = info(PolicyCheckId::kDevelopment);
  facts.tcb_advisories_check = info(PolicyCheckId::kTcbAdvisories);
  facts.tcb_date_check = info(PolicyCheckId::kTcbDate);
  facts.product_check = info(PolicyCheckId::kProduct);
  facts.chip_check = info(PolicyCheckId::kChip);
  return facts;
}

void QuoteScheme::add_claims(const Quote& quote, attest::ClaimList& out) const {
  add_claims_before(quote, out);
  add_body_claims(quote, out);
  add_claims_behind(quote, out);
}

// What was found out of a platform: all findings but those of the evidence itself, whose checks are
// blocked; and the key that signs its quotes.
struct QuoteScheme::Found {
  attest::Findings findings;
  std::optional<crypto::PublicKey> attestation_key;
  attest::Window window;
  std::optional<Platform> platform;  // what was seen of it, for those who show the work
};

// The same, as it is kept.
struct QuoteScheme::KnownPlatform final : attest::Platform {
  KnownPlatform(const Found& found, UnixTime at)
      : findings(found.findings, at), attestation_key(found.attestation_key) {
    window = found.window;
  }

  [[nodiscard]] std::size_t memory() const override {
    return sizeof *this + findings.memory() + crypto::kPublicKeyMemory;
  }

  const attest::KeptFindings findings;
  const std::optional<crypto::PublicKey> attestation_key;
};

// What the verification of the evidence needs of its platform.
struct QuoteScheme::Origins {
  const std::optional<crypto::PublicKey>& attestation_key;
  const std::vector<attest::Claim>& claims;
  Documents own;  // of Profile::own_document
  const CollateralSet& collateral;
  x509::Signatures& signatures;
  const pki::Certificate* pck = nullptr;
};

// The parts of a quote that speak of its platform: header, some of the body, and all behind it but
// the signature.
std::array<Bytes, 5> QuoteScheme::platform_parts(const Quote& quote) const {
  const auto [first, second] = platform_octets(quote);
  const auto place = [&](Bytes part) {
    return static_cast<std::size_t>(part.data() - quote.raw.data());
  };
  const std::size_t body_end = quote.body_at + quote.body.size();
  return {quote.raw.first(quote.body_at), first, second,
          quote.raw.subspan(body_end, place(quote.signature) - body_end),
          quote.raw.subspan(place(quote.attestation_key))};
}

attest::PlatformKey QuoteScheme::platform_key(const attest::Job& job, const Quote& quote,
                                              Documents beside) const {
  x509::KeyWriter key(profile_.name, job);
  key.add(beside);
  key.add(quote.raw.size());
  for (const Bytes part : platform_parts(quote)) {
    key.add(part);
  }
  return key.finish();
}

// Everything that follows from the platform's part of a quote.
void QuoteScheme::verify_masked(Context& context, const Quote& quote,
                                std::optional<Platform>& platform,
                                std::optional<crypto::PublicKey>& attestation_key) const {
  platform = verify_pck_chain(context, quote.qe);
  const Platform* known = platform ? &*platform : nullptr;
  if (known != nullptr) {
    add_protection_claims(profile_.tee, known->extensions, context.findings.claims);
  }
  TcbDocuments documents;
  if (const pki::Certificate* root = anchored_root(context, known)) {
    const auto* root_crl = verify_root_crl(context, *root, known);
    if (known != nullptr) verify_revocation(context, *known, root_crl);
    documents = verify_tcb_documents(context, known, *root, root_crl, profile_.ids);
  }
  const auto* qe_level =
      verify_qe(context, quote.qe, quote.attestation_key, known, documents.qe_identity);
  attestation_key = read_attestation_key(context, quote.attestation_key);
  // The TCB stands in the PCK certificate: where that is not genuine, there is no TCB to speak of.
  if (known == nullptr || documents.tcb_info == nullptr ||
      !context.checks.passed(CheckId::kPckChainRoot) ||
      !context.checks.passed(CheckId::kPckChainSignature)) {
    return;
  }
  const auto tcb = match_tcb(context, quote, known->extensions, *documents.tcb_info, qe_level);
  conclude_tcb(context, tcb, documents, qe_level);
}

QuoteScheme::Found QuoteScheme::verify_platform(const attest::Job& job, const Quote& quote,
                                                const CollateralSet& collateral,
                                                x509::Signatures& signatures) const {
  Buffer masked(quote.raw.size());
  for (const Bytes part : platform_parts(quote)) {
    if (part.empty()) continue;
    std::copy(part.begin(), part.end(), masked.begin() + (part.data() - quote.raw.data()));
  }
  const Quote seen = *parse_quote(masked, profile_.tee);
  Found out;
  out.findings.tee = profile_.name;
  out.findings.facts = facts_without_values();
  CheckList checks(profile_.checks.first(profile_.policy_at), out.findings.checks);
  record_form(checks, seen);
  for (const Malformed& m : collateral.unknown) {
    out.findings.notes.push_back("not recognised: " + m.name + ": " + m.why);
  }
  Context context{checks,       collateral, job.anchors, job.now,
                  out.findings, signatures, job.work,    &job.collateral};
  verify_masked(context, seen, out.platform, out.attestation_key);
  std::vector<UnixTime> changes;
  add_changes(collateral, changes);
  if (out.platform) {
    for (const pki::Certificate& certificate : out.platform->chain) {
      x509::add_changes(certificate, changes);
    }
  }
  out.window = attest::window_at(changes, job.now);
  return out;
}

// What follows from the evidence itself, beside the platform's findings, which `out` holds already
// but for their claims.
void QuoteScheme::verify_evidence(const attest::Job& job, const Quote& quote,
                                  const Origins& origins, attest::Findings& out) const {
  attest::ClaimList claims(out.claims);
  add_claims(quote, claims);
  claims.append(origins.claims);
  claims.finish();
  fill_facts(quote, out.facts);
  CheckList checks(out.checks);
  Context context{checks, origins.collateral, job.anchors, job.now,
                  out,    origins.signatures, job.work,    &job.collateral};
  if (origins.attestation_key) {
    verify_quote_signature(checks, *origins.attestation_key, quote.signed_part(), quote.signature);
  }
  if (job.work != nullptr) show_quote(context, quote, origins.pck);
  check_body(context, quote, origins.own);
  attest::write_field_facts(profile_.checks.last(profile_.fields.size()), profile_.fields,
                            out.claims, out.facts.fields);
}

std::unique_ptr<const attest::Prepared> QuoteScheme::prepare(
    const attest::Collateral& collateral) const {
  return std::make_unique<x509::PreparedSet<CollateralSet>>(
      collateral, sort_collateral(x509::all_of(collateral), profile_.own_document),
      profile_.own_document);
}

Result<void> QuoteScheme::verify(const attest::Job& job, attest::Findings& out) const {
  if (job.work != nullptr) job.work->add(x509::evidence_material(job.evidence, "quote"));
  const auto quote = parse_quote(job.evidence, profile_.tee);
  if (!quote) {
    out = {};
    out.tee = profile_.name;
    out.facts = facts_without_values();
    CheckList checks(profile_.checks.first(profile_.policy_at), out.checks);
    record_form_error(checks, quote.error(), profile_.name);
    attest::write_field_facts(profile_.checks.last(profile_.fields.size()), profile_.fields, {},
                              out.facts.fields);
    return {};
  }
  x509::Given<CollateralSet> given(job, profile_.own_document, sort_collateral);
  attest::PlatformStore* const platforms = given.platforms();
  attest::PlatformKey key{};
  if (platforms != nullptr) {
    key = platform_key(job, *quote, given.beside());
    const auto held = platforms->find(key, job.now);
    if (held.get() != nullptr) {
      static const CollateralSet none;
      const auto& known = static_cast<const KnownPlatform&>(*held.get());
      known.findings.recall(job.now, out);
      verify_evidence(
          job, *quote,
          {known.attestation_key, known.findings.claims(), given.own(), none, given.signatures()},
          out);
      return {};
    }
  }
  const CollateralSet& collateral = given.collateral();
  Found found = verify_platform(job, *quote, collateral, given.signatures());
  std::shared_ptr<const KnownPlatform> known;
  if (platforms != nullptr && attest::is_sound(found.findings)) {
    known = x509::known_of<KnownPlatform>(found, job.now);
  }
  out = std::move(found.findings);
  const std::vector<attest::Claim> claims = std::exchange(out.claims, {});
  verify_evidence(job, *quote,
                  {found.attestation_key, claims, given.own(), collateral, given.signatures(),
                   found.platform ? &found.platform->leaf() : nullptr},
                  out);
  // What is kept can be found again by a quote of the platform alone: whoever has none adds
  // nothing.
  if (known != nullptr && CheckList(out.checks).passed(CheckId::kQuoteSignature)) {
    x509::try_to_keep(*platforms, key, known);
  }
  return {};
}

}  // namespace ward::dcap
