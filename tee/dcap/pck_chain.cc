#include <algorithm>

#include "codec/pem.h"
#include "tee/dcap/fields.h"
#include "tee/dcap/verify.h"
#include "tee/x509/crl.h"
#include "tee/x509/development.h"
#include "tee/x509/pool.h"
#include "tee/x509/work.h"

namespace ward::dcap {
namespace {

using attest::Expectation;
using attest::Origin;

using CrlChecks = x509::CrlChecks<CheckId>;
constexpr x509::PathChecks<CheckId> kPckPath = {
    CheckId::kPckChainRoot,        CheckId::kPckChainSignature, CheckId::kPckChainNames,
    CheckId::kPckChainConstraints, CheckId::kPckChainNotBefore, CheckId::kPckChainNotAfter};
constexpr CrlChecks kRootCrl = {CheckId::kRootCrlPresent, CheckId::kRootCrlSignature,
                                CheckId::kRootCrlThisUpdate, CheckId::kRootCrlNextUpdate,
                                CheckId::kRootCrlExtensions};
constexpr CrlChecks kPckCrl = {CheckId::kPckCrlPresent, CheckId::kPckCrlSignature,
                               CheckId::kPckCrlThisUpdate, CheckId::kPckCrlNextUpdate,
                               CheckId::kPckCrlExtensions};

const Named<pki::Crl>* select_crl(Context& context, const pki::Certificate& issuer,
                                  const CrlChecks& ids, const pki::Certificate* subject) {
  const x509::CrlFacts facts =
      x509::judge_crl(context.collateral.crls, issuer, context.now, context.signatures, subject);
  for (const std::string& origin : facts.passed_over) {
    context.findings.notes.push_back("passed over CRL " + origin);
  }
  if (context.work != nullptr && facts.crl != nullptr) {
    x509::show_crl(*context.work, *facts.crl, issuer, context.checks.info(ids.signature),
                   context.collateral);
  }
  return x509::record_crl(context.checks, ids, facts);
}

bool pck_names(std::span<const pki::Certificate> chain) {
  const std::string ca = chain[1].subject.common_name();
  return chain[0].subject.common_name() == kPckName &&
         (ca == kPlatformCaName || ca == kProcessorCaName) &&
         chain[2].subject.common_name() == kRootName;
}

// PCK 1.3.5: the leaf is no CA and may sign.
bool pck_leaf_profile(const pki::Certificate& leaf) {
  if (leaf.basic_constraints && leaf.basic_constraints->ca) return false;
  return leaf.key_usage && (*leaf.key_usage & pki::key_usage::kDigitalSignature) != 0 &&
         leaf.public_key && leaf.public_key->type() == crypto::KeyType::kP256;
}

// The platform CA's certificates are for machines of several packages, whose keys are registered;
// the processor CA's for machines of one (PCK 1.2).
void add_pck_claims(const Platform& platform, std::vector<attest::Claim>& out) {
  const PckExtensions& e = platform.extensions;
  const bool platform_ca = platform.ca().subject.common_name() == kPlatformCaName;
  out.push_back({"pck.ca", std::string(kPckCas[platform_ca ? 1 : 0])});
  out.push_back({"pck.fmspc", to_buffer(e.fmspc)});
  out.push_back({"pck.pce_id", to_buffer(e.pce_id)});
  out.push_back({"pck.pce_svn", std::uint64_t{e.pce_svn}});
  out.push_back({"pck.cpu_svn", to_buffer(e.cpu_svn)});
  out.push_back({"pck.tcb_components", to_buffer(e.tcb_components)});
  out.push_back({"pck.ppid", to_buffer(e.ppid)});
  out.push_back({"pck.sgx_type",
                 e.sgx_type < 3 ? std::string(kSgxTypes[e.sgx_type]) : std::to_string(e.sgx_type)});
  if (e.platform_instance_id) {
    out.push_back({"pck.platform_instance_id", to_buffer(*e.platform_instance_id)});
  }
  if (e.dynamic_platform) out.push_back({"pck.dynamic_platform", *e.dynamic_platform});
  if (e.cached_keys) out.push_back({"pck.cached_keys", *e.cached_keys});
  if (e.smt_enabled) out.push_back({"pck.smt_enabled", *e.smt_enabled});
}

// The platform by every name that its certificate has for it.
void fill_platform_facts(const PckExtensions& e, attest::Facts& facts) {
  facts.products = {to_hex(e.fmspc)};
  if (e.sgx_type < std::size(kSgxTypes)) facts.products.emplace_back(kSgxTypes[e.sgx_type]);
  facts.chips = {to_buffer(e.ppid)};
  if (e.platform_instance_id) facts.chips.push_back(to_buffer(*e.platform_instance_id));
}

// find_leaf looks among the collateral for the PCK certificate whose key signed the quoting
// enclave's report: of several the one that a CA of a trusted root issued, valid, and the newest.
// Where none did, the only one that was given is meant, and its signature fails.
const pki::Certificate* find_leaf(const x509::Pool& pool, const QeEvidence& qe) {
  const auto named = [](const pki::Certificate& c) { return c.subject.common_name() == kPckName; };
  const auto signed_report = pool.fitting(named, [&](const pki::Certificate& c) {
    return c.public_key->verify_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256, qe.report,
                                   qe.signature);
  });
  if (!signed_report.empty()) {
    return pool.best(signed_report, [&](const pki::Certificate& leaf) {
      const pki::Certificate* ca = pool.find_issuer(leaf);
      const pki::Certificate* root = ca == nullptr ? nullptr : pool.find_issuer(*ca);
      return root != nullptr && pool.anchored(*root) && pool.is_signed_by(leaf, *ca) &&
             pool.is_signed_by(*ca, *root);
    });
  }
  const auto all = pool.fitting(named, [](const pki::Certificate&) { return true; });
  return all.size() == 1 ? all.front() : nullptr;
}

// record_form records pck_chain.form, and returns the certificates where they are `count`.
std::optional<std::vector<pki::Certificate>> record_form(CheckList& checks, Bytes pem,
                                                         std::size_t count, const char* expected) {
  auto chain = pki::parse_certificates(as_text(pem));
  const bool form = chain.has_value() && chain->size() == count;
  checks.record(CheckId::kPckChainForm, form,
                chain ? std::to_string(chain->size()) + " certificates" : chain.error().what(),
                {expected});
  if (!form) return std::nullopt;
  return *std::move(chain);
}

// collateral_chain puts together a chain that the quote names (types 1 to 3 and 7) or begins (4).
std::optional<std::vector<pki::Certificate>> collateral_chain(Context& context,
                                                              const QeEvidence& qe) {
  CheckList& checks = context.checks;
  const x509::Pool pool(context.collateral.certificates, context.anchors, context.now,
                        context.signatures, context.findings.notes);
  std::vector<pki::Certificate> chain;
  if (qe.certification_type == certification::kPckLeaf) {
    auto leaf = record_form(checks, qe.certification_data, 1, "one PCK certificate");
    if (!leaf) {
      checks.record(CheckId::kPckChainPresent, true, "type 4", {"a PCK certificate"});
      return std::nullopt;
    }
    chain = *std::move(leaf);
  } else if (const pki::Certificate* leaf = find_leaf(pool, qe)) {
    chain.push_back(*leaf);
  } else {
    checks.absent(
        CheckId::kPckChainPresent,
        "the platform's PCK certificate chain as collateral, or inside the quote (type 5)");
    return std::nullopt;
  }
  while (chain.size() < 3) {
    const pki::Certificate* issuer = pool.find_issuer(chain.back());
    if (issuer == nullptr) {
      checks.absent(CheckId::kPckChainPresent,
                    "the certificate of " + chain.back().issuer.common_name());
      return std::nullopt;
    }
    chain.push_back(*issuer);
  }
  checks.record(CheckId::kPckChainPresent, true, "among the collateral",
                {"a PCK certificate chain"});
  checks.record(CheckId::kPckChainForm, true, "3 certificates",
                {"PCK certificate, processor or platform CA, root"});
  return chain;
}

std::optional<std::vector<pki::Certificate>> find_chain(Context& context, const QeEvidence& qe) {
  if (qe.certification_type != certification::kPckChain) return collateral_chain(context, qe);
  context.checks.record(CheckId::kPckChainPresent, true, "type 5", {"a PCK certificate chain"});
  return record_form(context.checks, qe.certification_data, 3,
                     "PCK certificate, processor or platform CA, root");
}

}  // namespace

