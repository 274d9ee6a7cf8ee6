#pragma once

#include "attest/scheme.h"

namespace ward::sgx {

// Sgx verifies SGX ECDSA quotes of version 3 (Intel DCAP). See README.md for what its evidence does
// not prove.
class Sgx final : public attest::Scheme {
 public:
  [[nodiscard]] attest::SchemeInfo info() const override;
  [[nodiscard]] bool recognises(Bytes evidence) const override;
  [[nodiscard]] Result<std::vector<attest::Claim>> inspect(Bytes evidence) const override;
  [[nodiscard]] Result<std::vector<attest::LayoutField>> layout(Bytes evidence) const override;
  [[nodiscard]] Result<std::vector<attest::CollateralRequest>> needs(Bytes evidence) const override;
  [[nodiscard]] Result<attest::Findings> verify(Bytes evidence,
                                                const attest::Collateral& collateral,
                                                std::span<const attest::Anchor> anchors,
                                                UnixTime now) const override;
};

}  // namespace ward::sgx
