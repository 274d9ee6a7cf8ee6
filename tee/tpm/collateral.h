#pragma once

#include <set>
#include <span>
#include <vector>

#include "attest/collateral.h"
#include "tee/x509/documents.h"
#include "tee/x509/given.h"

namespace ward::tpm {

// Collateral is what counts beside a quote: certificates and revocation lists of an AK's chain, and
// bare keys (PEM PUBLIC KEY), of which it is known only that they are there.
struct Collateral {
  x509::Documents x509;
  std::set<crypto::Sha256Digest> keys;  // of SubjectPublicKeyInfos
};

// is_log is true for an event log and a measurement list: they belong to one quote.
[[nodiscard]] bool is_log(Bytes document);

// read_collateral sorts documents by what they are, and leaves out those that `belongs` is for.
[[nodiscard]] Collateral read_collateral(std::span<const attest::Document* const> documents,
                                         x509::OwnDocument belongs);

}  // namespace ward::tpm
