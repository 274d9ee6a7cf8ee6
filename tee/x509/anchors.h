#pragma once

#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "base/result.h"

namespace ward::x509 {

// development_anchors are the certificates of a PEM file as roots of trust. Every root that a
// relying party names beside the makers' pinned ones is a development root: results say so.
// kMalformed where the text is no PEM file of certificates.
[[nodiscard]] Result<std::vector<attest::Anchor>> development_anchors(std::string_view pem);

}  // namespace ward::x509
