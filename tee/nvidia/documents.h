#pragma once

#include <span>
#include <vector>

#include "attest/collateral.h"
#include "tee/nvidia/rim.h"
#include "tee/x509/documents.h"
#include "tee/x509/given.h"
#include "tee/x509/ocsp.h"

namespace ward::nvidia {

// Documents are what counts among collateral: certificates, OCSP responses, manifests.
struct Documents {
  x509::Documents x509;
  std::vector<x509::Named<x509::OcspResponse>> ocsp;
  std::vector<x509::Named<Rim>> rims;
};

// sorted recognises each document by its content: certificates as x509::add_document has them; OCSP
// responses in DER, or in base64; manifests in XML, or in the answer of NVIDIA's service. What is
// none of these, or is malformed, is noted.
[[nodiscard]] Documents sorted(std::span<const attest::Document* const> documents,
                               x509::OwnDocument belongs = nullptr);

}  // namespace ward::nvidia
