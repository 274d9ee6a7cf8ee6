#pragma once

#include "attest/scheme.h"

namespace ward::keystone {

// Keystone verifies reports of enclaves under Keystone on RISC-V, under a device key that the
// relying party names. See README.md for what its evidence does not prove.
class Keystone final : public attest::Scheme {
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

}  // namespace ward::keystone
