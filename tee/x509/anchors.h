#pragma once

#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "base/result.h"

namespace ward::x509 {

// Roots of trust that a relying party names beside the makers' pinned ones, as a PEM file of
// certificates, or of public keys where a maker has none (a TPM's attestation key, Arm's CPAK). All
// are pinned by their keys. kMalformed where the text is no such file.

// development_anchors are those of development platforms: results say so.
[[nodiscard]] Result<std::vector<attest::Anchor>> development_anchors(std::string_view pem);

// hardware_anchors are those of which the relying party vouches itself that they are those of the
// hardware of one TEE ("tpm"): nothing marks the results. No other TEE's evidence may lead to them:
// what a TPM's key may sign, for one, need not be a quote.
[[nodiscard]] Result<std::vector<attest::Anchor>> hardware_anchors(std::string_view pem,
                                                                   std::string_view tee);

}  // namespace ward::x509
