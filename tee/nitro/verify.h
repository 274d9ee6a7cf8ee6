#pragma once

#include <span>

#include "attest/appraisal.h"
#include "attest/work.h"
#include "base/time.h"
#include "tee/nitro/checks.h"
#include "tee/nitro/document.h"
#include "tee/x509/signatures.h"

namespace ward::nitro {

// What one verification knows and fills. Everything is borrowed for the length of the call.
struct Context {
  CheckList& checks;
  std::span<const attest::Anchor> anchors;
  UnixTime now;
  attest::Findings& findings;
  x509::Signatures& signatures;
  attest::Work* work = nullptr;
};

// verify_document checks the document's chain up to a trusted root, its signature, and its times.
// Notes that the chain is a development platform's in the findings.
void verify_document(Context& context, const Document& document);

}  // namespace ward::nitro
