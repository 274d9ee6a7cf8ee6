#pragma once

#include <optional>
#include <span>
#include <string>

#include "attest/appraisal.h"
#include "attest/work.h"
#include "base/time.h"
#include "tee/snp/checks.h"
#include "tee/snp/report.h"
#include "tee/snp/vek.h"
#include "tee/x509/documents.h"
#include "tee/x509/signatures.h"

namespace ward::snp {

// What one verification knows and fills. Everything is borrowed for the length of the call.
struct Context {
  CheckList& checks;
  const x509::Documents& documents;
  const x509::Documents& sent;  // CRLs that came with the evidence: they count for what they list
  std::span<const attest::Anchor> anchors;
  UnixTime now;
  attest::Findings& findings;
  x509::Signatures& signatures;
  attest::Work* work = nullptr;  // what the outcomes are derived from, where somebody asked for it
};

// What of a report its platform's findings follow from.
struct PlatformFacts {
  std::optional<Line> line;              // nullopt where nothing says which
  std::optional<crypto::PublicKey> key;  // of the certificate that is meant; nullopt for none
  bool signed_by_key = false;            // whether it signed the report that was looked at
  // No certificate with another key would do as well, whatever report of the platform it signed: a
  // signature holds under more keys than one, which whoever saw it can find.
  bool only_key = false;
};

// verify_platform finds the certificate of the key that signed the report, and checks it up to a
// pinned root, and that it is for this chip and TCB. Of `report` only what speaks of the platform
// need be there; `whole` is the report that is signed. Where its signature has no right form no
// certificate can be meant. Notes that the chain is a development
// platform's in the findings.
[[nodiscard]] PlatformFacts verify_platform(Context& context, const Report& report,
                                            const Report& whole);

// record_signature records whether the key of the certificate that is meant signed the report.
void record_signature(CheckList& checks, SigningKey key, bool holds);

// signs is true where `key` signed the report.
[[nodiscard]] bool signs(const crypto::PublicKey& key, const Report& report);

// Where AMD serves what is missing (AMD 57230, Key Distribution Service).
[[nodiscard]] std::string vcek_address(const Report& report, std::optional<Line> line);
[[nodiscard]] std::string chain_address(SigningKey key, std::optional<Line> line);
[[nodiscard]] std::string crl_address(SigningKey key, std::optional<Line> line);

}  // namespace ward::snp
