#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "base/result.h"

namespace ward::broker {

// ClaimsOf is the evidence of one device, as a policy in Rego sees it.
struct ClaimsOf {
  std::string_view tee;     // as the KBS protocol calls it: "tdx", "az-snp-vtpm"
  std::string_view scheme;  // as ward calls it: "tdx", "azure"
  const std::vector<attest::Claim>& claims;
  const attest::Tcb* tcb = nullptr;  // nullptr: nothing is said
};

// claims_input writes what a policy in Rego for evidence is asked with: {"<tee>": {...}}. Every
// claim stands under its own name, dots in names being levels (tdx.tcb_info.status), and those that
// Trustee's policies read under Trustee's names too (tdx.quote.body.mr_td,
// snp.evidence.measurement, snp.measurement; docs/policies.md has the list). A claim that has
// claims below it is left out itself. kMalformed: a name is not UTF-8.
[[nodiscard]] Result<std::string> claims_input(const ClaimsOf& of);

// trustee_tee is how Trustee calls a TEE today: "az-snp-vtpm" for "azsnpvtpm" as well.
[[nodiscard]] std::string_view trustee_tee(std::string_view tee);

}  // namespace ward::broker
