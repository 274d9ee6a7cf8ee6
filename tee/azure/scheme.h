#pragma once

#include "attest/scheme.h"

namespace ward::azure {

// Azure verifies evidence of Azure's confidential virtual machines: a quote of the virtual TPM, by
// a key that the paravisor's report vouches for, in the name of SEV-SNP or TDX hardware. See
// README.md for what its evidence does not prove.
class Azure final : public attest::Scheme {
 public:
  [[nodiscard]] attest::SchemeInfo info() const override;
  [[nodiscard]] attest::Recognition recognises(Bytes evidence) const override;
  [[nodiscard]] Result<std::vector<attest::Claim>> inspect(Bytes evidence) const override;
  [[nodiscard]] Result<std::vector<attest::LayoutField>> layout(Bytes evidence) const override;
  [[nodiscard]] Result<std::vector<attest::CollateralRequest>> needs(Bytes evidence) const override;
  [[nodiscard]] std::unique_ptr<const attest::Prepared> prepare(
      const attest::Collateral& collateral) const override;
  [[nodiscard]] Result<void> verify(const attest::Job& job, attest::Findings& out) const override;
};

}  // namespace ward::azure
