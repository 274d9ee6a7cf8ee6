#pragma once

#include <string>

#include "attest/appraisal.h"

namespace ward::test {

// whole_text writes down everything that an appraisal states, so that two can be compared.
[[nodiscard]] std::string whole_text(const attest::Appraisal& appraisal);

}  // namespace ward::test
