#pragma once

#include <cstdint>
#include <span>

#include "attest/appraisal.h"
#include "token/ear.h"

namespace ward::broker {

// TrustRule is one value that a result's trustworthiness vector may have (draft-ietf-rats-ar4si,
// section 2.3.4), when and why.
struct TrustRule {
  const char* claim;  // as results name it: "hardware"
  std::int8_t token::TrustVector::*member;
  std::int8_t value;
  const char* when;
  const char* why;
  bool (*holds)(const attest::Appraisal&);
};

// claim_of is the claim that a check bears on: what its outcome makes of the vector. Checks of the
// evidence itself bear on `hardware`, and on all that rests on it.
enum class CheckClaim : std::uint8_t {
  kEvidence,       // the TEE's own: form, signatures, chains, revocation
  kIdentity,       // report data, chip
  kConfiguration,  // debug, fields that the policy names
  kExecutables,    // measurement, workload
  kTcb,            // TCB, product, development
};
[[nodiscard]] CheckClaim claim_of(const attest::Facts& facts, const attest::CheckInfo& check);

// trust_rules lists every value of every claim. Of a claim's rules the first that holds counts; the
// last always does. They hold of any appraisal, whatever its verdict: a claim is affirming only
// where every check that bears on it passed.
[[nodiscard]] std::span<const TrustRule> trust_rules();

// trust_vector applies the rules.
[[nodiscard]] token::TrustVector trust_vector(const attest::Appraisal& appraisal);

}  // namespace ward::broker
