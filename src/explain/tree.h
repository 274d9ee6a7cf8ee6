#pragma once

#include <string>

#include "explain/explanation.h"
#include "explain/groups.h"

namespace ward::explain {

// tree prints the whole explanation for a terminal, in UTF-8: the evidence, each certificate and
// document with its dates and digest beside the checks that judge it, the known attacks, claims and
// notes; last the verdict and what to do about it. Nothing of it can control the terminal.
[[nodiscard]] std::string tree(const Explanation& explanation);

// head is what an appraisal says first: the verdict, what evidence it is, when, and its TCB.
[[nodiscard]] std::string head(const attest::Appraisal& appraisal);

// validity_text is a material's validity seen from `at`: "2024-01-01 to 2024-02-01, 12 days left";
// empty where it states none.
[[nodiscard]] std::string validity_text(const attest::Material& material, UnixTime at);

}  // namespace ward::explain
