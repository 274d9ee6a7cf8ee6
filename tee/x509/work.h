#pragma once

#include <span>
#include <string>

#include "attest/appraisal.h"
#include "attest/work.h"
#include "tee/x509/documents.h"

// Writes down what certificates and CRLs a verdict rests on, and their signatures (attest::Work).
namespace ward::x509 {

// evidence_material is the evidence as the first material; `object` is what its checks are of.
[[nodiscard]] attest::Material evidence_material(Bytes evidence, std::string object);

// show_certificate adds a certificate; `documents` say where it came from, and what is not among
// them came with the evidence.
std::size_t show_certificate(attest::Work& work, const pki::Certificate& certificate,
                             const std::string& object, const Documents& documents);

// key_part is where the certificate's key stands in it.
[[nodiscard]] attest::Part key_part(const attest::Work& work, std::size_t material,
                                    const pki::Certificate& certificate);

// ChainChecks are the checks whose outcomes a chain decides. `root` is null where another chain
// leads to the same root.
struct ChainChecks {
  const attest::CheckInfo* signature = nullptr;
  const attest::CheckInfo* root = nullptr;
  const attest::Anchor* anchor = nullptr;  // whose key the root carries; null where none
  bool intermediate = false;               // the top is an anchor that is no root: nobody signs it
};

// show_chain adds the certificates, leaf first, each one's signature by the next, a root's by
// itself, and the pinned digest of the root's key.
void show_chain(attest::Work& work, std::span<const pki::Certificate> chain,
                const ChainChecks& checks, const Documents& documents);

// show_crl adds a CRL and its signature by `issuer`.
void show_crl(attest::Work& work, const Named<pki::Crl>& crl, const pki::Certificate& issuer,
              const attest::CheckInfo& signature, const Documents& documents);

}  // namespace ward::x509
