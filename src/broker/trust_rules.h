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

// trust_rules lists every value of every claim. Of a claim's rules the first that holds counts; the
// last always does. They are applied to accepted appraisals alone: of others no result is written.
[[nodiscard]] std::span<const TrustRule> trust_rules();

// trust_vector applies the rules.
[[nodiscard]] token::TrustVector trust_vector(const attest::Appraisal& appraisal);

}  // namespace ward::broker
