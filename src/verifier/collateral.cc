#include "verifier/collateral.h"

#include <utility>

namespace ward::verifier {

PreparedCollateral::PreparedCollateral(std::span<const attest::Scheme* const> schemes,
                                       attest::Collateral documents)
    : documents_(std::move(documents)), parts_(schemes.size()) {
  for (std::size_t i = 0; i < schemes.size(); ++i) {
    parts_[i].scheme = schemes[i];
  }
}

const attest::Prepared* PreparedCollateral::of(const attest::Scheme& scheme) const {
  for (const Part& part : parts_) {
    if (part.scheme != &scheme) continue;
    std::call_once(part.read, [&] { part.prepared = scheme.prepare(documents_); });
    return part.prepared.get();
  }
  return nullptr;
}

}  // namespace ward::verifier
