#pragma once

#include "lib/ward/boundary.h"
#include "verifier/verifier.h"

namespace ward::library {

// request_of is what the pipeline is asked, all that the caller may do wrong examined. It borrows
// the job's evidence and `collateral`; `function` is named in faults.
[[nodiscard]] Result<verifier::Request, Fault> request_of(const char* function, const ward_job& job,
                                                          const verifier::Verifier& verifier,
                                                          const attest::Collateral& collateral);

}  // namespace ward::library
