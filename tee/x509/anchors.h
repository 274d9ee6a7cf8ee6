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

// hardware_anchors are those of which the relying party vouches itself that they are a hardware
// maker's: nothing marks the results.
[[nodiscard]] Result<std::vector<attest::Anchor>> hardware_anchors(std::string_view pem);

}  // namespace ward::x509
