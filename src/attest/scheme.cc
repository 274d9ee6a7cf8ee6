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

const Scheme* recognise(std::span<const Scheme* const> schemes, Bytes evidence) {
  const Scheme* out = nullptr;
  Recognition best = Recognition::kNo;
  for (const Scheme* scheme : schemes) {
    const Recognition here = scheme->recognises(evidence);
    if (here <= best) continue;
    best = here;
    out = scheme;
    if (best == Recognition::kSure) break;  // none is surer
  }
  return out;
}

}  // namespace ward::attest
