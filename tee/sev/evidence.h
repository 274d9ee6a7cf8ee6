#pragma once

#include <variant>
#include <vector>

#include "attest/scheme.h"
#include "base/bytes.h"
#include "tee/sev/certificate.h"
#include "tee/sev/report.h"

namespace ward::sev {

// Evidence is a report, alone or with its platform's certificates behind it, in the order in which
// sevctl exports them: PDH, PEK, OCA, CEK, ASK, ARK. Form only. Borrows the octets.
struct Evidence {
  Report report;
  std::vector<Certificate> sent;  // none, or these six
};

// parse_evidence reads it; FormError names what is wrong.
[[nodiscard]] std::variant<Evidence, FormError> parse_evidence(Bytes evidence);

// write_evidence is its inverse.
[[nodiscard]] Buffer write_evidence(const Evidence& evidence);

// layout_of lists every field of it.
[[nodiscard]] std::vector<attest::LayoutField> layout_of(const Evidence& evidence);

}  // namespace ward::sev
