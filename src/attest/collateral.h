#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace ward::attest {

// Document is one piece of collateral as it was given, of any kind: each scheme recognises its own
// by their content.
struct Document {
  std::string name;  // for people: a file name or a URL; never trusted
  Buffer bytes;
};

// Evidence that is larger is not looked at.
inline constexpr std::size_t kMaxEvidenceBytes = 4U << 20U;

// At most this many documents, and octets in one, are looked at.
inline constexpr std::size_t kMaxDocuments = 4096;
inline constexpr std::size_t kMaxDocumentBytes = 8U << 20U;

// Collateral is what the caller supplies beside the evidence: endorsements, revocation lists, TCB
// documents. A mixture for many platforms and times is fine. Who supplies it may be the attester:
// nothing in it is trusted before it verifies.
struct Collateral {
  std::vector<Document> documents;
};

// CollateralRequest names a document that a scheme needs for a piece of evidence.
struct CollateralRequest {
  std::string kind;       // "sgx.tcb_info"
  std::string key;        // "00606a000000"
  std::string check{};    // id of the check that is absent without it
  std::string address{};  // where its maker serves it; empty where it does not
};

}  // namespace ward::attest
