#include "attest/fields.h"

#include <algorithm>

namespace ward::attest {

std::vector<FieldFact> field_facts(std::span<const CheckInfo> checks,
                                   std::span<const char* const> claims_of,
                                   const std::vector<Claim>& claims) {
  std::vector<FieldFact> out;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    FieldFact fact{.check = &checks[i]};
    const auto claim = std::ranges::find(claims, claims_of[i], &Claim::name);
    if (claim != claims.end()) fact.value = value_text(claim->value);
    out.push_back(std::move(fact));
  }
  return out;
}

}  // namespace ward::attest
