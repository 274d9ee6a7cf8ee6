#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attest/collateral.h"
#include "pki/certificate.h"
#include "tee/dcap/tcb_documents.h"

namespace ward::dcap {

// Named is a recognised document with where it came from, for people.
template <class T>
struct Named {
  std::string name;
  crypto::Sha256Digest digest{};  // of the whole document
  T value;

  // origin is "tcb_info.json (sha256:0123456789abcdef...)".
  [[nodiscard]] std::string origin() const {
    return name + " (sha256:" + to_hex(Bytes(digest).first(8)) + ")";
  }
};

// Malformed is a document that is plainly meant as one of a kind but does not parse.
struct Malformed {
  std::string name;
  std::string why;
};

// CollateralSet is a mixture of documents sorted by what they are.
struct CollateralSet {
  std::vector<Named<pki::Certificate>> certificates;
  std::vector<Named<pki::Crl>> crls;
  std::vector<Named<TcbInfo>> tcb_infos;
  std::vector<Named<QeIdentity>> qe_identities;
  std::vector<Malformed> bad_tcb_infos;
  std::vector<Malformed> bad_qe_identities;
  std::vector<Malformed> unknown;
};

// sort_collateral recognises each document by its content: JSON with tcbInfo or enclaveIdentity;
// PEM with certificates or CRLs; DER certificates and CRLs; a DER CRL as hexadecimal text (as a
// PCCS serves it). What is none of these, or is malformed, is listed, not an error: a folder may
// hold anything. Documents that `skip` is true for, where there is one, are left out.
[[nodiscard]] CollateralSet sort_collateral(const attest::Collateral& collateral,
                                            bool (*skip)(Bytes) = nullptr);

}  // namespace ward::dcap
