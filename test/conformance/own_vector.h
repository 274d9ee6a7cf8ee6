#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/scheme.h"
#include "base/time.h"
#include "verifier/verifier.h"

// The vectors of the TEEs' own folders, and how they are judged.
namespace ward::conformance {

// A range of octets of evidence.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Vector is a folder of tee/<name>/testdata/{valid,invalid}: `evidence`, `case.txt` (README.md),
// and collateral, of which root_ca.pem is the root to trust.
struct Vector {
  std::string name;
  const attest::Scheme* scheme = nullptr;
  Buffer evidence;
  attest::Collateral collateral;
  std::map<std::string, std::string> facts;
  std::vector<std::string> fails;  // where it is invalid
  std::vector<std::string> open;
  std::vector<std::string> unasked;  // checks of optional parts that it does not have
  std::vector<Range> is_signed;
  attest::Anchor root;

  [[nodiscard]] bool has(const char* fact) const { return facts.contains(fact); }

  [[nodiscard]] UnixTime time(const char* fact) const { return *parse_rfc3339(facts.at(fact)); }

  // A TEE without such a field has nothing to compare.
  [[nodiscard]] attest::Expected value(const char* fact) const;
};

// vectors_of reads those of every TEE; `kind` is "valid" or "invalid".
[[nodiscard]] std::vector<Vector> vectors_of(const char* kind);

inline std::vector<Vector> all_vectors() { return vectors_of("valid"); }

[[nodiscard]] attest::Expectations expected_of(const Vector& v);

// Judge appraises under one policy.
struct Judge {
  attest::Policy policy{.name = "conformance", .allow_development = true, .min_tcb_evaluation = 1};

  // Of what is no kind of evidence it gives an empty appraisal, which is refused.
  [[nodiscard]] attest::Appraisal operator()(const Vector& v, Bytes evidence, UnixTime now,
                                             attest::Expectations expected,
                                             attest::Work* work = nullptr) const;

  [[nodiscard]] attest::Appraisal operator()(const Vector& v) const {
    return (*this)(v, v.evidence, v.time("at"), expected_of(v));
  }
};

}  // namespace ward::conformance
