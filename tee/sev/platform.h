#pragma once

#include <optional>
#include <span>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "crypto/signature.h"

namespace ward::sev {

// judge_platform judges the certificates that a platform exported (PDH, PEK, OCA, CEK) under
// `anchors`, with AMD's (ASK, ARK) beside them, before a guest's owner encrypts anything to its
// PDH. The findings hold the checks of certificates alone; `pdh` is the key that was judged,
// nullopt where there is none: whether it may be used say the checks, all of which must have
// passed.
[[nodiscard]] attest::Findings judge_platform(const attest::Collateral& collateral,
                                              std::span<const attest::Anchor> anchors,
                                              std::optional<crypto::PublicKey>& pdh);

}  // namespace ward::sev
