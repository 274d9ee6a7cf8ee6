#pragma once

#include "attest/scheme.h"

namespace ward::snp {

// Snp verifies AMD SEV-SNP attestation reports of versions 2 to 5, alone, with their certificate
// table, or as Trustee's JSON. See README.md for what its evidence does not prove.
class Snp final : public attest::Scheme {
 public:
  [[nodiscard]] attest::SchemeInfo info() const override;
  [[nodiscard]] attest::Recognition recognises(Bytes evidence) const override;
  [[nodiscard]] Result<std::vector<attest::Claim>> inspect(Bytes evidence) const override;
  [[nodiscard]] Result<std::vector<attest::LayoutField>> layout(Bytes evidence) const override;
  [[nodiscard]] Result<std::vector<attest::CollateralRequest>> needs(Bytes evidence) const override;
  [[nodiscard]] Result<attest::Findings> verify(Bytes evidence,
                                                const attest::Collateral& collateral,
                                                std::span<const attest::Anchor> anchors,
                                                UnixTime now, attest::Work* work) const override;
};

}  // namespace ward::snp
