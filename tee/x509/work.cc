#include "tee/x509/work.h"

#include <algorithm>

#include "tee/x509/development.h"

namespace ward::x509 {
namespace {

using attest::Part;

std::string where(const pki::Certificate& certificate, const Documents& documents) {
  const auto found = std::ranges::find_if(documents.certificates, [&](const auto& named) {
    return named.value.der == certificate.der;
  });
  return found == documents.certificates.end() ? "in the evidence" : found->name;
}

// The signed part and the signature of a certificate or CRL, both of which stand in its DER.
template <class T>
void show_signature(attest::Work& work, std::size_t material, const T& signed_object,
                    std::size_t issuer_material, const pki::Certificate& issuer,
                    const attest::CheckInfo& check) {
  if (!issuer.public_key) return;  // a key that nothing can be verified with: its own check says so
  const Buffer& der = signed_object.der;
  // The signature is the last field, and octets like it may stand before.
  const Part signature{material, der.size() - signed_object.signature.size(),
                       signed_object.signature.size()};
  work.signatures.push_back(
      {.check = &check,
       .algorithm = crypto::algorithm_name(signed_object.signature_algorithm),
       .key = key_part(work, issuer_material, issuer),
       .message = work.part_or_extract(material, signed_object.tbs, "signed part"),
       .signature = signature,
       .holds = pki::signed_by(signed_object, *issuer.public_key)});
}

}  // namespace

attest::Material evidence_material(Bytes evidence, std::string object) {
  return {.kind = attest::MaterialKind::kEvidence,
          .object = std::move(object),
          .title = "evidence",
          .bytes = to_buffer(evidence)};
}

std::size_t show_certificate(attest::Work& work, const pki::Certificate& certificate,
                             const std::string& object, const Documents& documents) {
  return work.add({.kind = attest::MaterialKind::kCertificate,
                   .object = object,
                   .title = shown_name(certificate),
                   .name = where(certificate, documents),
                   .bytes = certificate.der,
                   .from = certificate.not_before,
                   .until = certificate.not_after});
}

attest::Part key_part(const attest::Work& work, std::size_t material,
                      const pki::Certificate& certificate) {
  return work.part(material, certificate.spki).value_or(Part{material});
}

void show_chain(attest::Work& work, std::span<const pki::Certificate> chain,
                const ChainChecks& checks, const Documents& documents) {
  std::vector<std::size_t> materials;
  for (const pki::Certificate& certificate : chain) {
    materials.push_back(
        show_certificate(work, certificate, attest::object_of(*checks.signature), documents));
  }
  const std::size_t top = chain.size() - 1;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const std::size_t issuer = std::min(i + 1, top);
    if (i == top && checks.root == nullptr) continue;  // shown with the chain that has the root
    if (i == top && checks.intermediate) continue;
    show_signature(work, materials[i], chain[i], materials[issuer], chain[issuer],
                   *checks.signature);
  }
  if (checks.root == nullptr) return;
  const auto digest = chain.back().spki_sha256;
  const attest::Anchor* anchor = checks.anchor;
  work.digests.push_back({.check = checks.root,
                          .algorithm = "SHA-256",
                          .message = {key_part(work, materials.back(), chain.back())},
                          .expected = anchor == nullptr ? Buffer{} : to_buffer(anchor->spki_sha256),
                          .expected_from = anchor == nullptr ? "no trusted root has this key"
                                                             : "the pinned key of " + anchor->name,
                          .holds = anchor != nullptr && equal(digest, anchor->spki_sha256)});
}

void show_crl(attest::Work& work, const Named<pki::Crl>& crl, const pki::Certificate& issuer,
              const attest::CheckInfo& signature, const Documents& documents) {
  const std::string object = attest::object_of(signature);
  const std::size_t issuer_material = show_certificate(work, issuer, object, documents);
  const std::size_t material = work.add({.kind = attest::MaterialKind::kRevocationList,
                                         .object = object,
                                         .title = "CRL of " + shown_name(issuer),
                                         .name = crl.name,
                                         .bytes = crl.value.der,
                                         .from = crl.value.this_update,
                                         .until = crl.value.next_update});
  show_signature(work, material, crl.value, issuer_material, issuer, signature);
}

}  // namespace ward::x509
