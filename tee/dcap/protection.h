#pragma once

#include <vector>

#include "attest/appraisal.h"
#include "tee/dcap/pck.h"
#include "tee/dcap/quote.h"

namespace ward::dcap {

// add_protection_claims says how memory and the registers that leave the processor are protected on
// this platform, and on whose word: memory_encryption.{engine, integrity, freshness, source} and
// cpu_state_encryption.{place, engine, source}. The PCK certificate's SGX Type is Intel's statement
// about the memory (PCK Certificate Profile 1.3.5); which of its memories a TEE uses is the
// architecture's.
void add_protection_claims(TeeType tee, const PckExtensions& pck, std::vector<attest::Claim>& out);

}  // namespace ward::dcap
