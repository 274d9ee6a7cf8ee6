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

namespace ward::snp {

// What one verification knows and fills. Everything is borrowed for the length of the call.
struct Context {
  CheckList& checks;
  const x509::Documents& documents;
  const x509::Documents& sent;  // CRLs that came with the evidence: they count for what they list
  std::span<const attest::Anchor> anchors;
  UnixTime now;
  attest::Findings& findings;
  attest::Work* work = nullptr;  // what the outcomes are derived from, where somebody asked for it
};

// verify_report checks who signed the report, up to a pinned root, and that the signing key's
// certificate is for this chip and TCB. Returns the product line, nullopt where nothing says which.
// Notes that the chain is a development platform's in the findings.
[[nodiscard]] std::optional<Line> verify_report(Context& context, const Report& report);

// Where AMD serves what is missing (AMD 57230, Key Distribution Service).
[[nodiscard]] std::string vcek_address(const Report& report, std::optional<Line> line);
[[nodiscard]] std::string chain_address(SigningKey key, std::optional<Line> line);
[[nodiscard]] std::string crl_address(SigningKey key, std::optional<Line> line);

}  // namespace ward::snp