std::optional<Platform> verify_pck_chain(Context& context, const QeEvidence& qe) {
  CheckList& checks = context.checks;
  const std::uint16_t type = qe.certification_type;
  const std::string type_text = "type " + std::to_string(type);
  const bool readable = type == certification::kPlatformManifest ||
                        (type >= certification::kPpidPlain && type <= certification::kPckChain);
  checks.record(CheckId::kCertificationDataType, readable, type_text,
                {"type 5, or types 1 to 4 or 7 with the chain as collateral"});
  if (!readable) return std::nullopt;
  auto chain = find_chain(context, qe);
  if (!chain) return std::nullopt;
  Platform platform{.chain = *std::move(chain)};
  x509::record_path(
      checks, kPckPath,
      x509::judge_path(platform.chain, context.anchors, context.now, context.signatures,
                       {.names_ok = pck_names(platform.chain),
                        .leaf_fault = pck_leaf_profile(platform.leaf()) ? "" : kLeafFault}));
  const attest::Anchor* anchor = x509::find_anchor(context.anchors, platform.root());
  if (context.work != nullptr) {
    // A chain of type 5 stands in the quote, whatever else holds the same certificates.
    const x509::Documents none;
    x509::show_chain(
        *context.work, platform.chain,
        {&checks.info(CheckId::kPckChainSignature), &checks.info(CheckId::kPckChainRoot), anchor},
        type == certification::kPckChain ? none : context.collateral);
  }
  context.findings.development = anchor != nullptr && anchor->development;

  const pki::Extension* extension = platform.leaf().find(pck_extension_oid());
  const auto parsed = extension == nullptr
                          ? Result<PckExtensions>(Error(Errc::kMalformed, "absent"))
                          : parse_pck_extensions(extension->value);
  x509::record(checks, CheckId::kPckChainMark,
               x509::judge_mark(platform.chain, parsed ? Bytes(parsed->fmspc) : Bytes(), anchor));
  if (!checks.record(CheckId::kPckExtensions, parsed.has_value(),
                     parsed ? "FMSPC " + to_hex(parsed->fmspc) : parsed.error().what(),
                     {"PPID, TCB, PCE-ID, FMSPC and SGX Type"})) {
    return std::nullopt;
  }
  platform.extensions = *parsed;
  add_pck_claims(platform, context.findings.claims);
  fill_platform_facts(platform.extensions, context.findings.facts);
  return platform;
}

