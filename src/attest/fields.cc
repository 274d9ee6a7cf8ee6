#include "attest/fields.h"

#include <algorithm>

namespace ward::attest {

std::vector<FieldFact> field_facts(std::span<const CheckInfo> checks,
                                   std::span<const FieldInfo> fields,
                                   const std::vector<Claim>& claims) {
  std::vector<FieldFact> out;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    FieldFact fact{.check = &checks[i], .form = fields[i].form, .values = {}};
    const auto claim = std::ranges::find(claims, fields[i].claim, &Claim::name);
    if (claim != claims.end()) fact.values = value_texts(claim->value);
    out.push_back(std::move(fact));
  }
  return out;
}

}  // namespace ward::attest
