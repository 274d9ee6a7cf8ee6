#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "attest/collateral.h"
#include "attest/scheme.h"

namespace ward::verifier {

// PreparedCollateral is collateral that is read once and used for many pieces of evidence: what a
// relying party holds of its makers' documents until it fetches newer ones. Immutable and thread
// safe. Nothing in it is trusted because it was read.
class PreparedCollateral {
 public:
  // `schemes` must outlive it.
  PreparedCollateral(std::span<const attest::Scheme* const> schemes, attest::Collateral documents);

  [[nodiscard]] const attest::Collateral& documents() const { return documents_; }

  // of is what a scheme reads in it, at the first call; null for a scheme that was not named.
  [[nodiscard]] const attest::Prepared* of(const attest::Scheme& scheme) const;

 private:
  struct Part {
    const attest::Scheme* scheme = nullptr;
    mutable std::once_flag read;
    mutable std::unique_ptr<const attest::Prepared> prepared;
  };

  attest::Collateral documents_;
  std::vector<Part> parts_;
};

}  // namespace ward::verifier
