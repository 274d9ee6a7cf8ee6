#include "attest/scheme.h"

namespace ward::attest {

std::vector<FieldInfo> all_fields(std::span<const Scheme* const> schemes) {
  std::vector<FieldInfo> out;
  for (const Scheme* scheme : schemes) {
    const auto fields = scheme->info().fields;
    out.insert(out.end(), fields.begin(), fields.end());
  }
  return out;
}

}  // namespace ward::attest
