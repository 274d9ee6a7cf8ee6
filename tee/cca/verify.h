#pragma once

#include <span>

#include "attest/appraisal.h"
#include "attest/work.h"
#include "tee/arm/keys.h"
#include "tee/cca/checks.h"
#include "tee/cca/token.h"

namespace ward::cca {

// What one verification knows and fills. Everything is borrowed for the length of the call.
struct Context {
  CheckList& checks;
  const arm::Keys& keys;
  std::span<const attest::Anchor> anchors;
  attest::Findings& findings;
  attest::Work* work = nullptr;
  Bytes octets;  // that the token was parsed from
};

// verify_token checks the platform's state and signature under a named key, the realm's signature
// under its own key, and that the platform token vouches for that key.
void verify_token(Context& context, const Token& token);

}  // namespace ward::cca
