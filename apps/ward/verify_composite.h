#pragma once

#include <string>
#include <vector>

#include "args/args.h"
#include "attest/collateral.h"
#include "base/time.h"
#include "verifier/verifier.h"

// `ward verify EVIDENCE --with EVIDENCE...`: several devices in one verdict.
namespace ward::cli {

// CompositeOptions are those that only composites have.
struct CompositeOptions {
  std::vector<std::string> with;
  std::vector<std::string> required;  // "nvidia", "nvidia=8"

  [[nodiscard]] bool asked() const { return !with.empty() || !required.empty(); }
};

void add_composite_options(args::Command& command, CompositeOptions& options);

// CompositeSubject is what is appraised, and by what. Values may begin with a part's name and `=`;
// without one they are the first part's.
struct CompositeSubject {
  const verifier::Verifier& verifier;
  const std::string& file;  // the first part
  const CompositeOptions& options;
  const std::string& report_data;
  const std::vector<std::string>& measurements;
  const std::vector<std::string>& workloads;
  const attest::Collateral& collateral;
  UnixTime at;
  bool explain = false;
  bool json = false;
};

// verify_composite appraises it and prints the verdict; the exit code.
int verify_composite(const CompositeSubject& subject);

}  // namespace ward::cli
