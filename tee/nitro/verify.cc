#include "tee/nitro/verify.h"

#include <algorithm>
#include <optional>

#include "tee/x509/development.h"
#include "tee/x509/path.h"
#include "tee/x509/work.h"

namespace ward::nitro {
namespace {

using attest::Origin;

constexpr x509::PathChecks<CheckId> kPath = {CheckId::kChainRoot,      CheckId::kChainSignature,
                                             CheckId::kChainNames,     CheckId::kChainConstraints,
                                             CheckId::kChainNotBefore, CheckId::kChainNotAfter};

using Chain = std::vector<pki::Certificate>;

// The chain, leaf first: the bundle stands the other way round. nullopt where one is none.
std::optional<Chain> chain_of(Context& context, const Document& document) {
  std::vector<Bytes> all{document.certificate};
  all.insert(all.end(), document.cabundle.rbegin(), document.cabundle.rend());
  Chain out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto certificate = pki::parse_certificate(all[i]);
    if (!certificate) {
      const std::string which =
          i == 0 ? "certificate" : "cabundle." + std::to_string(all.size() - 1 - i);
      context.checks.record(CheckId::kCertificateForm, false,
                            which + ": " + certificate.error().what(), {"X.509 certificates"});
      return std::nullopt;
    }
    out.push_back(*std::move(certificate));
  }
  context.checks.record(CheckId::kCertificateForm, true,
                        std::to_string(out.size()) + " certificates", {"X.509 certificates"});
  return out;
}

bool may(const pki::Certificate& c, std::uint16_t use) {
  return c.key_usage && (*c.key_usage & use) != 0;
}

// What NSM 3.2.3 forbids beside RFC 5280; empty where all is right.
std::string_view profile_fault(const Chain& chain) {
  const pki::Certificate& leaf = chain.front();
  if (leaf.basic_constraints && (leaf.basic_constraints->ca || leaf.basic_constraints->path_len)) {
    return "is a CA";
  }
  if (!may(leaf, pki::key_usage::kDigitalSignature)) return "may not sign";
  for (const pki::Certificate& c : chain) {
    if (&c != &leaf && !may(c, pki::key_usage::kKeyCertSign)) {
      return "or one above it lacks keyCertSign";
    }
    if (!c.public_key || c.public_key->type() != crypto::KeyType::kP384 ||
        c.signature_algorithm != crypto::SignatureAlgorithm::kEcdsaP384Sha384) {
      return "or one above it is not of P-384 with SHA-384";
    }
  }
  return "";
}

void record_chain(Context& context, const Chain& chain) {
  const x509::PathFacts facts =
      x509::judge_path(chain, context.anchors, context.now, context.signatures,
                       {.names_ok = true, .leaf_fault = profile_fault(chain)});
  x509::record_path(context.checks, kPath, facts);
  const attest::Anchor* anchor = x509::find_anchor(context.anchors, chain.back());
  if (context.work != nullptr) {
    x509::show_chain(*context.work, chain,
                     {&context.checks.info(CheckId::kChainSignature),
                      &context.checks.info(CheckId::kChainRoot), anchor},
                     {});
  }
  context.findings.development = anchor != nullptr && anchor->development;
  x509::record(context.checks, CheckId::kChainMark, x509::judge_mark(chain, {}, anchor));
}

void record_signature(Context& context, const Document& document, const pki::Certificate& leaf) {
  const token::CoseSign1& message = document.message;
  const bool holds =
      leaf.public_key &&
      token::cose_signature_holds(message, token::CoseAlgorithm::kEs384, *leaf.public_key);
  context.checks.record(CheckId::kSignature, holds,
                        holds ? "by the certificate's key" : "not by the certificate's key",
                        {"signed by the key of " + leaf.subject.common_name()});
  if (context.work == nullptr || !leaf.public_key) return;
  attest::Work& work = *context.work;
  const std::size_t key = x509::show_certificate(work, leaf, "document", {});
  const Buffer octets = token::cose_signed_octets(message.protected_header, *message.payload);
  work.signatures.push_back(
      {.check = &context.checks.info(CheckId::kSignature),
       .algorithm = "ES384",
       .key = x509::key_part(work, key, leaf),
       .message = work.part_or_extract(0, octets, "Sig_structure of the document (RFC 9052 4.4)"),
       .signature = work.part_or_extract(0, message.signature, "signature"),
       .form = attest::SignatureForm::kFixed,
       .holds = holds});
}

void record_times(Context& context, const Document& document, const pki::Certificate& leaf) {
  // Beyond what a time can be it is one that no certificate reaches.
  constexpr std::uint64_t kLatest = 253402300799;  // 9999-12-31T23:59:59Z
  const UnixTime made{static_cast<std::int64_t>(std::min(document.timestamp_ms / 1000, kLatest))};
  const std::string text = format_rfc3339(made);
  context.checks.record(CheckId::kTimestampCertificate,
                        leaf.not_before <= made && made <= leaf.not_after, text,
                        {format_rfc3339(leaf.not_before) + " to " + format_rfc3339(leaf.not_after),
                         Origin::kSpecification, "the certificate's validity"});
  context.checks.record(
      CheckId::kTimestampNow, made <= context.now, text,
      {"not after " + format_rfc3339(context.now), Origin::kCaller, "time of appraisal"});
}

}  // namespace

void verify_document(Context& context, const Document& document) {
  const auto chain = chain_of(context, document);
  if (!chain) return;
  record_chain(context, *chain);
  record_signature(context, document, chain->front());
  record_times(context, document, chain->front());
}

}  // namespace ward::nitro
