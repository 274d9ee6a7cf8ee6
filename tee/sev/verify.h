#pragma once

#include <optional>
#include <span>
#include <string>

#include "attest/appraisal.h"
#include "attest/work.h"
#include "tee/sev/checks.h"
#include "tee/sev/pool.h"
#include "tee/sev/report.h"
#include "tee/x509/signatures.h"

namespace ward::sev {

// What one verification knows and fills. Everything is borrowed for the length of the call.
struct Context {
  CheckList& checks;
  const Pool& pool;
  std::span<const attest::Anchor> anchors;
  attest::Findings& findings;
  x509::Signatures& signatures;
  attest::Work* work = nullptr;  // what the outcomes are derived from, where somebody asked for it
};

// kAnchors are AMD's roots of the product lines, pinned by their keys.
inline constexpr const char* kLines[] = {"Naples", "Rome", "Milan", "Genoa", "Turin"};
[[nodiscard]] std::span<const attest::Anchor> pinned_roots();

// verify_report finds the platform that signed the report, and checks its chain up to a trusted
// root: signature, owner, chip, AMD's keys. Returns the PEK's certificate, null where there is
// none; borrowed from the pool.
const Certificate* verify_report(Context& context, const Report& report);

// verify_pdh finds the platform's Diffie-Hellman key and checks the same chain from it down: what a
// guest's owner does before anything is encrypted to that key. Null where there is none, or more
// than one; then pdh.signature is absent, with the reason. Borrowed from the pool.
[[nodiscard]] const Certificate* verify_pdh(Context& context);

// record_sent_pdh records whether the PDH that came with a report is its platform's; null for none.
void record_sent_pdh(Context& context, const Held* pdh, const Certificate* pek);

}  // namespace ward::sev
