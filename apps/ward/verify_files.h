#pragma once

#include <string>

#include "attest/scheme.h"
#include "explain/explanation.h"

// What `ward verify` writes to files beside the verdict.
namespace ward::cli {

// VerifyFiles are the names that were given; "": none.
struct VerifyFiles {
  std::string show_work;
  std::string html;
};

// write_files writes them; `evidence` is the name that the evidence was given by. kAccepted, or
// what fail() returned: then nothing is left half written.
[[nodiscard]] int write_files(const VerifyFiles& files, const std::string& evidence,
                              const attest::SchemeInfo& scheme,
                              const explain::Explanation& explanation);

}  // namespace ward::cli
