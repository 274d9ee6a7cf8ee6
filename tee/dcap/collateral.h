#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attest/collateral.h"
#include "pki/certificate.h"
#include "tee/dcap/tcb_documents.h"
#include "tee/x509/documents.h"

namespace ward::dcap {

using x509::Malformed;
using x509::Named;

// CollateralSet is a mixture of documents sorted by what they are.
struct CollateralSet : x509::Documents {
  std::vector<Named<TcbInfo>> tcb_infos;
  std::vector<Named<QeIdentity>> qe_identities;
  std::vector<Malformed> bad_tcb_infos;
  std::vector<Malformed> bad_qe_identities;
};

// sort_collateral recognises each document by its content: JSON with tcbInfo or enclaveIdentity;
// PEM with certificates or CRLs; DER certificates and CRLs; a DER CRL as hexadecimal text (as a
// PCCS serves it). What is none of these, or is malformed, is listed, not an error: a folder may
// hold anything. Documents that `skip` is true for, where there is one, are left out.
[[nodiscard]] CollateralSet sort_collateral(std::span<const attest::Document* const> documents,
                                            bool (*skip)(Bytes));

// add_changes adds every time from which on one of the documents is judged otherwise than before.
void add_changes(const CollateralSet& set, std::vector<UnixTime>& out);

}  // namespace ward::dcap
