#pragma once

#include "attest/scheme.h"

namespace ward::tpm {

// Tpm verifies quotes of a TPM 2.0 (TPM2_Quote), whoever made the TPM.
class Tpm final : public attest::Scheme {
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

}  // namespace ward::tpm
