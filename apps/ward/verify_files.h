#pragma once

#include <optional>
#include <string>

#include "apps/ward/cli.h"
#include "apps/ward/new_file.h"
#include "attest/scheme.h"
#include "explain/explanation.h"

// What `ward verify` writes to files beside the verdict.
namespace ward::cli {

// VerifyFiles are the names that were given; "": none.
struct VerifyFiles {
  std::string show_work;
  std::string html;
  std::string ear;
};

// misnamed is what is wrong with the names: that two are one file, or that one stands for stdout.
// To be asked before anything is appraised.
[[nodiscard]] std::optional<Usage> misnamed(const VerifyFiles& files);

// GivenEvidence is how the evidence was given.
struct GivenEvidence {
  std::string name;      // of the file; "-": standard input
  bool decoded = false;  // as text
};

// write_files writes all of them or none; `ear` is what goes into that file. kAccepted, or what
// fail() returned: then no file is left.
[[nodiscard]] int write_files(const VerifyFiles& files, const GivenEvidence& evidence,
                              const attest::SchemeInfo& scheme,
                              const explain::Explanation& explanation, std::optional<NewFile> ear);

}  // namespace ward::cli
