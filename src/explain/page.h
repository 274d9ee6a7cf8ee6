#pragma once

#include <string>

#include "base/result.h"
#include "explain/explanation.h"

namespace ward::explain {

// PageFacts is what a page says beside the explanation.
struct PageFacts {
  std::string evidence_name;  // where the evidence was: a file's name
  std::string evidence_kind;  // of its scheme: "Intel SGX, DCAP quote version 3"
  std::string made_by;        // "ward 0.1.0"
  // The file holds the evidence as text (hexadecimal, base64): sizes and digests are not the
  // file's.
  bool evidence_decoded = false;
};

// page writes one HTML document that holds everything: the verdict with its reasons, what it rests
// on, and the octets of that, so that its script verifies every signature and digest again with
// WebCrypto. It refers to nothing outside itself, its policy (CSP) lets it load nothing, and it is
// whole without the script. The same explanation gives the same octets. kLimit, kInternal: the
// verdict's JSON cannot be written.
[[nodiscard]] Result<std::string> page(const Explanation& explanation, const PageFacts& facts);

}  // namespace ward::explain
