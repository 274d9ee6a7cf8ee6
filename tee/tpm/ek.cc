#include "tee/tpm/ek.h"

#include <utility>

#include "pki/path.h"
#include "tee/tpm/certificate.h"
#include "tee/tpm/collateral.h"
#include "tee/x509/crl.h"
#include "tee/x509/development.h"
#include "tee/x509/path.h"
#include "tee/x509/pool.h"

namespace ward::tpm {
namespace {

using Chain = std::vector<pki::Certificate>;

// tcg-kp-EKCertificate, 2.23.133.8.1.
constexpr std::uint8_t kEkCertificate[] = {0x67, 0x81, 0x05, 0x08, 0x01};

EkFault wrong(std::string what) { return {.absent = false, .what = std::move(what)}; }

EkFault missing(std::string what) { return {.absent = true, .what = std::move(what)}; }

Result<pki::Certificate, EkFault> certificate_of(const attest::Document& document) {
  x509::Documents out;
  x509::add_document(document, out);
  if (out.certificates.size() == 1 && out.crls.empty() && out.unknown.empty()) {
    return std::move(out.certificates.front().value);
  }
  return wrong(document.name + ": not one certificate, PEM or DER");
}

std::string leaf_fault(const pki::Certificate& leaf) {
  if (leaf.basic_constraints && leaf.basic_constraints->ca) return "is a CA";
  const bool rsa = leaf.public_key && leaf.public_key->type() == crypto::KeyType::kRsa;
  const auto needed = rsa ? kKeyEncipherment : kKeyAgreement;
  if (leaf.key_usage && (*leaf.key_usage & needed) == 0) {
    return rsa ? "may not encipher keys (keyUsage)" : "may not agree on keys (keyUsage)";
  }
  return allows_purpose(leaf, kEkCertificate) ? "" : "is not for an EK (extKeyUsage)";
}

// Up to a root, or else to what is trusted.
Result<Chain, EkFault> chain_of(const x509::Pool& pool, const pki::Certificate& leaf,
                                std::span<const attest::Anchor> anchors) {
  Chain out{leaf};
  const pki::Certificate* issuer = nullptr;
  while (!out.back().self_issued() && out.size() < pki::kMaxPathLength &&
         (issuer = pool.find_issuer(out.back())) != nullptr) {
    out.push_back(*issuer);
  }
  if (!cut_at_anchor(out, anchors) && !out.back().self_issued() && issuer == nullptr) {
    return missing("the certificate of " + out.back().issuer.text());
  }
  return out;
}

Result<void, EkFault> holds(const char* what, const x509::Judged& fact) {
  if (fact.passed) return {};
  return wrong(std::string(what) + ": " + fact.found + ", not " + fact.expected.text);
}

// One issuer's list, as far as it is given.
Result<void, EkFault> look_up(const EkQuestion& q, const x509::Documents& documents,
                              const pki::Certificate& subject, const pki::Certificate& issuer,
                              x509::Signatures& signatures, std::vector<std::string>& unlisted) {
  const auto facts = x509::judge_crl(documents.crls, issuer, q.now, signatures, &subject);
  for (const auto* list : facts.rightly_signed) {
    if (list->value.revokes(subject.serial)) {
      return wrong("revoked: " + subject.subject.common_name() + ", serial " +
                   to_hex(subject.serial) + " (" + list->name + ")");
    }
  }
  if (facts.crl == nullptr) {
    if (q.require_crl) return missing("the revocation list of " + issuer.subject.text());
    unlisted.push_back(issuer.subject.text());
    return {};
  }
  for (const x509::Judged* fact :
       {&facts.signature, &facts.this_update, &facts.next_update, &facts.extensions}) {
    WARD_CHECK_OK(holds("revocation list", *fact));
  }
  return {};
}

std::string maker_of(const pki::Certificate& certificate) {
  std::string out;
  for (const TpmName& name : tpm_names(certificate))
    out += (out.empty() ? "" : ", ") + name.text;
  return out.empty() ? certificate.subject.text() : out;
}

Result<void, EkFault> judge_chain(const EkQuestion& q, const Chain& chain,
                                  x509::Signatures& signatures) {
  const std::string fault = leaf_fault(chain.front());
  const x509::PathFacts facts = x509::judge_path(chain, q.anchors, q.now, signatures,
                                                 {.names_ok = is_named(chain.front()),
                                                  .leaf_fault = fault,
                                                  .judged = judged_in_chain(chain),
                                                  .judged_in_leaf = judged_in_leaf(),
                                                  .any_anchor = true});
  const std::pair<const char*, const x509::Judged*> all[] = {{"root", &facts.root},
                                                             {"signatures", &facts.signature},
                                                             {"names", &facts.names},
                                                             {"constraints", &facts.constraints},
                                                             {"not valid yet", &facts.not_before},
                                                             {"expired", &facts.not_after}};
  for (const auto& [what, fact] : all)
    WARD_CHECK_OK(holds(what, *fact));
  return holds("development platform",
               x509::judge_mark(chain, {}, x509::find_anchor(q.anchors, chain.back())));
}

}  // namespace

Result<Ek, EkFault> judge_ek(const EkQuestion& question) {
  WARD_TRY(const pki::Certificate leaf, certificate_of(question.certificate));
  if (!leaf.public_key) return wrong("its key is of a kind that ward does not know");
  const Collateral collateral = read_collateral(x509::all_of(question.collateral), is_log);
  const x509::Documents& documents = collateral.x509;
  x509::Signatures signatures;
  std::vector<std::string> notes;
  const x509::Pool pool(documents.certificates, question.anchors, question.now, signatures, notes);
  WARD_TRY(const Chain chain, chain_of(pool, leaf, question.anchors));
  WARD_CHECK_OK(judge_chain(question, chain, signatures));
  Ek out{.key = *leaf.public_key, .maker = maker_of(leaf), .unlisted = {}};
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    WARD_CHECK_OK(look_up(question, documents, chain[i], chain[i + 1], signatures, out.unlisted));
  }
  return out;
}

}  // namespace ward::tpm
