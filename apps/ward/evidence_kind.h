#pragma once

#include <optional>
#include <string>

#include "attest/scheme.h"
#include "base/bytes.h"

// What a file that was given as evidence is, by its form alone. Nothing is judged by this: it is
// for the line that a person reads where no verifier of this build takes the file.
namespace ward::cli {

// Likely is what a file probably is.
struct Likely {
  const char* tee;   // name of the scheme that would judge it; "" where it is no evidence
  const char* what;  // "an Azure HCL report"
  const char* hint;  // what to do with it; "" where nothing but another verifier helps
};

// likely_kind is nullopt where the form is none that it knows.
[[nodiscard]] std::optional<Likely> likely_kind(Bytes file);

// judge_of returns the scheme that judges this file; nullptr where this build has none.
[[nodiscard]] const attest::Scheme* judge_of(Bytes file);

// plain_evidence is the evidence that `file` holds as text: hexadecimal or base64 of either
// alphabet, with blanks and line ends anywhere. Every other file is returned as it is.
[[nodiscard]] Buffer plain_evidence(Buffer file);

// no_judge says what `path` probably is, where judge_of has none for it, and returns the exit code:
// 3 (no such kind of evidence here), 1 for an empty file.
int no_judge(const std::string& path, Bytes file);

}  // namespace ward::cli
