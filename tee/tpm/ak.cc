#include <algorithm>

#include "pki/path.h"
#include "tee/tpm/certificate.h"
#include "tee/tpm/verify.h"
#include "tee/x509/crl.h"
#include "tee/x509/development.h"
#include "tee/x509/path.h"
#include "tee/x509/pool.h"
#include "tee/x509/work.h"

namespace ward::tpm {
namespace {

using attest::Origin;

constexpr x509::PathChecks<CheckId> kPath = {
    CheckId::kAkRoot,           CheckId::kAkChainSignature,
    CheckId::kAkChainNames,     CheckId::kAkChainConstraints,
    CheckId::kAkChainNotBefore, CheckId::kAkChainNotAfter};

constexpr CheckId kChainChecks[] = {
    CheckId::kAkCertificatePresent, CheckId::kAkChainPresent,     CheckId::kAkChainSignature,
    CheckId::kAkChainNames,         CheckId::kAkChainConstraints, CheckId::kAkChainNotBefore,
    CheckId::kAkChainNotAfter,      CheckId::kAkChainMark,        CheckId::kCrlPresent,
    CheckId::kCrlSignature,         CheckId::kCrlValid,           CheckId::kAkChainRevocation};

// tcg-kp-AIKCertificate, 2.23.133.8.3.
constexpr std::uint8_t kAikCertificate[] = {0x67, 0x81, 0x05, 0x08, 0x03};

std::string_view leaf_fault(std::span<const pki::Certificate> chain) {
  const pki::Certificate& leaf = chain.front();
  const bool root = chain.size() == 1;
  if (leaf.basic_constraints && leaf.basic_constraints->ca && !root) return "is a CA";
  if (leaf.key_usage && (*leaf.key_usage & pki::key_usage::kDigitalSignature) == 0) {
    return "may not sign (keyUsage)";
  }
  // Where extKeyUsage is there, it names AKs; GCE's certificates have none.
  return allows_purpose(leaf, kAikCertificate) ? "" : "is not for an AK (extKeyUsage)";
}

// The TPM's maker, model and version.
void add_tpm_claims(const pki::Certificate& certificate, std::vector<attest::Claim>& out) {
  static constexpr const char* kNames[] = {
      "ak_certificate.tpm_manufacturer", "ak_certificate.tpm_model", "ak_certificate.tpm_version"};
  for (const TpmName& name : tpm_names(certificate))
    out.push_back({kNames[static_cast<std::size_t>(name.kind)], name.text});
}

std::string key_text(const crypto::Sha256Digest& digest) {
  return "public key sha256:" + to_hex(digest);
}

const attest::Anchor* anchor_of(const Context& context, const crypto::Sha256Digest& digest) {
  const auto found = std::ranges::find_if(context.anchors, [&](const attest::Anchor& anchor) {
    return anchor.bare_key && equal(anchor.spki_sha256, digest);
  });
  return found == context.anchors.end() ? nullptr : &*found;
}

// The AK's own key is among those that are trusted, or, where `anchor` is null, it is a bare key
// that was given and is not.
void record_bare_key(Context& context, const Parts& parts, const attest::Anchor* anchor) {
  const auto digest = crypto::sha256(parts.ak_spki);
  for (const CheckId id : kChainChecks)
    context.checks.not_asked(id, "the AK is judged by its own key");
  context.checks.record(CheckId::kAkRoot, anchor != nullptr, key_text(digest),
                        {"a trusted key", Origin::kPolicy, "trust anchors"});
  if (anchor != nullptr) {
    context.findings.development = anchor->development;
    context.findings.claims.push_back({"ak.trusted_by", std::string("key")});
  }
  if (context.work == nullptr) return;
  attest::Work& work = *context.work;
  work.digests.push_back(
      {.check = &context.checks.info(CheckId::kAkRoot),
       .algorithm = "SHA-256",
       .message = {work.part_or_extract(0, parts.ak_spki, "the AK as SubjectPublicKeyInfo")},
       .expected = anchor == nullptr ? Buffer{} : to_buffer(anchor->spki_sha256),
       .expected_from =
           anchor == nullptr ? "no trusted key is this one" : "the pinned key " + anchor->name,
       .holds = anchor != nullptr});
}

// chain_of puts the chain together, leaf first, up to a root, or else to what is trusted; nullopt
// where a certificate of it is absent.
std::optional<std::vector<pki::Certificate>> chain_of(Context& context, const x509::Pool& pool,
                                                      const pki::Certificate& leaf) {
  std::vector<pki::Certificate> out{leaf};
  const pki::Certificate* issuer = nullptr;
  while (!out.back().self_issued() && out.size() < pki::kMaxPathLength &&
         (issuer = pool.find_issuer(out.back())) != nullptr) {
    out.push_back(*issuer);
  }
  const bool cut = cut_at_anchor(out, context.roots);
  if (!cut && !out.back().self_issued() && issuer == nullptr) {
    context.checks.absent(CheckId::kAkChainPresent,
                          "the certificate of " + out.back().issuer.text());
    return std::nullopt;
  }
  context.checks.record(CheckId::kAkChainPresent, true,
                        std::to_string(out.size()) + " certificates", {"up to a root"});
  return out;
}

// Where a certificate says that its issuer's list is served.
std::string crl_address(const pki::Certificate& certificate) {
  for (const pki::DistributionPoint& point : certificate.distribution_points) {
    for (const pki::GeneralName& name : point.names) {
      if (name.kind == pki::GeneralName::Kind::kUri) return ": " + std::string(as_text(name.value));
    }
  }
  return "";
}

// Lists are what was found of all lists that the chain needs. Texts are empty where there is
// nothing to say.
struct Lists {
  std::string missing;  // what is not among the collateral
  std::string unsigned_one;
  std::string fault;    // of the times or the form of one
  std::string revoked;  // a certificate
  std::string origins;
};

// add_list judges the list that speaks of one certificate.
void add_list(Context& context, const pki::Certificate& subject, const pki::Certificate& issuer,
              Lists& out) {
  const auto facts = x509::judge_crl(context.collateral.x509.crls, issuer, context.now,
                                     context.signatures, &subject);
  for (const auto* list : facts.rightly_signed) {
    if (!list->value.revokes(subject.serial)) continue;
    out.revoked = subject.subject.common_name() + ", serial " + to_hex(subject.serial);
  }
  if (facts.crl == nullptr) {
    if (out.missing.empty()) out.missing = facts.present.expected.text + crl_address(subject);
    return;
  }
  out.origins += (out.origins.empty() ? "" : ", ") + facts.crl->origin();
  if (!facts.signature.passed) out.unsigned_one = facts.crl->origin();
  for (const x509::Judged* fact : {&facts.this_update, &facts.next_update, &facts.extensions}) {
    if (!fact->passed && out.fault.empty())
      out.fault = facts.crl->origin() + ": " + fact->found + ", not " + fact->expected.text;
  }
  if (context.work != nullptr) {
    x509::show_crl(*context.work, *facts.crl, issuer, context.checks.info(CheckId::kCrlSignature),
                   context.collateral.x509);
  }
}

void record_revocation(Context& context, std::span<const pki::Certificate> chain) {
  CheckList& checks = context.checks;
  Lists lists;
  for (std::size_t i = 0; i + 1 < chain.size(); ++i)
    add_list(context, chain[i], chain[i + 1], lists);
  if (chain.size() == 1) lists.origins = "a root alone";
  const bool whole = lists.missing.empty();
  if (whole) {
    checks.record(CheckId::kCrlPresent, true, lists.origins, {"a list of each issuer"});
  } else {
    checks.absent(CheckId::kCrlPresent, lists.missing);
  }
  if (!lists.origins.empty()) {
    const bool signed_all = lists.unsigned_one.empty();
    checks.record(CheckId::kCrlSignature, signed_all,
                  signed_all ? lists.origins : lists.unsigned_one, {"signed by its issuer"});
    checks.record(CheckId::kCrlValid, lists.fault.empty(),
                  lists.fault.empty() ? lists.origins : lists.fault,
                  {"of the time of appraisal, and full"});
  }
  const bool right = whole && lists.unsigned_one.empty() && lists.fault.empty();
  if (!lists.revoked.empty() || right) {
    checks.record(CheckId::kAkChainRevocation, lists.revoked.empty(),
                  right && lists.revoked.empty() ? "no certificate of the chain" : lists.revoked,
                  {"not listed", Origin::kCollateral, lists.origins});
  }
}

void record_chain(Context& context, std::span<const pki::Certificate> chain) {
  const x509::PathFacts facts =
      x509::judge_path(chain, context.roots, context.now, context.signatures,
                       {.names_ok = is_named(chain.front()),
                        .leaf_fault = leaf_fault(chain),
                        .judged = judged_in_chain(chain),
                        .judged_in_leaf = judged_in_leaf(),
                        .any_anchor = true});
  x509::record_path(context.checks, kPath, facts);
  const attest::Anchor* anchor = x509::find_anchor(context.roots, chain.back());
  if (context.work != nullptr) {
    x509::show_chain(
        *context.work, chain,
        {&context.checks.info(CheckId::kAkChainSignature), &context.checks.info(CheckId::kAkRoot),
         anchor, facts.root.passed && !chain.back().self_issued()},
        context.collateral.x509);
  }
  x509::record(context.checks, CheckId::kAkChainMark, x509::judge_mark(chain, {}, anchor));
  if (facts.root.passed) {
    context.findings.development = anchor != nullptr && anchor->development;
    context.findings.claims.push_back({"ak.trusted_by", std::string("certificate")});
    add_tpm_claims(chain.front(), context.findings.claims);
    record_revocation(context, chain);
  }
}

}  // namespace

void judge_ak(Context& context, const Parts& parts) {
  if (!parts.ak) return;
  const auto digest = crypto::sha256(parts.ak_spki);
  if (const attest::Anchor* anchor = anchor_of(context, digest)) {
    record_bare_key(context, parts, anchor);
    return;
  }
  const x509::Pool pool(context.collateral.x509.certificates, context.roots, context.now,
                        context.signatures, context.findings.notes);
  const auto any = [](const pki::Certificate& /*c*/) { return true; };
  const auto of_ak = [&](const pki::Certificate& c) { return c.spki_sha256 == digest; };
  const auto trusted = [&](const pki::Certificate& c) {
    const pki::Certificate* issuer = pool.find_issuer(c);
    return issuer != nullptr && pool.is_signed_by(c, *issuer);
  };
  const pki::Certificate* leaf = pool.best(pool.fitting(of_ak, any), trusted);
  if (leaf == nullptr) {
    if (context.collateral.keys.contains(digest)) {
      record_bare_key(context, parts, nullptr);
      return;
    }
    context.checks.absent(CheckId::kAkCertificatePresent,
                          "the certificate of the AK with " + key_text(digest) +
                              ", or this key among the trusted ones");
    return;
  }
  context.checks.record(CheckId::kAkCertificatePresent, true, leaf->subject.text(),
                        {"a certificate of exactly this AK"});
  const auto chain = chain_of(context, pool, *leaf);
  if (chain) record_chain(context, *chain);
}

}  // namespace ward::tpm
