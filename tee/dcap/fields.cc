#include "tee/dcap/fields.h"

#include <algorithm>

namespace ward::dcap {

std::vector<attest::FieldFact> field_facts(std::span<const attest::CheckInfo> checks,
                                           std::span<const char* const> claims_of,
                                           const std::vector<attest::Claim>& claims) {
  std::vector<attest::FieldFact> out;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    attest::FieldFact fact{.check = &checks[i]};
    const auto claim = std::ranges::find(claims, claims_of[i], &attest::Claim::name);
    if (claim != claims.end()) fact.value = attest::value_text(claim->value);
    out.push_back(std::move(fact));
  }
  return out;
}

}  // namespace ward::dcap