const pki::Certificate* anchored_root(const Context& context, const Platform* platform) {
  if (platform != nullptr) {
    return x509::find_anchor(context.anchors, platform->root()) == nullptr ? nullptr
                                                                           : &platform->root();
  }
  for (const Named<pki::Certificate>& certificate : context.collateral.certificates) {
    if (x509::find_anchor(context.anchors, certificate.value) != nullptr) return &certificate.value;
  }
  return nullptr;
}

const Named<pki::Crl>* verify_root_crl(Context& context, const pki::Certificate& root,
                                       const Platform* platform) {
  return select_crl(context, root, kRootCrl, platform == nullptr ? nullptr : &platform->ca());
}

void verify_revocation(Context& context, const Platform& platform,
                       const Named<pki::Crl>* root_crl) {
  CheckList& checks = context.checks;
  // A CA that is not the root's leaves these blocked: its CRL would say nothing.
  if (!checks.passed(CheckId::kPckChainSignature) || !checks.passed(CheckId::kPckChainNames)) {
    return;
  }
  if (root_crl != nullptr) {
    const bool revoked = root_crl->value.revokes(platform.ca().serial);
    checks.record(CheckId::kPckCaRevocation, !revoked, "serial " + to_hex(platform.ca().serial),
                  {"not listed", Origin::kCollateral, root_crl->origin()});
  }
  if (const auto* crl = select_crl(context, platform.ca(), kPckCrl, &platform.leaf())) {
    const bool revoked = crl->value.revokes(platform.leaf().serial);
    checks.record(CheckId::kPckRevocation, !revoked, "serial " + to_hex(platform.leaf().serial),
                  {"not listed", Origin::kCollateral, crl->origin()});
  }
}

}  // namespace ward::dcap
